"""Whether what one side imports is what another side exports, and where not: the first difference, by name.

The rules are those of the component model's subtyping: an instance may export more than is asked of it, everything
else is compared by structure, resources by identity. A resource that an import introduces is *bound* to the resource
of the same name on the other side; from then on only that one will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wasicloud_host.composer import types

Token = tuple[str, types.Resource]
"""A resource's identity in a composition: the instance that makes it, and its name in there."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An instance that could serve an import.

    ``source`` is the one instance that exports it, ``label`` how messages call that; ``resolved`` are the identities
    of the resources that the source itself imports.
    """

    source: str
    label: str
    name: str
    interface: types.Interface
    resolved: Mapping[types.Resource, Token] = field(default_factory=dict)

    def token(self, resource: types.Resource) -> Token:
        """The identity of one of the offer's resources."""
        return self.resolved.get(resource, (self.source, resource))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """``item`` of the interface is wanted in one shape and offered in another, or not at all (None)."""

    item: str
    wanted: types.Item
    offered: types.Item | None


def satisfy(owner: str, wanted: types.Interface, offer: Offer, bound: dict[types.Resource, Token]) -> Mismatch | None:
    """Whether ``offer`` serves the import ``owner`` of type ``wanted``; if so, what it binds is added to ``bound``."""
    comparison = _Comparison(offer, dict(bound))
    mismatch = comparison.interface(owner, wanted, offer.interface)
    if mismatch is None:
        bound.update(comparison.bound)
    return mismatch


@dataclass(slots=True)
class _Comparison:
    offer: Offer
    bound: dict[types.Resource, Token]
    equal: set[tuple[int, int]] = field(default_factory=set)  # parts compared before, by identity: types share parts

    def interface(self, owner: str, wanted: types.Interface, offered: types.Interface) -> Mismatch | None:
        items = dict(offered.items)
        for name, item in wanted.items:
            other = items.get(name)
            if other is None:
                return Mismatch(name, item, None)
            if isinstance(item, types.Interface) and isinstance(other, types.Interface):
                inner = self.interface(f"{owner}/{name}", item, other)
                if inner is not None:
                    return inner
            elif not self.item(types.Resource(owner, name), item, other):
                return Mismatch(name, item, other)
        return None

    def item(self, introduced: types.Resource, wanted: types.Item, offered: types.Item) -> bool:
        if isinstance(wanted, types.Opaque) or isinstance(offered, types.Opaque):
            return True  # nothing is known here that the engine will not check again
        if isinstance(wanted, types.Resource):
            if not isinstance(offered, types.Resource):
                return False
            if wanted == introduced:
                self.bound[wanted] = self.offer.token(offered)
            return self.resource(wanted, offered)
        if isinstance(wanted, types.Function):
            return isinstance(offered, types.Function) and self.function(wanted, offered)
        if isinstance(wanted, types.Interface) or isinstance(
            offered, types.Resource | types.Function | types.Interface
        ):
            return False
        return self.value(wanted, offered)

    def resource(self, wanted: types.Resource, offered: types.Resource) -> bool:
        return self.bound.setdefault(wanted, self.offer.token(offered)) == self.offer.token(offered)

    def function(self, wanted: types.Function, offered: types.Function) -> bool:
        if wanted.asynchronous != offered.asynchronous or len(wanted.params) != len(offered.params):
            return False
        pairs = zip(wanted.params, offered.params, strict=True)
        if not all(one == other and self.value(kind, served) for (one, kind), (other, served) in pairs):
            return False
        return self.optional(wanted.result, offered.result)

    def optional(self, wanted: types.ValueType | None, offered: types.ValueType | None) -> bool:
        if wanted is None or offered is None:
            return wanted is offered
        return self.value(wanted, offered)

    def value(self, wanted: types.ValueType, offered: types.ValueType) -> bool:
        if isinstance(wanted, str):
            return wanted == offered
        if isinstance(wanted, types.Handle):
            same_mode = isinstance(offered, types.Handle) and wanted.mode == offered.mode
            return same_mode and isinstance(offered, types.Handle) and self.resource(wanted.resource, offered.resource)
        if not isinstance(offered, types.Compound):
            return False
        key = (id(wanted), id(offered))
        if key in self.equal:
            return True
        if wanted.kind != offered.kind or wanted.labels != offered.labels or len(wanted.parts) != len(offered.parts):
            return False
        if all(self.optional(one, other) for one, other in zip(wanted.parts, offered.parts, strict=True)):
            self.equal.add(key)
            return True
        return False
