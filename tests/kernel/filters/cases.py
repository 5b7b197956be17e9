"""Messages, predicates and the slow meaning of predicates, shared by the tests of filters."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Field,
    Header,
    Holds,
    In,
    Item,
    Literal,
    Matches,
    Member,
    Not,
    Operand,
    Or,
    Predicate,
    Reckoned,
    Semantics,
    Some,
    Text,
    TextOp,
    Unknown,
)
from dragoman.kernel.filters.reckoning import SIGNS, reckon
from dragoman.kernel.filters.values import MISSING
from dragoman.model.message import Typed

NOT_THERE = object()


class Source:
    """A message's fields; counts how often its headers were asked for."""

    def __init__(
        self,
        headers: Mapping[str, object] | None = None,
        attributes: Mapping[str, object] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        self._headers = headers or {}
        self._attributes = attributes or {}
        self._members = members or {}
        self.item: object = None  # for the slow reading of Some
        self.headers_asked = 0

    @property
    def headers(self) -> Mapping[str, object]:
        self.headers_asked += 1
        return self._headers

    def attribute(self, name: str) -> object:
        return self._attributes.get(name)

    def member(self, path: tuple[str, ...]) -> object:
        return self._members.get(".".join(path))

    def __repr__(self) -> str:
        return f"Source({self._headers}, {self._attributes}, {self._members})"


def value_of(source: Source, operand: Operand, semantics: Semantics) -> object:
    """The operand's value as the slow reference sees it: unwrapped, or NOT_THERE."""
    value: object
    if isinstance(operand, Literal):
        value = operand.value
    elif isinstance(operand, Item):
        value = source.item
    elif isinstance(operand, Reckoned):
        return reckoned(source, operand, semantics)
    elif isinstance(operand, Attribute | Member):
        known = source._attributes if isinstance(operand, Attribute) else source._members
        value = known.get(operand.name)
        if value is None:
            return NOT_THERE
    else:
        value = source._headers.get(operand.name, NOT_THERE)
        if value is None and semantics.null_is_missing:
            return NOT_THERE
    return value.value if isinstance(value, Typed) else value


def reckoned(source: Source, operand: Reckoned, semantics: Semantics) -> object:
    """`test_reckoning` says what signs mean."""
    left = value_of(source, operand.left, semantics)
    right = value_of(source, operand.right, semantics)
    if left is NOT_THERE or right is NOT_THERE:
        return NOT_THERE
    found = reckon(operand.sign, left, right)
    return NOT_THERE if found is MISSING else found


def family(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float | Decimal):
        return "number"
    return type(value).__name__


def same(left: object, right: object) -> bool:
    """Equality by the table of `values`, spelled out."""
    if isinstance(left, Typed):
        left = left.value
    if isinstance(right, Typed):
        right = right.value
    if family(left) != family(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return left == right


ORDERS: dict[CompareOp, Callable[[Any, Any], bool]] = {
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
}


def is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def ordered(op: CompareOp, left: object, right: object) -> bool | None:
    if family(left) != family(right) or family(left) not in ("bool", "number", "str", "bytes"):
        return None
    if is_nan(left) or is_nan(right):
        return False
    return ORDERS[op](left, right)


def text_test(op: TextOp, value: Any, part: Any) -> bool:
    match op:
        case TextOp.PREFIX:
            return bool(value[: len(part)] == part)
        case TextOp.SUFFIX:
            return bool(value[len(value) - len(part) :] == part) and len(part) <= len(value)
        case TextOp.CONTAINS:
            return any(value[at : at + len(part)] == part for at in range(len(value) + 1))


def meaning(  # noqa: PLR0911 - one for each kind of node
    node: Predicate, source: Source, semantics: Semantics
) -> bool | None:
    """True, false or unknown (None), node by node, as the docstring of `nodes` says."""
    match node:
        case And(parts):
            found = [meaning(part, source, semantics) for part in parts]
            return False if False in found else None if None in found else True
        case Or(parts):
            found = [meaning(part, source, semantics) for part in parts]
            return True if True in found else None if None in found else False
        case Not(part):
            inner = meaning(part, source, semantics)
            return None if inner is None else not inner
        case Exists(field):
            return value_of(source, field, semantics) is not NOT_THERE
        case In(field, values, folded):
            value = value_of(source, field, semantics)
            if value is NOT_THERE:
                return None
            if folded and isinstance(value, str):
                value = value.lower()
            return any(same(value, literal.value) for literal in values)
        case Text(op, field, part, folded):
            value = value_of(source, field, semantics)
            if type(value) is not type(part):
                return None
            return text_test(op, value.lower() if folded else value, part)
        case Matches(field, pattern):
            value = value_of(source, field, semantics)
            if not isinstance(value, str):
                return None
            return re.fullmatch(pattern, value, re.DOTALL) is not None
        case Some(field, part):
            value = value_of(source, field, semantics)
            if value is NOT_THERE:
                return None
            return any(
                meaning(part, with_item(source, item), semantics) is True
                for item in (value if isinstance(value, list | tuple) else [value])
            )
        case Holds():
            raise AssertionError("expressions have an oracle of their own")
        case Compare(op, left, right):
            one, two = (value_of(source, side, semantics) for side in (left, right))
            if one is NOT_THERE or two is NOT_THERE:
                return None
            if op in (CompareOp.EQ, CompareOp.NE):
                return same(one, two) == (op is CompareOp.EQ)
            return ordered(op, one, two)


def with_item(source: Source, item: object) -> Source:
    again = Source(source._headers, source._attributes, source._members)
    again.item = item
    return again


def outcome(node: Predicate, source: Source, semantics: Semantics) -> bool:
    found = meaning(node, source, semantics)
    return semantics.unknown is Unknown.MATCH if found is None else found


NAMES = ("a", "b", "x-c")
SCALARS = st.sampled_from(
    [
        None, True, False, 0, 1, 2, -1, 1.0, 0.5, Decimal(1), Decimal("0.5"), "", "a", "ab", "1", "AB", b"", b"a", b"ab",
        Typed("i32", 1), Typed("timestamp", 2), Typed("symbol", "a"), Typed("f32", 0.5), 1 << 70, float("inf"),
    ]
)  # fmt: skip
LITERALS = SCALARS | st.sampled_from([[], [1, "a"], [True, "a"], {"a": 1}, {"a": [None]}])
VALUES = LITERALS | st.just(float("nan"))
FIELDS: st.SearchStrategy[Field] = st.one_of(
    st.builds(Header, st.sampled_from(NAMES)),
    st.builds(Attribute, st.sampled_from(NAMES)),
    st.builds(Member, st.sampled_from([("a",), ("a", "b")])),
)
ITEMS: st.SearchStrategy[Field] = st.just(Item())
TEXTS = ["a", "ab", "1", ""]
OPERANDS: st.SearchStrategy[Operand] = st.recursive(
    FIELDS | st.builds(Literal, LITERALS),
    lambda inner: st.builds(Reckoned, st.sampled_from(SIGNS), inner, inner),
    max_leaves=4,
)
LEAVES = st.one_of(
    st.builds(Compare, st.sampled_from(CompareOp), OPERANDS, OPERANDS),
    st.builds(Compare, st.just(CompareOp.EQ), FIELDS, st.builds(Literal, LITERALS)),
    st.builds(In, FIELDS, st.lists(st.builds(Literal, LITERALS), max_size=3).map(tuple)),
    st.builds(Text, st.sampled_from(TextOp), FIELDS, st.sampled_from(["", "a", "b", b"", b"a"])),
    st.builds(Exists, FIELDS),
    st.builds(Matches, FIELDS, st.sampled_from(["a.", ".*b.*", "", r"\."])),
    st.builds(In, FIELDS, st.lists(st.builds(Literal, st.sampled_from(TEXTS))).map(tuple), st.just(True)),
    st.builds(Text, st.sampled_from(TextOp), FIELDS, st.sampled_from(TEXTS), st.just(True)),
    st.builds(
        Some,
        FIELDS,
        st.one_of(
            st.builds(Compare, st.sampled_from(CompareOp), ITEMS, st.builds(Literal, LITERALS)),
            st.builds(In, ITEMS, st.lists(st.builds(Literal, LITERALS), max_size=3).map(tuple)),
            st.builds(Text, st.sampled_from(TextOp), ITEMS, st.sampled_from(TEXTS), st.booleans()),
        ),
    ),
)  # fmt: skip
PREDICATES: st.SearchStrategy[Predicate] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
SEMANTICS = st.builds(Semantics, st.sampled_from(Unknown), st.booleans())
SOURCES = st.builds(
    Source,
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["a", "a.b"]), VALUES, max_size=2),
)
