"""Decisions: what is bound to what, and whom a change touches."""
