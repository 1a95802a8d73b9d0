"""What is wrong with one object of the API, said so that its author can mend it."""

from __future__ import annotations


class SpecInvalid(Exception):
    """A field does not say what the API wants: ``path`` inside the object, the ``problem``, the ``remedy``."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}" if path else f"{problem}; {remedy}")
        self.path = path
        self.problem = problem
        self.remedy = remedy
