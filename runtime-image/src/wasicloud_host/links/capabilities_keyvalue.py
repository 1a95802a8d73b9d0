"""wasi:keyvalue of `wit/bridge/capabilities.wit`: buckets of whatever provider a Link names."""

from __future__ import annotations

from dataclasses import dataclass

from wasicloud_host.capabilities import keyvalue
from wasicloud_host.capabilities.keyvalue import KeyValue, Snapshot
from wasicloud_host.links import encoding
from wasicloud_host.links.bindings import KEYVALUE, Bucket
from wasicloud_host.links.encoding import NONE, OK, Failure
from wasicloud_host.links.host_function import HostFunction, measured
from wasicloud_host.links.session import Capabilities


@dataclass(frozen=True, slots=True)
class Cas:
    """What a key of a bucket held when it was looked at."""

    bucket: Bucket
    key: bytes
    seen: Snapshot

    def close(self) -> None:
        """Nothing is open."""


def _store(target: Capabilities, handle: int) -> KeyValue:
    bucket = target.handles.table.get(handle)
    if type(bucket) is not Bucket:
        raise Failure("other:the bucket is not open")
    target.backend = bucket.backend
    return bucket.store


def open_bucket(target: Capabilities, identifier: bytes) -> bytes:
    """A bucket by its identifier, if a Link serves it; asks nothing of the backend."""
    bucket = target.bindings.bucket(identifier)
    if bucket is None:
        raise Failure("no-such-store")
    return b"o%d" % target.handles.add(bucket)


def get(target: Capabilities, bucket: int, key: bytes) -> bytes:
    """The value of a key."""
    value = _store(target, bucket).get(key)
    return NONE if value is None else encoding.ok_data(value)


def put(target: Capabilities, bucket: int, key: bytes, value: bytes) -> bytes:
    """Set a key."""
    _store(target, bucket).set(key, encoding.undata(value))
    return OK


def delete(target: Capabilities, bucket: int, key: bytes) -> bytes:
    """Remove a key."""
    _store(target, bucket).delete(key)
    return OK


def exists(target: Capabilities, bucket: int, key: bytes) -> bytes:
    """Whether a key is there."""
    return OK if _store(target, bucket).exists(key) else NONE


def page(target: Capabilities, bucket: int, cursor: bytes, numeric: int) -> bytes:
    """A page of keys."""
    store = _store(target, bucket)
    start = cursor[1:] if cursor else None
    if numeric:
        keyvalue.decimal_cursor(start)
        page = store.keys(start) if store.decimal_cursors else keyvalue.numbered_page(store, start)
    else:
        page = store.keys(start)
    return b"o" + encoding.join([b"" if page.cursor is None else b"s" + page.cursor, *page.names])


def increment(target: Capabilities, bucket: int, key: bytes, delta: bytes, signed: int) -> bytes:
    """Add to a counter."""
    return b"o%d" % _store(target, bucket).increment(key, int(delta), signed=bool(signed))


def get_many(target: Capabilities, bucket: int, keys: bytes) -> bytes:
    """The values of keys."""
    values = _store(target, bucket).get_many(encoding.split(keys))
    return b"o" + encoding.join([NONE if value is None else b"o" + encoding.data(value) for value in values])


def set_many(target: Capabilities, bucket: int, entries: bytes) -> bytes:
    """Set keys."""
    _store(target, bucket).set_many([(key, encoding.undata(value)) for key, value in encoding.pairs(entries)])
    return OK


def delete_many(target: Capabilities, bucket: int, keys: bytes) -> bytes:
    """Remove keys."""
    _store(target, bucket).delete_many(encoding.split(keys))
    return OK


def compare_and_swap(target: Capabilities, bucket: int, key: bytes, old: int, new: int) -> bytes:
    """Replace one counter value by another."""
    return OK if keyvalue.compare_and_swap(_store(target, bucket), key, old, new) else NONE


def cas_new(target: Capabilities, bucket: int, key: bytes) -> bytes:
    """Remember what a key holds."""
    store = _store(target, bucket)
    cas = Cas(target.handles.get(bucket, Bucket), key, store.snapshot(key))
    return b"o%d" % target.handles.add(cas)


def cas_current(target: Capabilities, cas: int) -> bytes:
    """What was remembered."""
    value = target.handles.get(cas, Cas).seen.value
    return NONE if value is None else b"o" + encoding.data(value)


def cas_swap(target: Capabilities, handle: int, value: bytes) -> bytes:
    """Store if nothing changed; the handle is used up."""
    cas = target.handles.get(handle, Cas)
    target.handles.drop(handle)
    target.backend = cas.bucket.backend
    found = cas.bucket.store.swap(cas.key, cas.seen, encoding.undata(value))
    if found is None:
        return OK
    return b"c%d" % target.handles.add(Cas(cas.bucket, cas.key, found))


FUNCTIONS: tuple[HostFunction, ...] = tuple(
    measured(name, params, KEYVALUE, function)
    for name, params, function in (
        ("kv-open", "string", open_bucket),
        ("kv-get", "u32 string", get),
        ("kv-set", "u32 string string", put),
        ("kv-delete", "u32 string", delete),
        ("kv-exists", "u32 string", exists),
        ("kv-list", "u32 string u32", page),
        ("kv-increment", "u32 string string u32", increment),
        ("kv-get-many", "u32 string", get_many),
        ("kv-set-many", "u32 string", set_many),
        ("kv-delete-many", "u32 string", delete_many),
        ("kv-compare-and-swap", "u32 string u64 u64", compare_and_swap),
        ("kv-cas-new", "u32 string", cas_new),
        ("kv-cas-current", "u32", cas_current),
        ("kv-cas-swap", "u32 string", cas_swap),
    )
)
