"""The filters of a stream's subscriptions, looked up together: a message's cost is that of its fields, not of filters.

Each part of a disjunction stands on its own, as the rules of a Service Bus subscription do: with `EqualityIndex` a
hundred thousand correlation filters cost one look-up per field. Of few filters each is simply run.
"""

from collections.abc import Hashable
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.index import EqualityIndex
from dragoman.kernel.filters.nodes import Or, Unknown
from dragoman.ports.translator import FieldSource

FEW: Final = 8  # parts; so many are run as fast as they are looked up


class Matching:
    """Filters by subscription."""

    __slots__ = ("_filters", "_index", "_owners", "_parts", "_total")

    def __init__(self) -> None:
        self._filters: dict[int, CompiledFilter] = {}
        self._parts: dict[int, int] = {}  # how many each has in the index
        self._owners: dict[Hashable, int] = {}
        self._total = 0
        self._index = EqualityIndex()

    def set(self, id: int, filter_: CompiledFilter) -> None:
        """The subscription takes what the filter says, from now on."""
        self.drop(id)
        parts = parts_of(filter_)
        for number, part in enumerate(parts):
            self._index.add((id, number), part)
            self._owners[id, number] = id
        self._filters[id] = filter_
        self._parts[id] = len(parts)
        self._total += len(parts)

    def drop(self, id: int) -> None:
        """The subscription is gone, if it was there."""
        if id in self._filters:
            del self._filters[id]
            count = self._parts.pop(id)
            self._total -= count
            for number in range(count):
                self._index.remove((id, number))
                del self._owners[id, number]

    def takers(self, source: FieldSource) -> list[int]:
        """The subscriptions that take a message, each once."""
        if self._total <= FEW:
            return [each for each, known in self._filters.items() if known.matches(source)]
        found = [self._owners[key] for key in self._index.matches(source)]
        return list(dict.fromkeys(found)) if len(found) > 1 else found


def parts_of(filter_: CompiledFilter) -> list[CompiledFilter]:
    """Filters of which any is enough."""
    predicate, semantics = filter_.predicate, filter_.semantics
    if not isinstance(predicate, Or) or semantics.unknown is Unknown.MATCH:
        return [filter_]
    return [compile_filter(part, semantics) for part in predicate.parts]
