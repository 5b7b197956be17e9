"""Front end: a condition in CEL.

    {"expression": 'h.tier == "gold" && msg.total > 100 && !("trace" in h)'}

What only asks headers and fields of the message for a literal becomes predicates, which the index finds by look-up and
which never open a body; the rest is reckoned behind them, `Holds`. Where it cannot be told the message does not match.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.evaluation import EXACT_MAX
from dragoman.kernel.filters.expressions import (
    AllOf,
    AnyOf,
    Call,
    Constant,
    Deny,
    Expression,
    Has,
    Select,
    UInt,
)
from dragoman.kernel.filters.message import TIMES, is_name_of
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Header,
    Holds,
    In,
    Literal,
    Not,
    Or,
    Predicate,
    Text,
    TextOp,
)
from dragoman.model.errors import InvalidArgument

EXPRESSION: Final = "expression"
_OPERATORS: Final = {f"_{op.value}_": op for op in CompareOp}
_FLIPPED: Final = {
    CompareOp.EQ: CompareOp.EQ,
    CompareOp.NE: CompareOp.NE,
    CompareOp.LT: CompareOp.GT,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.GE: CompareOp.LE,
}
_TEXTS: Final = {op.value: op for op in TextOp}

Property = Header | Attribute


def cel_filter(settings: Mapping[str, Any]) -> Predicate:
    """The predicate of a condition. Raises InvalidArgument, which says where and why."""
    text = settings.get(EXPRESSION)
    if not isinstance(text, str) or not text.strip():
        raise InvalidArgument("CEL: a filter has an expression, which is text")
    found = expression_of(text)
    if found.type.name not in {"bool", "dyn"}:
        raise InvalidArgument(f"CEL: a filter is a bool, not {found.type}")
    return predicate_of(found)


def predicate_of(node: Expression) -> Predicate:
    """The same, as much of it as can be in predicates."""
    return _simple(node) or Holds(node)


def _simple(node: Expression) -> Predicate | None:
    """None where nothing of it is a predicate."""
    match node:
        case Constant(value=bool() as value):
            return And(()) if value else Or(())
        case AllOf(parts=parts):
            return _joined(parts, And, lambda rest: AllOf(type=node.type, parts=rest))
        case AnyOf(parts=parts):
            return _joined(parts, Or, lambda rest: AnyOf(type=node.type, parts=rest))
        case Deny(part=part):
            found = _simple(part)
            return None if found is None else Not(found)
        case Has(of=of, name=name):
            field = _field(of, name)
            return None if field is None else Exists(field)
        case Call(function="@in", operands=(item, within)):
            return _within(item, within)
        case Call(function=function, operands=(left, right)) if function in _OPERATORS:
            return _compared(_OPERATORS[function], left, right)
        case Call(function=function, operands=(text, Constant(value=str() as part))) if (
            function in _TEXTS
        ):
            field = _property(text)
            return None if field is None else Text(_TEXTS[function], field, part)
    return None


def _joined(
    parts: tuple[Expression, ...],
    kind: Callable[[tuple[Predicate, ...]], Predicate],
    rest_of: Callable[[tuple[Expression, ...]], Expression],
) -> Predicate | None:
    """Predicates first, then all else as one expression."""
    found = [(part, _simple(part)) for part in parts]
    simple = tuple(predicate for _, predicate in found if predicate is not None)
    rest = tuple(part for part, predicate in found if predicate is None)
    if not simple:
        return None
    if not rest:
        return kind(simple)
    return kind((*simple, Holds(rest[0] if len(rest) == 1 else rest_of(rest))))


def _field(of: Expression, name: str) -> Property | None:
    if is_name_of(of, "h"):
        return Header(name)
    return Attribute(name) if is_name_of(of, "m") else None


def _property(node: Expression) -> Property | None:
    """What a predicate may be about. Times are numbers there, and not here."""
    if not isinstance(node, Select) or node.name in TIMES:
        return None
    return _field(node.of, node.name)


def _compared(op: CompareOp, left: Expression, right: Expression) -> Predicate | None:
    if isinstance(left, Constant):
        op, left, right = _FLIPPED[op], right, left
    field = _property(left)
    if field is None or not isinstance(right, Constant) or not _is_simple(right.value):
        return None
    if op not in {CompareOp.EQ, CompareOp.NE} and (
        right.value is None or right.value.__class__ is bool
    ):
        return None
    return Compare(op, field, _literal(right.value))


def _within(item: Expression, within: Expression) -> Predicate | None:
    if isinstance(item, Constant) and isinstance(item.value, str) and is_name_of(within, "h"):
        return Exists(Header(item.value))
    field = _property(item)
    if field is None or not isinstance(within, Constant) or not all(map(_is_simple, within.value)):
        return None
    return In(field, tuple(map(_literal, within.value)))


def _is_simple(value: Any) -> bool:
    """Whether predicates compare with it as CEL does."""
    kind = value.__class__
    if kind is int or kind is UInt or kind is float:
        return bool(-EXACT_MAX < value < EXACT_MAX)
    return value is None or kind is bool or kind is str or kind is bytes


def _literal(value: Any) -> Literal:
    return Literal(int(value) if value.__class__ is UInt else value)
