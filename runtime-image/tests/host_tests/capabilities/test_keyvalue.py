"""What is composed of the keyvalue Protocols, on the smallest of stores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasicloud_host.capabilities import counters, keyvalue
from wasicloud_host.capabilities.pages import Page
from wasicloud_host.errors import BackendError


class Listed:
    """A store that only lists, in pages of two."""

    decimal_cursors = False

    def __init__(self, keys):
        self.kept = sorted(set(keys))

    def keys(self, cursor):
        rest = [key for key in self.kept if cursor is None or key > cursor]
        return Page(rest[:2], rest[1] if len(rest) > 2 else None)


@given(st.sets(st.binary(max_size=3), max_size=600))
def test_KV11_numbered_pages_give_every_key_once(keys):
    store = Listed(keys)
    found = []
    cursor = None
    while True:
        page = keyvalue.numbered_page(store, cursor)
        found += page.names
        cursor = page.cursor
        if cursor is None:
            break
        assert int(cursor) < 1 << 64
    assert sorted(found) == sorted(keys)


def test_KV13_numbered_pages_skip_nothing_when_keys_go():
    keys = [b"%d" % number for number in range(3 * keyvalue.PAGE)]
    store = Listed(keys)
    page = keyvalue.numbered_page(store, None)
    found = set(page.names)
    gone = set(list(found)[:100])
    store.kept = [key for key in store.kept if key not in gone]
    while page.cursor is not None:
        page = keyvalue.numbered_page(store, page.cursor)
        found |= set(page.names)
    assert found == set(keys)


@pytest.mark.parametrize("cursor", [b"", b"x", b"-1", b"1.5", b"18446744073709551616", b"1" * 21, "١".encode()])
def test_KV12_a_cursor_that_is_no_u64_is_an_error(cursor):
    with pytest.raises(BackendError):
        keyvalue.decimal_cursor(cursor)


@given(st.integers(-(1 << 70), 1 << 70), st.integers(-(1 << 66), 1 << 66), st.booleans())
def test_KV16_a_counter_is_exact_or_an_error(value, delta, signed):
    low, high = (-(1 << 63), (1 << 63) - 1) if signed else (0, (1 << 64) - 1)
    if len(str(abs(value))) <= 20 and low <= value + delta <= high:
        assert counters.add(b"%d" % value, delta, signed=signed) == value + delta
    else:
        with pytest.raises(BackendError):
            counters.add(b"%d" % value, delta, signed=signed)
