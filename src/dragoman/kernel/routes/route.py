"""A route: its bindings, each kept once, around the matcher of its kind.

identity (target, key, arguments) -> binding        so that binding twice is binding once
target -> its bindings                              so that a target that goes is forgotten cheaply
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter
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


class Route:
    """One route. `alternate` takes what none of its bindings do; None, or a route that is not there, takes nothing.

    Args:
        kind: a key of `KINDS`.
        hash_on: for the hash kinds, the header or attribute that places a message instead of its key.
        alternate: another route's id in the graph.
    """

    __slots__ = ("_bound", "_filtered", "_of_target", "_order", "alternate", "kind", "matcher")

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
        self._filtered += filter_ is not None
        return True

    def unbind(self, target: Target, key: str, arguments: Arguments = NO_ARGUMENTS) -> bool:
        """Whether the binding was there; it is not now."""
        name = identity(target, key, arguments)
        binding = self._bound.pop(name, None)
        if binding is None:
            return False
        self.matcher.remove(binding)
        self._filtered -= binding.filter is not None
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
        return tuple(
            [
                binding
                for binding in found
                if binding.filter is None or binding.filter.matches(fields)
            ]
        )
