"""How values cross: every byte sequence comes back, and what crosses is always UTF-8."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from wasicloud_host.links import encoding, header_lines, streams


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


@given(st.binary())
def test_an_answer_of_data(value):
    assert encoding.ok_data(value) == b"o" + encoding.data(value)


@given(st.lists(st.binary(max_size=20)), st.integers(1, 12))
def test_pieces_regrouped(pieces, length):
    groups = list(streams.regrouped(pieces, length))
    assert b"".join(groups) == b"".join(pieces)
    assert all(len(group) == length for group in groups[:-1])
    assert all(0 < len(group) <= length for group in groups)


def test_pieces_of_bodies_cost_what_copying_them_does():
    program = """
import os, time, resource
from wasicloud_host.links import allocator, encoding
kept = allocator.keep_freed_memory()
piece = os.urandom(256 << 10)
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20): encoding.undata(encoding.ok_data(piece)[1:])
before = faults()
for _ in range(200): encoding.undata(encoding.ok_data(piece)[1:])
print(int(kept), faults() - before)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    kept, faults = map(int, ended.stdout.split())
    assert not kept or faults < 200, "pages are not taken from the kernel for every piece"
