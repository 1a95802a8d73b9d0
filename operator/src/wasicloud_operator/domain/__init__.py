"""Decisions about objects of the API: what serves what, whom a change touches. Pure: values in, values or verdicts out."""
