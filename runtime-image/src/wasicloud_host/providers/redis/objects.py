"""How containers and objects lie in Redis: keys, scripts, and what is written of an object. Pure.

A container is two hashes in one slot of a cluster, ``%blob:{NAME}:c`` (when it was made) and ``%blob:{NAME}:o`` (object name
→ `Meta`). An object's bytes are strings ``%blob:{ID}:0``, ``…:1``, … under an ID of their own, so that an object changes in
one step, from one ID to another, and who reads the old one goes on. No bucket's key begins so: `naming.escape` leaves ``%``
only before ``25`` and ``3A``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from wasicloud_host.capabilities import naming
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.providers.redis.client import Script

CHUNK = 1 << 20
"""Bytes of an object in one string."""

UPLOAD_SECONDS = 24 * 3600
"""How long chunks of an upload that was never finished stay."""

GRACE_SECONDS = 900
"""How long the bytes of a replaced or deleted object stay for who is reading them."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What is written of an object."""

    identity: bytes
    size: int
    created_at: int

    @classmethod
    def new(cls, identity: bytes, size: int) -> Meta:
        """Of an object that is written now."""
        return cls(identity, size, int(time.time()))

    @classmethod
    def parse(cls, text: bytes) -> Meta:
        """As `__bytes__` wrote it."""
        identity, size, created_at = text.split(b" ")
        return cls(identity, int(size), int(created_at))

    def __bytes__(self) -> bytes:
        return b"%b %d %d" % (self.identity, self.size, self.created_at)

    @property
    def chunks(self) -> range:
        """The numbers of its chunks."""
        return range(-(-self.size // CHUNK))

    def chunk_key(self, number: int) -> bytes:
        """The key of one of its chunks."""
        return chunk_key(self.identity, number)


def chunk_key(identity: bytes, number: int) -> bytes:
    """The key of a chunk."""
    return b"%%blob:{%b}:%d" % (identity, number)


def container_key(place: Place) -> bytes:
    """The hash that says the container exists."""
    return b"%%blob:{%b}:c" % _tag(place)


def objects_key(place: Place) -> bytes:
    """The hash of the container's objects."""
    return b"%%blob:{%b}:o" % _tag(place)


def trash_key(place: Place, identity: bytes) -> bytes:
    """Where the hash of objects goes when all are deleted at once."""
    return b"%%blob:{%b}:t:%b" % (_tag(place), identity)


def _tag(place: Place) -> bytes:
    """The container's name without what would end a hash tag; an empty tag would be none."""
    return b"=" + naming.escape(place.name).replace("}", "%7D").encode()


# In every script KEYS[1] is the container, KEYS[2] its objects; all of one container is in one slot.

PUT = Script.of(
    """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local before = redis.call('HGET', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return {before or ''}
"""
)
"""Name, meta. Replies 0 without a container, else the meta that was there."""

DELETE = Script.of(
    """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local gone = {}
for _, name in ipairs(ARGV) do
  local before = redis.call('HGET', KEYS[2], name)
  if before then
    gone[#gone + 1] = before
    redis.call('HDEL', KEYS[2], name)
  end
end
return gone
"""
)
"""Names. Replies 0 without a container, else the metas that were there."""

RENAME = Script.of(
    """
local meta = redis.call('HGET', KEYS[2], ARGV[1])
if not meta then return 0 end
if ARGV[1] == ARGV[2] then return {''} end
local before = redis.call('HGET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], meta)
redis.call('HDEL', KEYS[2], ARGV[1])
return {before or ''}
"""
)
"""Old name, new name. Replies 0 without the object, else the meta that the new name had."""

EMPTY = Script.of(
    """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[1] == '1' then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return 2
"""
)
"""``1`` to delete the container too, seconds that the trash stays; KEYS[3] the trash. Replies 0 without a container, 2 with trash."""

DELETE_EMPTY = Script.of("if redis.call('HLEN', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end return 1")
"""Deletes the container if nothing is in it."""
