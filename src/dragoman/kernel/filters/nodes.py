"""A predicate as data: what every filter dialect is translated to.

    operand     Header(name)  Attribute(name)  Member(path)  Item()  Literal(value)  Reckoned(sign, operand, operand)
    predicate   Compare(op, operand, operand)  In(field, values)  Text(op, field, literal)  Exists(field)
                Matches(field, pattern)
                And(parts)  Or(parts)  Not(part)        And(()) is true, Or(()) is false
                Some(field, part)   of a list any item, of anything else itself; `part` is about Item()
                Holds(expression)   what `expressions` reckons is true; unknown where it cannot be told

A predicate is true, false or unknown (SQL's three-valued logic): unknown when a field it reads is missing, or when an
order or a text operator meets a type that has none. `==` and `!=` of different families are not unknown but false and
true (see `values`). And, Or and Not follow Kleene: false && unknown is false, true || unknown is true, !unknown is
unknown. That is also CEL's rule for errors under && and ||, with an error for unknown. `Exists` is never unknown.

What becomes of a filter that is unknown as a whole, and whether null counts as missing, is the dialect's: `Semantics`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID

from dragoman.kernel.filters.expressions import Expression, reads, terms_of
from dragoman.kernel.filters.values import key_of
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import VALUE_DEPTH_MAX, Typed

NODES_MAX: Final = 1_024  # of one filter, list items of `In` included
DEPTH_MAX: Final = 32
NAME_CHARS_MAX: Final = 1_024  # of a field
LITERAL_BYTES_MAX: Final = 65_536  # of one filter, all literals together
_NODE_BYTES: Final = 8  # what a number, bool or null counts as


class CompareOp(StrEnum):
    """How two operands are compared, as CEL spells it."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class TextOp(StrEnum):
    """How text, or bytes, is looked at, as CEL spells it. Case counts."""

    PREFIX = "startsWith"
    SUFFIX = "endsWith"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Header:
    """A message header by name; of duplicates the last."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A message attribute by its envelope name (`subject`, `type`, ...). Null is missing."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """What stands in the body's JSON under these names, one inside the other. Null is missing, as is all of a body that
    is no JSON.
    """

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """For people."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Item:
    """Inside `Some`: the item that is looked at."""

    name: str = "item"


Field = Header | Attribute | Member | Item


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant of the dialect's text."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and key_of(self.value) == key_of(other.value)

    def __hash__(self) -> int:
        return hash(key_of(self.value))


@dataclass(frozen=True, slots=True)
class Reckoned:
    """`left` + - * / % `right`, of what the message says: see `reckoning`. Unknown where either is."""

    sign: str
    left: "Operand"
    right: "Operand"


Operand = Header | Attribute | Member | Item | Literal | Reckoned


@dataclass(frozen=True, slots=True)
class Compare:
    """`left` op `right`."""

    op: CompareOp
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class In:
    """The field equals one of the values; of none of them when there are none. `folded` texts are compared without
    regard to case; the values are in lower case then.
    """

    field: Field
    values: tuple[Literal, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """The field starts with, ends with or contains `part`: text in text, bytes in bytes. `folded` text is compared
    without regard to case; the part is in lower case then.
    """

    op: TextOp
    field: Field | Reckoned
    part: str | bytes
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """The whole of the field, which is text, is matched by an expression of RE2: takes time in proportion to it."""

    field: Field | Reckoned
    pattern: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, whatever its value."""

    field: Field


@dataclass(frozen=True, slots=True)
class Some:
    """Part is true of some item of a list, or of the value itself where it is none; unknown where nothing is there."""

    field: Field
    part: "Predicate"


@dataclass(frozen=True, slots=True)
class Holds:
    """The expression is true; unknown where it is an error, or no truth value."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All parts."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is false."""

    part: "Predicate"


Predicate = Compare | In | Text | Matches | Exists | Some | Holds | And | Or | Not


class Unknown(Enum):
    """What a filter answers when it is neither true nor false."""

    NO_MATCH = "no-match"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Semantics:
    """How a dialect reads what is not there. With `null_is_missing` a header that is null is unknown, as in SQL."""

    unknown: Unknown = Unknown.NO_MATCH
    null_is_missing: bool = False


def equals(field: Field, value: Any) -> Compare:
    """`field == value`."""
    return Compare(CompareOp.EQ, field, Literal(value))


def check(predicate: Predicate) -> None:
    """Raises InvalidArgument when the predicate passes a bound or holds a value that cannot be compared.

    Walks without recursion: the depth is not yet known.
    """
    count = size = 0
    left: list[tuple[Predicate, int]] = [(predicate, 1)]
    while left:
        node, depth = left.pop()
        count += 1 + (len(node.values) if isinstance(node, In) else _reckoned_count(node))
        count += terms_of(node.expression) if isinstance(node, Holds) else 0
        if count > NODES_MAX or depth > DEPTH_MAX:
            raise InvalidArgument(
                f"a filter has at most {NODES_MAX} terms, {DEPTH_MAX} inside each other"
            )
        size += _leaf_bytes(node)
        if size > LITERAL_BYTES_MAX:
            raise InvalidArgument(f"a filter's literals take at most {LITERAL_BYTES_MAX} bytes")
        left.extend((part, depth + 1) for part in parts_of(node))
        if len(left) > NODES_MAX:
            raise InvalidArgument(f"a filter has at most {NODES_MAX} terms")


def _reckoned_count(node: Predicate) -> int:
    """How many signs stand in it. Raises InvalidArgument where they stand too deep."""
    count = 0
    left = [(operand, 1) for operand in operands_of(node)]
    while left:
        operand, depth = left.pop()
        if not isinstance(operand, Reckoned):
            continue
        count += 1
        if count > NODES_MAX or depth > DEPTH_MAX:
            raise InvalidArgument(f"at most {DEPTH_MAX} signs inside each other")
        left += [(operand.left, depth + 1), (operand.right, depth + 1)]
    return count


def parts_of(node: Predicate) -> tuple[Predicate, ...]:
    """The predicates inside."""
    if isinstance(node, Not | Some):
        return (node.part,)
    return node.parts if isinstance(node, And | Or) else ()


def operands_of(node: Predicate) -> tuple[Operand, ...]:
    """The fields and literals that stand directly in the node."""
    match node:
        case Compare(_, left, right):
            return (left, right)
        case In(field, values):
            return (field, *values)
        case Text(_, field, part) | Matches(field, part):
            return (field, Literal(part))
        case Exists(field) | Some(field):
            return (field,)
        case _:
            return ()


def leaves_of(operand: Operand) -> Iterator[Field | Literal]:
    """The fields and literals that an operand is made of."""
    if isinstance(operand, Reckoned):
        yield from leaves_of(operand.left)
        yield from leaves_of(operand.right)
    else:
        yield operand


def fields_of(predicate: Predicate) -> Iterator[Field]:
    """Every field of the message that the predicate reads, repeated as it is; `Header("")` for all headers."""
    if isinstance(predicate, Holds):
        yield from map(_field_of, reads(predicate.expression))
    for operand in operands_of(predicate):
        for leaf in leaves_of(operand):
            if not isinstance(leaf, Literal | Item):
                yield leaf
    for part in parts_of(predicate):
        yield from fields_of(part)


def _field_of(read: tuple[str, str]) -> Field:
    """The body's bytes count as its JSON: either opens it."""
    kind, name = read
    if kind == "h":
        return Header(name)
    return Attribute(name) if kind == "m" else Member(())


def _leaf_bytes(node: Predicate) -> int:
    return sum(
        literal_bytes(leaf.value) if isinstance(leaf, Literal) else _name_bytes(leaf)
        for operand in operands_of(node)
        for leaf in leaves_of(operand)
    )


def _name_bytes(field: Field) -> int:
    if len(field.name) > NAME_CHARS_MAX:
        raise InvalidArgument(f"a field's name has at most {NAME_CHARS_MAX} characters")
    return len(field.name)


def literal_bytes(value: Any, depth: int = 0) -> int:
    """What the literal counts for. Raises InvalidArgument for NaN, and for what is no message value."""
    if depth > VALUE_DEPTH_MAX:
        raise InvalidArgument(f"a literal nests at most {VALUE_DEPTH_MAX} deep")
    match value:
        case str() | bytes():
            return len(value)
        case Typed():
            return literal_bytes(value.value, depth)
        case list() | tuple():
            return _NODE_BYTES + sum(literal_bytes(item, depth + 1) for item in value)
        case dict():
            return _NODE_BYTES + sum(
                len(name) + literal_bytes(item, depth + 1) for name, item in value.items()
            )
        case float() | Decimal() if value != value:  # noqa: PLR0124 - NaN
            raise InvalidArgument("NaN cannot be compared")
        case None | bool() | int() | float() | Decimal() | UUID():
            return _NODE_BYTES
        case _:
            raise InvalidArgument(f"{type(value).__name__} is no value a filter knows")
