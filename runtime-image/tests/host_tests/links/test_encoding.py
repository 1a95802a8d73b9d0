"""How values cross: every byte sequence comes back, and what crosses is always UTF-8."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wasicloud_host.links import encoding, header_lines


@given(st.binary())
def test_data(value):
    crossing = encoding.data(value)
    crossing.decode()
    assert encoding.undata(crossing) == value


@given(st.lists(st.text().map(str.encode)))
def test_lists(elements):
    assert encoding.split(encoding.join(elements)) == elements


VALUE = st.binary().map(lambda value: value.replace(b"\n", b"").replace(b"\r", b"").strip(b" \t\x01"))


@given(st.lists(st.tuples(st.from_regex(rb"\A[a-zA-Z-]{1,10}\Z"), VALUE)))
def test_header_lines(fields):
    lines = header_lines.write(fields)
    lines.decode()
    assert list(header_lines.parse(lines)) == fields
