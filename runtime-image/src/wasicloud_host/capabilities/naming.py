"""How a Link maps the identifiers that a component opens to names in the backend. Pure.

A *place* is what one identifier means through one Link. Backends with containers of their own (filesystem, Azure,
memory) use ``name`` as the container and put ``prefix`` before every key. Redis has one space of keys for all, so there
the name is part of each key's prefix (`key_prefix`), escaped so that two buckets can never meet: ``a`` with the key
``b:c`` and ``a:b`` with the key ``c`` stay apart.

A bucket with a prefix of its own in ``parameters.buckets`` is *mapped*: its prefix alone stands before its keys, so that
data that other programs own can be reached, at the admin's word.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasicloud_host.config import BucketParameters, LinkParameters

DEFAULT = "default"

_NOTHING = BucketParameters()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an identifier leads: the container's ``name``, the ``prefix`` before keys, and the ``layout`` on Redis.

    ``named`` and ``mapped`` say whether name and prefix come from the Link's ``buckets``: then they are taken literally.
    """

    identifier: str
    name: str
    prefix: str = ""
    layout: str = "strings"
    named: bool = False
    mapped: bool = False


def bucket(parameters: LinkParameters, identifier: str) -> Place:
    """The place of a keyvalue bucket; ``""`` and ``default`` are one bucket."""
    return container(parameters, identifier or DEFAULT)


def container(parameters: LinkParameters, identifier: str) -> Place:
    """The place of a blobstore container."""
    own = parameters.buckets.get(identifier, _NOTHING)
    return Place(
        identifier=identifier,
        name=identifier if own.name is None else own.name,
        prefix=parameters.prefix if own.prefix is None else own.prefix,
        layout=own.layout or parameters.layout,
        named=own.name is not None,
        mapped=own.prefix is not None,
    )


def escape(name: str) -> str:
    """``name`` without ``:``, reversibly."""
    return name.replace("%", "%25").replace(":", "%3A")


def key_prefix(place: Place) -> bytes:
    """What stands before every key of the place where all buckets share one space of keys."""
    if place.mapped:
        return place.prefix.encode()
    return f"{place.prefix}{escape(place.name)}:".encode()


def hash_key(place: Place) -> bytes:
    """The key of the one hash that is the whole bucket (``layout: hash``)."""
    return f"{place.prefix}{place.name}".encode()
