"""How a step ends when it does not succeed: who has to do something before it can."""

from __future__ import annotations


class Unsettled(Exception):
    """Base: a step that did not succeed. ``reason`` is a CamelCase word, the message one sentence for people.

    ``condition`` names an earlier step that this one found out about: a pod may say what no manifest showed.
    """

    status = "False"

    def __init__(self, reason: str, message: str, *, retry_after: float | None = None, condition: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.condition = condition


class Waiting(Unsettled):
    """Nothing is wrong; something is on its way. ``retry_after`` seconds from now it is looked at again."""

    status = "Unknown"


class Blocked(Unsettled):
    """Something else has to change: another object, a pod, a backend. The change itself wakes the reconciliation."""


class Stalled(Unsettled):
    """The object itself has to be edited. Nothing is tried again before that."""


class ApiProblem(Exception):
    """The API server did not do what it was asked: its status (0: no answer), its reason and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}" if status else message)
        self.status = status
        self.reason = reason
        self.message = message

    @property
    def passing(self) -> bool:
        """Whether it is worth trying again soon without telling anybody."""
        return self.status in (0, 409, 429) or self.status >= 500

    @property
    def ending(self) -> bool:
        """Whether the namespace is being deleted: what is in it goes, and nothing new may be made."""
        return self.status == 403 and "being terminated" in self.message
