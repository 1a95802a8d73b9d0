"""How buckets, containers, keys and objects are named in Azure. Pure.

Azure's containers have 3 to 63 lower-case letters, digits and single hyphens. A container is the provider's prefix and its
name where Azure takes that, a bucket has ``kv-`` between the two; any other name is ``x0-n`` and its base32, or, when that
is too long, ``x1-`` and a hash (the name itself is then in the container's metadata). Names that begin as those do are
written so too, which keeps the mapping reversible. A name from a Link's ``buckets`` is taken literally.

A blob's name is the Link's prefix and the key where Azure and the way there keep it as it is, else ``~`` and base64.
"""

from __future__ import annotations

import base64
import hashlib
import re

from wasicloud_host.capabilities.naming import Place
from wasicloud_host.errors import BackendError

BUCKET = "kv-"
LONGEST_CONTAINER = 63
LONGEST_PREFIX = 24
LONGEST_BLOB = 1024

_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_RESERVED = (BUCKET, "x0-", "x1-")
# No control characters or backslash, nothing that XML cannot say, no empty or dotted segment, no ``~`` in front.
_BLOB = re.compile(
    r"(?!~)(?!/)(?!.*//)(?!(.*/)?\.{1,2}(/|\Z))(?!.*\.(/|\Z))(?!.*/\Z)[^\x00-\x1f\x7f-\x9f\\\ud800-\udfff\ufffe\uffff]+",
    re.DOTALL,
)


def container(prefix: str, place: Place, kind: str = "") -> str:
    """The Azure container of a place; ``kind`` is `BUCKET` for keyvalue."""
    if place.named:
        return place.name
    plain = f"{prefix}{kind}{place.name}"
    if _CONTAINER.fullmatch(plain) and not place.name.startswith(_RESERVED):
        return plain
    encoded = base64.b32encode(place.name.encode()).decode().rstrip("=").lower()
    escaped = f"{prefix}{kind}x0-n{encoded}"
    if len(escaped) <= LONGEST_CONTAINER:
        return escaped
    digest = base64.b32encode(hashlib.sha256(place.name.encode()).digest()[:20]).decode().lower()
    return f"{prefix}{kind}x1-{digest}"


def metadata(place: Place) -> dict[str, str]:
    """What a container's metadata say of its name: ASCII only."""
    return {"wasicloud_name": base64.b64encode(place.name.encode()).decode()}


def escape(name: str) -> str:
    """A key or object name, or a part of one, as part of a blob's name."""
    if _BLOB.fullmatch(name):
        return name
    return "~" + base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def unescape(text: str) -> str:
    """What `escape` was given."""
    if not text.startswith("~"):
        return text
    try:
        return base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)).decode()
    except ValueError:
        return text  # another program's name


def prefix(place: Place) -> str:
    """What every blob's name of the place begins with."""
    if not place.prefix or _BLOB.fullmatch(place.prefix + "x"):
        return place.prefix
    return escape(place.prefix) + "/"


def blob(place: Place, name: str) -> str:
    """The blob's name of a key or object; raises `BackendError` if Azure cannot hold it."""
    full = prefix(place) + escape(name)
    if len(full) > LONGEST_BLOB:
        raise BackendError(f"the name is too long for Azure, which takes {LONGEST_BLOB} characters", "invalid")
    return full


def name(place: Place, full: str) -> str:
    """The key or object name of a blob's name."""
    return unescape(full[len(prefix(place)) :])
