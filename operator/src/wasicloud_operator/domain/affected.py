"""Whom a change touches: the components whose hosts read a provider, a Link or another component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wasicloud_operator.api.link import Link


def by_component(name: str, links: Iterable[Link]) -> frozenset[str]:
    """``name`` and every component that has it in its process, over any number of Links with a target."""
    callers: dict[str, set[str]] = {}
    for link in links:
        if link.spec.target is not None:
            callers.setdefault(link.spec.target, set()).add(link.spec.component)
    return _closure({name}, callers)


def by_link(link: Link, links: Iterable[Link]) -> frozenset[str]:
    """Components that one state of a Link touches. After an edit, ask for the old state and for the new one."""
    return by_component(link.spec.component, links)


def by_provider(name: str, links: Iterable[Link]) -> frozenset[str]:
    """Components that reach a provider, themselves or through a target."""
    every = tuple(links)
    users = {link.spec.component for link in every if link.spec.provider == name}
    return frozenset().union(*(by_component(user, every) for user in users))


def _closure(start: set[str], edges: Mapping[str, set[str]]) -> frozenset[str]:
    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(edges.get(name, ()))
    return frozenset(seen)
