"""Many filters at once: those that ask for an equality are found by look-up, the rest are run one by one.

A filter's *anchors* are conditions of which at least one must hold for the filter to be true: (field, key) for an
equality, (field, PRESENT) for presence. A conjunction has the anchors of one part, the least crowded when it is added;
a disjunction those of all its parts; a filter without (a comparison, a negation, or one whose unknown matches) is
scanned.

    field       key of its value       filters
    h.tier   -> 'gold'              -> exact: {f1, f7}   checked: {f3}      exact: an anchor that holds decides
             -> 'silver'            -> ...                                  checked: the filter itself must be run
             -> PRESENT             -> ...
    scanned  -> {f4, f9}

A message costs one look-up per indexed field (or per header of the message, whichever are fewer) plus the filters run.
"""

from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Field,
    Header,
    In,
    Literal,
    Operand,
    Or,
    Predicate,
    Semantics,
    Unknown,
)
from dragoman.kernel.filters.values import MISSING, key_of
from dragoman.ports.translator import FieldSource

ANCHORS_MAX: Final = 64  # of one filter; beyond, it is scanned


class _Present:
    __slots__ = ()


PRESENT: Final = _Present()

Anchor = tuple[Field, Hashable]


Crowd = Callable[[Anchor], int]
"""How many filters already hang on an anchor."""


class Anchors(NamedTuple):
    """Conditions of which one must hold; `exact` when one that holds is also enough."""

    conditions: tuple[Anchor, ...]
    exact: bool

    def cost(self, crowd: Crowd) -> tuple[int, int]:
        """Smaller is better: presence last, as it picks least; then the least crowded."""
        loose = sum(key is PRESENT for _, key in self.conditions)
        return (loose, len(self.conditions) + sum(map(crowd, self.conditions)))


def anchors_of(predicate: Predicate, semantics: Semantics, crowd: Crowd) -> Anchors | None:
    """None when nothing short of running the filter can exclude it."""
    if semantics.unknown is Unknown.MATCH:
        return None
    found = _Finder(semantics, crowd).anchors(predicate)
    return None if found is None or len(found.conditions) > ANCHORS_MAX else found


class _Finder:
    """Finds the anchors of one filter."""

    def __init__(self, semantics: Semantics, crowd: Crowd) -> None:
        self._null_is_missing = semantics.null_is_missing
        self._crowd = crowd

    def anchors(self, node: Predicate) -> Anchors | None:
        """Those of `node`; None when it has none."""
        match node:
            case Compare(CompareOp.EQ, left, right):
                return self._of_equality(left, right)
            case In(field, values, folded) if not folded:
                return self._of_values(field, values)
            case Exists(Header() | Attribute() as field):
                return Anchors(((field, PRESENT),), exact=not self._null_is_missing)
            case And(parts):
                return self._of_conjunction(parts)
            case Or(parts):
                return self._of_disjunction(parts)
            case _:
                return None

    def _of_equality(self, left: Operand, right: Operand) -> Anchors | None:
        if isinstance(left, Literal):
            left, right = right, left
        if isinstance(left, Literal) or not isinstance(right, Literal):
            return None
        return self._of_values(left, (right,))

    def _of_values(self, field: Operand, values: tuple[Literal, ...]) -> Anchors | None:
        if not isinstance(field, Header | Attribute):
            return None
        null = self._null_is_missing and any(literal.value is None for literal in values)
        return Anchors(tuple((field, key_of(literal.value)) for literal in values), exact=not null)

    def _of_conjunction(self, parts: tuple[Predicate, ...]) -> Anchors | None:
        """Any part's would do: the cheapest."""
        found = [anchors for part in parts if (anchors := self.anchors(part)) is not None]
        if not found:
            return None
        best = min(found, key=lambda anchors: anchors.cost(self._crowd))
        return best if len(parts) == 1 else Anchors(best.conditions, exact=False)

    def _of_disjunction(self, parts: tuple[Predicate, ...]) -> Anchors | None:
        """All parts' together, so each part must have some."""
        conditions: list[Anchor] = []
        exact = True
        for part in parts:
            anchors = self.anchors(part)
            if anchors is None or len(conditions) > ANCHORS_MAX:
                return None
            conditions.extend(anchors.conditions)
            exact = exact and anchors.exact
        return Anchors(tuple(conditions), exact)


class _Entry:
    """A filter of the index; `order` is its age."""

    __slots__ = ("anchors", "filter", "id", "order")

    def __init__(
        self,
        id: Hashable,
        filter_: CompiledFilter,
        anchors: Anchors | None,
        order: int,
    ) -> None:
        self.id = id
        self.filter = filter_
        self.anchors = anchors
        self.order = order


Buckets = dict[Hashable, dict[Hashable, _Entry]]
EMPTY: Final[dict[Hashable, _Entry]] = {}


class EqualityIndex:
    """Filters by id; `matches` tells which of them a message passes, oldest first."""

    __slots__ = ("_attributes", "_entries", "_headers", "_order", "_readers", "_scanned")

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self._headers: dict[str, Buckets] = {}
        self._attributes: dict[str, Buckets] = {}
        self._scanned: dict[Hashable, _Entry] = {}
        self._order = 0
        self._readers = 0  # filters whose outcome depends on the message

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id: Hashable) -> bool:
        return id in self._entries

    @property
    def needs_fields(self) -> bool:
        """Whether any filter's outcome depends on the message."""
        return self._readers > 0

    def add(self, id: Hashable, filter_: CompiledFilter) -> None:
        """Add the filter, in place of the one that has the id."""
        self.remove(id)
        anchors = anchors_of(filter_.predicate, filter_.semantics, self._crowd)
        self._order += 1
        entry = _Entry(id, filter_, anchors, self._order)
        self._entries[id] = entry
        self._readers += filter_.needs_fields
        if anchors is None:
            self._scanned[id] = entry
            return
        for field, key in anchors.conditions:
            buckets = self._of_kind(field).setdefault(field.name, {})
            buckets.setdefault(key, {})[id] = entry

    def remove(self, id: Hashable) -> bool:
        """Whether it was there."""
        entry = self._entries.pop(id, None)
        if entry is None:
            return False
        self._readers -= entry.filter.needs_fields
        if entry.anchors is None:
            del self._scanned[id]
            return True
        for field, key in entry.anchors.conditions:
            self._drop(self._of_kind(field), field.name, key, id)
        return True

    def matches(self, source: FieldSource) -> list[Hashable]:
        """The ids of all filters that match, in the order they were added."""
        found: dict[Hashable, _Entry] = {}
        ran: set[Hashable] = set()
        if self._headers:
            self._match_headers(source, found, ran)
        for name, buckets in self._attributes.items():
            value = source.attribute(name)
            if value is not None:
                _look_up(buckets, value, source, found, ran)
        found.update(
            (id_, entry) for id_, entry in self._scanned.items() if entry.filter.matches(source)
        )
        if len(found) < 2:
            return list(found)
        return [entry.id for entry in sorted(found.values(), key=_order_of)]

    def _match_headers(
        self, source: FieldSource, found: dict[Hashable, _Entry], ran: set[Hashable]
    ) -> None:
        headers = source.headers
        if len(headers) < len(self._headers):
            for name, value in headers.items():
                buckets = self._headers.get(name)
                if buckets is not None:
                    _look_up(buckets, value, source, found, ran)
            return
        for name, buckets in self._headers.items():
            value = headers.get(name, MISSING)
            if value is not MISSING:
                _look_up(buckets, value, source, found, ran)

    def _crowd(self, anchor: Anchor) -> int:
        field, key = anchor
        return len(self._of_kind(field).get(field.name, {}).get(key, EMPTY))

    def _of_kind(self, field: Field) -> dict[str, Buckets]:
        return self._attributes if isinstance(field, Attribute) else self._headers

    @staticmethod
    def _drop(fields: dict[str, Buckets], name: str, key: Hashable, id: Hashable) -> None:
        """Take the id out of one bucket, and leave nothing empty behind. An anchor may be named twice."""
        buckets = fields.get(name, {})
        bucket = buckets.get(key, EMPTY)
        bucket.pop(id, None)
        if key in buckets and not bucket:
            del buckets[key]
        if name in fields and not buckets:
            del fields[name]


def _look_up(
    buckets: Buckets,
    value: object,
    source: FieldSource,
    found: dict[Hashable, _Entry],
    ran: set[Hashable],
) -> None:
    """Add to `found` what the field's value leads to. `ran` keeps a filter with several anchors from running twice."""
    for bucket in (buckets.get(key_of(value), EMPTY), buckets.get(PRESENT, EMPTY)):
        for id_, entry in bucket.items():
            assert entry.anchors is not None
            if entry.anchors.exact:
                found[id_] = entry
            elif id_ not in ran:
                ran.add(id_)
                if entry.filter.matches(source):
                    found[id_] = entry


def _order_of(entry: _Entry) -> int:
    return entry.order
