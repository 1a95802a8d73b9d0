"""Tests of this half, in folders that mirror its packages."""
