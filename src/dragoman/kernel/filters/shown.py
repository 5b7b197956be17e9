"""Any dialect's filter as CEL that takes exactly the same messages: what its author may go on with.

As in `compiler`, each node is written twice, as CEL that is true where the node is true, and as CEL that is true where
it is false, since dialects and CEL differ in what is said of something missing or null:

    node        true                     false
    x == 1      x == 1                   known(x) && x != 1       where null counts as missing; else x != 1
    x in [..]   x in [..]                known(x) && !(x in [..])
    x exists    known(x)                 !known(x)

`text` says the same shorter, for logs, where details of null do not matter.
"""

from decimal import Decimal
from functools import reduce
from typing import Final

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
    Unknown,
)
from dragoman.kernel.filters.spelling import literal_text, member_text, spell
from dragoman.kernel.filters.values import plain

_NEVER: Final = "false"


def as_cel(predicate: Predicate, semantics: Semantics) -> str:
    """The filter in CEL's words."""
    writer = _Writer(semantics)
    if semantics.unknown is Unknown.NO_MATCH:
        return writer.true(predicate)
    return f"!{_is_true(writer.false(predicate))}"


def _is_true(text: str) -> str:
    """Whether it is true, where it may be an error."""
    return f"known({text} ? true : null)" if " ? " not in text else f"known(({text}) ? true : null)"


NULL: Final = Literal(None)


class _Writer:
    """`true` is written such that it is no true one where the node is unknown, and so is `false`."""

    def __init__(self, semantics: Semantics) -> None:
        self._null_is_missing = semantics.null_is_missing

    def true(self, node: Predicate) -> str:
        """CEL that holds where `node` is true."""
        match node:
            case And(parts):
                return _joined([self.true(part) for part in parts], " && ", "true")
            case Or(parts):
                return _joined([self.true(part) for part in parts], " || ", _NEVER)
            case Not(part):
                return self.false(part)
            case Exists(field):
                return self._exists(field)
            case Holds(expression):
                return f"({spell(expression)})"
            case Compare(op, left, right):
                return self._compare(op, left, right)
            case Some(field):
                return _joined([*self._guards(field), self._test(node)], " && ", "")
            case In(field, values) if NULL in values and self._is_null_missing(field):
                return _joined([f"known({_operand(field)})", self._test(node)], " && ", "")
            case In() | Text() | Matches():
                return self._test(node)

    def false(self, node: Predicate) -> str:
        """CEL that holds where `node` is false."""
        match node:
            case And(parts):
                return _joined([self.false(part) for part in parts], " || ", _NEVER)
            case Or(parts):
                return _joined([self.false(part) for part in parts], " && ", "true")
            case Not(part):
                return self.true(part)
            case Exists(field):
                return f"!({self._exists(field)})"
            case Holds(expression):
                return f"!({spell(expression)})"
            case Compare(op, left, right):
                return self._compare(_OPPOSITES[op], left, right)
            case In() | Some():
                return _joined(
                    [*self._guards(node.field), f"!{_is_true(self._test(node))}"], " && ", ""
                )
            case Text() | Matches():
                return f"!({self._test(node)})"

    def _test(self, node: In | Text | Matches | Some) -> str:
        match node:
            case In(field, values, folded):
                return f"{_folded(field, folded)} in [{', '.join(map(_operand, values))}]"
            case Text(op, field, part, folded):
                return f"{_folded(field, folded)}.{op.value}({literal_text(part)})"
            case Matches(field, pattern):
                return f"{_operand(field)}.matches({literal_text(f'^(?s:{pattern})$')})"
            case Some(field, part):
                of = _operand(field)
                inside = f"exists({Item().name}, {self.true(part)})"
                return f"(type({of}) == list ? {of} : [dyn({of})]).{inside}"

    def _compare(self, op: CompareOp, left: Operand, right: Operand) -> str:
        if op in _ORDERS and not (_has_order(left) and _has_order(right)):
            return _NEVER
        one = _operand(left)
        if isinstance(left, Literal) and isinstance(right, Literal):
            one = f"dyn({one})"
        guards: list[str] = []
        if op is CompareOp.NE or not (_is_value(left) or _is_value(right)):
            guards = [*self._guards(left), *self._guards(right)]
        return _joined([*guards, f"{one} {op.value} {_operand(right)}"], " && ", "")

    def _guards(self, operand: Operand) -> list[str]:
        """What says that it is there; nothing where that goes without saying."""
        if isinstance(operand, Literal | Item):
            return []
        return [self._exists(operand)]

    def _is_null_missing(self, field: Field) -> bool:
        """A header alone may be there and null."""
        return self._null_is_missing or not isinstance(field, Header | Item)

    def _exists(self, field: Field | Reckoned) -> str:
        if isinstance(field, Item):
            return "true"
        if isinstance(field, Header) and not self._null_is_missing:
            return f"{literal_text(field.name)} in h"
        return f"known({_operand(field)})"


_OPPOSITES: Final = {
    CompareOp.EQ: CompareOp.NE,
    CompareOp.NE: CompareOp.EQ,
    CompareOp.LT: CompareOp.GE,
    CompareOp.LE: CompareOp.GT,
    CompareOp.GT: CompareOp.LE,
    CompareOp.GE: CompareOp.LT,
}


_ORDERS: Final = (CompareOp.LT, CompareOp.LE, CompareOp.GT, CompareOp.GE)


def _has_order(operand: Operand) -> bool:
    """As far as is known."""
    if not isinstance(operand, Literal):
        return True
    return isinstance(plain(operand.value), bool | int | float | Decimal | str | bytes)


def _is_value(operand: Operand) -> bool:
    """A literal that nothing null is equal to."""
    return isinstance(operand, Literal) and plain(operand.value) is not None


def _joined(parts: list[str], word: str, empty: str) -> str:
    if len(parts) < 2:
        return parts[0] if parts else empty
    return f"({word.join(parts)})"


def _folded(field: Field | Reckoned, folded: bool) -> str:
    return f"{_operand(field)}.lower()" if folded else _operand(field)


def _operand(operand: Operand) -> str:
    match operand:
        case Literal(value):
            return literal_text(value)
        case Member(path):
            return reduce(member_text, path, "msg")
        case Item(name):
            return name
        case Header(name):
            return member_text("h", name)
        case Attribute(name):
            return member_text("m", name)
        case Reckoned(sign, left, right):
            return f'reckon({_operand(left)}, "{sign}", {_operand(right)})'
