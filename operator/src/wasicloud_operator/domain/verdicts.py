"""Why objects cannot be bound, said to the admin who can change it."""

from __future__ import annotations


class Unresolved(Exception):
    """What stands does not fit together.

    ``reason`` is a CamelCase word for machines, the message one sentence for people, ``link`` the Link at fault, if one is.
    """

    def __init__(self, reason: str, message: str, link: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.link = link


class Missing(Unresolved):
    """Something named is not there. Creating it mends this, so it is worth waiting for."""


class Contradiction(Unresolved):
    """What is written cannot hold. Only an edit mends it."""
