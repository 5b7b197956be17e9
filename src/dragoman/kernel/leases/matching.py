"""The filters of a stream's subscriptions, looked up together: a message's cost is that of its fields, not of filters.

Each part of a disjunction stands on its own, as the rules of a Service Bus subscription do: with `EqualityIndex` a
hundred thousand correlation filters cost one look-up per field. Of few filters each is simply run. Rules with an action
are looked up beside them, in an index of their own: each that matches makes a copy.
"""

from collections.abc import Hashable
from typing import Final

from dragoman.kernel.filters.arrival import ARRIVAL
from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.index import EqualityIndex
from dragoman.kernel.filters.nodes import Or, Unknown
from dragoman.kernel.filters.servicebus import Acting
from dragoman.ports.translator import FieldSource

FEW: Final = 8  # parts; so many are run as fast as they are looked up


class Matching:
    """Filters by subscription."""

    __slots__ = (
        "_acting",
        "_actions",
        "_arriving",
        "_filters",
        "_index",
        "_owners",
        "_parts",
        "_rules",
        "_total",
    )

    def __init__(self) -> None:
        self._filters: dict[int, CompiledFilter] = {}
        self._parts: dict[int, int] = {}  # how many each has in the index
        self._owners: dict[Hashable, int] = {}
        self._total = 0
        self._index = EqualityIndex()
        self._actions: dict[int, tuple[Acting, ...]] = {}
        self._acting = EqualityIndex()
        self._rules: dict[Hashable, tuple[int, int]] = {}
        self._arriving: set[int] = set()  # whose rules ask for what a stream says of messages

    @property
    def acts(self) -> bool:
        """Whether any rule has an action."""
        return bool(self._actions)

    @property
    def needs_arrival(self) -> bool:
        """Whether messages are to be looked at as `arrival.Arrived`."""
        return bool(self._arriving)

    def set(self, id: int, filter_: CompiledFilter, actions: tuple[Acting, ...] = ()) -> None:
        """The subscription takes what the filter says, and copies that the actions change, from now on."""
        self.drop(id)
        for number, acting in enumerate(actions):
            self._acting.add((id, number), acting.filter)
            self._rules[id, number] = (id, number)
        if actions:
            self._actions[id] = actions
        parts = parts_of(filter_)
        for number, part in enumerate(parts):
            self._index.add((id, number), part)
            self._owners[id, number] = id
        self._filters[id] = filter_
        if reads_arrival(filter_) or any(acting.reads_arrival() for acting in actions):
            self._arriving.add(id)
        self._parts[id] = len(parts)
        self._total += len(parts)

    def drop(self, id: int) -> None:
        """The subscription is gone, if it was there."""
        if id in self._filters:
            del self._filters[id]
            self._arriving.discard(id)
            count = self._parts.pop(id)
            self._total -= count
            for number in range(count):
                self._index.remove((id, number))
                del self._owners[id, number]
            for number in range(len(self._actions.pop(id, ()))):
                self._acting.remove((id, number))
                del self._rules[id, number]

    def takers(self, source: FieldSource) -> list[int]:
        """The subscriptions that take a message, each once."""
        if self._total <= FEW:
            return [each for each, known in self._filters.items() if known.matches(source)]
        found = [self._owners[key] for key in self._index.matches(source)]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def actors(self, source: FieldSource) -> list[tuple[int, Acting]]:
        """The rules with an action that match a message, each with its subscription: subscription by subscription, in
        the order of their rules.
        """
        if not self._actions:
            return []
        found = [self._rules[key] for key in self._acting.matches(source)]
        return [(id_, self._actions[id_][number]) for id_, number in sorted(found)]


def reads_arrival(filter_: CompiledFilter) -> bool:
    """Whether it asks for what a stream says of a message."""
    return not ARRIVAL.isdisjoint(filter_.attributes)


def parts_of(filter_: CompiledFilter) -> list[CompiledFilter]:
    """Filters of which any is enough."""
    predicate, semantics = filter_.predicate, filter_.semantics
    if not isinstance(predicate, Or) or semantics.unknown is Unknown.MATCH:
        return [filter_]
    return [compile_filter(part, semantics) for part in predicate.parts]
