"""The encodings of `wit/bridge/README.md`: data, lists and answers, as UTF-8 bytes on this side."""

from __future__ import annotations

from collections.abc import Iterable

import pybase64

from wasicloud_host import errors

OK = b"o"
NONE = b"n"
WOULD_BLOCK = b"w"


class Failure(Exception):
    """A host call's own error: ``text`` is what follows ``e`` in the answer."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def data(value: bytes) -> bytes:
    """Bytes as data: text where they are UTF-8, else base64."""
    if value.isascii():
        return b"u" + value if value else b""
    try:
        value.decode()
    except UnicodeDecodeError:
        return b"b" + pybase64.b64encode(value)
    return b"u" + value


def ok_data(value: bytes) -> bytes:
    """The answer ``o`` and data: as `data`, with one copy less of what may be long."""
    if value.isascii():
        return b"ou" + value if value else OK
    try:
        value.decode()
    except UnicodeDecodeError:
        return b"ob" + pybase64.b64encode(value)
    return b"ou" + value


def undata(text: bytes) -> bytes:
    """The bytes of data. (pybase64 is five times as fast where it may refuse, and without the copy of a slice.)"""
    if text[:1] == b"b":
        return pybase64.b64decode(memoryview(text)[1:], validate=True)
    return text[1:]


def join(elements: Iterable[bytes]) -> bytes:
    """A list of strings."""
    return b"".join([b"%d:%b" % (len(element), element) for element in elements])


def split(text: bytes) -> list[bytes]:
    """The strings of a list."""
    elements = []
    position = 0
    while position < len(text):
        colon = text.index(b":", position)
        end = colon + 1 + int(text[position:colon])
        elements.append(text[colon + 1 : end])
        position = end
    return elements


def pairs(text: bytes) -> list[tuple[bytes, bytes]]:
    """A list that holds name, value, name, value …"""
    elements = split(text)
    return list(zip(elements[::2], elements[1::2], strict=True))


def failed(error: Exception) -> bytes:
    """The answer of a host call that raised this; what nobody foresaw says no more than that."""
    if isinstance(error, Failure):
        return b"e" + _line(error.text)
    if isinstance(error, errors.BackendError):
        return b"eother:" + _line(str(error))
    for kind, code in _CODES:
        if isinstance(error, kind):
            return b"e" + code
    return b"einternal-error:the host failed"


_CODES: tuple[tuple[type[Exception], bytes], ...] = (
    (errors.BodyTooLarge, b"HTTP-request-body-size:"),
    (errors.RequestTimeout, b"connection-read-timeout"),
    (errors.RequestError, b"connection-terminated"),
)


def _line(text: str) -> bytes:
    return " ".join(text.split()).encode("utf-8", "replace")
