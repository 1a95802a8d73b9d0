"""What a user has to change: where it stands, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. ``where`` is ``FILE:LINE`` or another place that a person can go to, ``path`` the field inside the object."""

    where: str
    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.where} {self.path}".strip()
        return f"{place}: {self.problem}; {self.remedy}" if place else f"{self.problem}; {self.remedy}"


class Unusable(Exception):
    """What the user wrote cannot be run: exit code 2. Every problem that was found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
