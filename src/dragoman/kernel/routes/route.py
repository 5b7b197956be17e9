"""A route: its bindings, each kept once, around the matcher of its kind.

identity (target, key, arguments) -> binding        so that binding twice is binding once
target -> its bindings                              so that a target that goes is forgotten cheaply

Where many bindings match, their filters are looked up together (`filters.index`): a message costs what its fields cost,
and not what a thousand filters would.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.index import EqualityIndex
from dragoman.kernel.filters.nodes import Field
from dragoman.kernel.routes.binding import (
    NO_ARGUMENTS,
    Arguments,
    Binding,
    Bindings,
    HeadersSet,
    Identity,
    Target,
    identity,
    order_of,
)
from dragoman.kernel.routes.consistent_hash import ConsistentHash
from dragoman.kernel.routes.direct import Direct
from dragoman.kernel.routes.fanout import Fanout
from dragoman.kernel.routes.headers import Headers
from dragoman.kernel.routes.matcher import Matcher
from dragoman.kernel.routes.modulus_hash import ModulusHash
from dragoman.kernel.routes.random_choice import RandomChoice
from dragoman.kernel.routes.topic import Topic
from dragoman.ports.translator import FieldSource

KINDS: Final[Mapping[str, Callable[[Field | None], Matcher]]] = {
    "direct": lambda _: Direct(),
    "fanout": lambda _: Fanout(),
    "topic": lambda _: Topic(),
    "headers": lambda _: Headers(),
    "random": lambda _: RandomChoice(),
    "consistent-hash": ConsistentHash,
    "modulus-hash": ModulusHash,
}


FEW: Final = 8  # bindings that match; so many filters are run as fast as they are looked up
CROWDS_MAX: Final = 256  # kept


class Crowd:
    """Bindings that match together, in the order of their age: those without a filter, and those with one."""

    __slots__ = ("filtered", "found", "plain")

    def __init__(self, found: Bindings) -> None:
        self.found = found
        self.plain = [binding for binding in found if binding.filter is None]
        self.filtered = frozenset([binding for binding in found if binding.filter is not None])


class Route:
    """One route. `alternate` takes what none of its bindings do; None, or a route that is not there, takes nothing.

    Args:
        kind: a key of `KINDS`.
        hash_on: for the hash kinds, the header or attribute that places a message instead of its key.
        alternate: another route's id in the graph.
    """

    __slots__ = (
        "_bound",
        "_crowds",
        "_filtered",
        "_index",
        "_of_target",
        "_order",
        "alternate",
        "kind",
        "matcher",
    )

    def __init__(
        self, kind: str, hash_on: Field | None = None, alternate: Target | None = None
    ) -> None:
        self.kind = kind
        self.matcher = KINDS[kind](hash_on)
        self.alternate = alternate
        self._bound: dict[Identity, Binding] = {}
        self._of_target: dict[Target, dict[Identity, Binding]] = {}
        self._order = 0
        self._filtered = 0  # bindings with a filter that reads fields
        self._index = EqualityIndex()  # of those
        self._crowds: dict[int, Crowd] = {}  # by the identity of what a matcher found

    def __len__(self) -> int:
        return len(self._bound)

    def __iter__(self) -> Iterator[Binding]:
        """Its bindings, oldest first."""
        return iter(self._bound.values())

    def find(self, target: Target, key: str, arguments: Arguments = NO_ARGUMENTS) -> Binding | None:
        """The binding of that identity."""
        return self._bound.get(identity(target, key, arguments))

    def check(self, key: str, arguments: Arguments = NO_ARGUMENTS) -> None:
        """Raises InvalidArgument when this kind of route cannot be bound so."""
        self.matcher.check(key, arguments)

    def bind(
        self,
        target: Target,
        key: str,
        arguments: Arguments = NO_ARGUMENTS,
        *,
        filter_: CompiledFilter | None = None,
        headers_set: HeadersSet = (),
        rules: tuple[str, ...] = (),
    ) -> bool:
        """Add the binding; False, and nothing changed, when it is there. Raises InvalidArgument as `check` does."""
        name = identity(target, key, arguments)
        if name in self._bound:
            return False
        self.matcher.check(key, arguments)
        self._order += 1
        binding = Binding(target, key, arguments, self._order, filter_, headers_set, rules)
        self.matcher.insert(binding)
        self._bound[name] = binding
        self._of_target.setdefault(target, {})[name] = binding
        if filter_ is not None:
            self._filtered += 1
            self._index.add(binding, filter_)
        self._crowds.clear()
        return True

    def unbind(self, target: Target, key: str, arguments: Arguments = NO_ARGUMENTS) -> bool:
        """Whether the binding was there; it is not now."""
        name = identity(target, key, arguments)
        binding = self._bound.pop(name, None)
        if binding is None:
            return False
        self.matcher.remove(binding)
        if binding.filter is not None:
            self._filtered -= 1
            self._index.remove(binding)
        self._crowds.clear()
        of_target = self._of_target[target]
        del of_target[name]
        if not of_target:
            del self._of_target[target]
        return True

    def forget(self, target: Target) -> int:
        """Take away every binding to the target; how many there were."""
        bindings = list(self._of_target.get(target, {}).values())
        for binding in bindings:
            self.unbind(target, binding.key, binding.arguments)
        return len(bindings)

    def bindings_to(self, target: Target) -> list[Binding]:
        """The bindings to the target, oldest first."""
        return list(self._of_target.get(target, {}).values())

    @property
    def needs_fields(self) -> bool:
        """Whether where a message goes from here may depend on more than its key and chance."""
        return self._filtered > 0 or self.matcher.needs_fields()

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        """The bindings a message goes by, filters applied, oldest first. `fields` as `needs_fields` says."""
        found = self.matcher.match(key, fields, salt)
        if not self._filtered:
            return found
        assert fields is not None
        if len(found) > FEW:
            return self._match_many(found, fields)
        return tuple(
            [
                binding
                for binding in found
                if binding.filter is None or binding.filter.matches(fields)
            ]
        )

    def _match_many(self, found: Bindings, fields: FieldSource) -> Bindings:
        crowd = self._crowds.get(id(found))
        if crowd is None or crowd.found is not found:
            if len(self._crowds) >= CROWDS_MAX:
                self._crowds.clear()
            crowd = self._crowds[id(found)] = Crowd(found)
        passing: list[Binding] = list(crowd.plain)
        for binding in self._index.matches(fields):
            assert isinstance(binding, Binding)
            if binding in crowd.filtered:
                passing.append(binding)
        passing.sort(key=order_of)
        return tuple(passing)
