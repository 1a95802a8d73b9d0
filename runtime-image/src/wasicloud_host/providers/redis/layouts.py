"""How a bucket lies in Redis: as the commands on its keys. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from wasicloud_host.capabilities import naming
from wasicloud_host.capabilities.keyvalue import PAGE
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers.redis.client import Keyed, Script
from wasicloud_host.providers.redis.connection import Command

_SWAP = """
local now = {get}
if (ARGV[2] == '1' and now == ARGV[3]) or (ARGV[2] == '0' and not now) then
  {set}
  return 1
end
if now then return {{now}} end
return {{}}
"""

# An integer reply is a Lua number and would lose digits, so the text is read back.
_INCREMENT = """
local before = {get}
local done = redis.pcall({increment})
if type(done) == 'table' and done.err then return done end
local after = {get}
if string.sub(after, 1, 1) == '-' then
  if before then redis.call({undo}) else {delete} end
  return redis.error_reply('ERR the result is negative')
end
return after
"""


class Layout(Protocol):
    """The commands of a bucket, each with the Redis key that it works on."""

    @property
    def swap(self) -> Script:
        """Arguments: field, ``1`` or ``0`` (there was a value), that value, the new one. Replies 1, or a list of what is there."""

    @property
    def increment_unsigned(self) -> Script:
        """Arguments: field, delta, delta negated. Replies the new number as text; changes nothing if that is negative."""

    def key(self, key: bytes) -> tuple[bytes, bytes]:
        """Redis key and field (empty where there is none) of a bucket's key."""

    def get(self, key: bytes) -> Keyed:
        """Read."""

    def set(self, key: bytes, value: bytes) -> Keyed:
        """Write."""

    def delete(self, key: bytes) -> Keyed:
        """Remove."""

    def exists(self, key: bytes) -> Keyed:
        """Replies 1 or 0."""

    def increment(self, key: bytes, delta: int) -> Keyed:
        """Add within s64."""

    def scan(self, cursor: int) -> Command:
        """A page of names."""

    def names(self, found: Sequence[bytes]) -> list[bytes]:
        """The bucket's keys of what a scan replied."""


def layout(place: Place) -> Layout:
    """The layout a Link asks for."""
    if place.layout == "hash":
        return Hash(naming.hash_key(place))
    return Strings(naming.key_prefix(place))


def glob(text: bytes) -> bytes:
    """``text`` as a pattern that matches only itself."""
    return b"".join(b"\\" + bytes([byte]) if byte in b"*?[]^-\\" else bytes([byte]) for byte in text)


_STRINGS = {
    "get": "redis.call('GET', KEYS[1])",
    "set": "redis.call('SET', KEYS[1], ARGV[4])",
    "increment": "'INCRBY', KEYS[1], ARGV[2]",
    "undo": "'INCRBY', KEYS[1], ARGV[3]",
    "delete": "redis.call('DEL', KEYS[1])",
}

_HASH = {
    "get": "redis.call('HGET', KEYS[1], ARGV[1])",
    "set": "redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])",
    "increment": "'HINCRBY', KEYS[1], ARGV[1], ARGV[2]",
    "undo": "'HINCRBY', KEYS[1], ARGV[1], ARGV[3]",
    "delete": "redis.call('HDEL', KEYS[1], ARGV[1])",
}


@dataclass(frozen=True, slots=True)
class Strings:
    """Every key of the bucket is a string of Redis, ``prefix`` and key together."""

    prefix: bytes
    swap: ClassVar[Script] = Script.of(_SWAP.format_map(_STRINGS))
    increment_unsigned: ClassVar[Script] = Script.of(_INCREMENT.format_map(_STRINGS))

    def key(self, key: bytes) -> tuple[bytes, bytes]:
        """See `Layout`."""
        return self.prefix + key, b""

    def get(self, key: bytes) -> Keyed:
        """See `Layout`."""
        key = self.prefix + key
        return key, (b"GET", key)

    def set(self, key: bytes, value: bytes) -> Keyed:
        """See `Layout`."""
        key = self.prefix + key
        return key, (b"SET", key, value)

    def delete(self, key: bytes) -> Keyed:
        """See `Layout`."""
        key = self.prefix + key
        return key, (b"DEL", key)

    def exists(self, key: bytes) -> Keyed:
        """See `Layout`."""
        key = self.prefix + key
        return key, (b"EXISTS", key)

    def increment(self, key: bytes, delta: int) -> Keyed:
        """See `Layout`."""
        key = self.prefix + key
        return key, (b"INCRBY", key, delta)

    def scan(self, cursor: int) -> Command:
        """See `Layout`; keys of other types are not the bucket's."""
        return (b"SCAN", cursor, b"MATCH", glob(self.prefix) + b"*", b"COUNT", PAGE, b"TYPE", b"string")

    def names(self, found: Sequence[bytes]) -> list[bytes]:
        """See `Layout`."""
        return list(dict.fromkeys(name[len(self.prefix) :] for name in found))


@dataclass(frozen=True, slots=True)
class Hash:
    """The bucket is one hash of Redis, ``name``; its keys are the fields."""

    name: bytes
    swap: ClassVar[Script] = Script.of(_SWAP.format_map(_HASH))
    increment_unsigned: ClassVar[Script] = Script.of(_INCREMENT.format_map(_HASH))

    def key(self, key: bytes) -> tuple[bytes, bytes]:
        """See `Layout`."""
        return self.name, key

    def get(self, key: bytes) -> Keyed:
        """See `Layout`."""
        return self.name, (b"HGET", self.name, key)

    def set(self, key: bytes, value: bytes) -> Keyed:
        """See `Layout`."""
        return self.name, (b"HSET", self.name, key, value)

    def delete(self, key: bytes) -> Keyed:
        """See `Layout`."""
        return self.name, (b"HDEL", self.name, key)

    def exists(self, key: bytes) -> Keyed:
        """See `Layout`."""
        return self.name, (b"HEXISTS", self.name, key)

    def increment(self, key: bytes, delta: int) -> Keyed:
        """See `Layout`."""
        return self.name, (b"HINCRBY", self.name, key, delta)

    def scan(self, cursor: int) -> Command:
        """See `Layout`."""
        return (b"HSCAN", self.name, cursor, b"COUNT", PAGE)

    def names(self, found: Sequence[bytes]) -> list[bytes]:
        """See `Layout`; values stand between the fields."""
        return list(dict.fromkeys(found[::2]))
