"""A predicate as people read it: close to CEL, with `h` for headers, `m` for message attributes, `msg` for the body.

    h.tier == "gold" && (m.subject.startsWith("eu/") || !("trace" in h))

Written for eyes and logs; bytes and text that is not UTF-8 come out escaped. The text is at most `TEXT_CHARS_MAX` long,
then cut.
"""

from functools import reduce
from typing import Final

from dragoman.kernel.filters.nodes import (
    And,
    Compare,
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
    Some,
    Text,
)
from dragoman.kernel.filters.spelling import IDENTIFIER, literal_text, member_text, spell

TEXT_CHARS_MAX: Final = 65_536


def to_text(predicate: Predicate) -> str:
    """The predicate in one line."""
    text = _spell(predicate)
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"


def _spell(node: Predicate) -> str:
    match node:
        case Compare(op, left, right):
            return f"{_operand(left)} {op.value} {_operand(right)}"
        case In(field, values, folded):
            return f"{_folded(field, folded=folded)} in [{', '.join(map(_operand, values))}]"
        case Text(op, field, part, folded):
            return f"{_folded(field, folded=folded)}.{op.value}({literal_text(part)})"
        case Matches(field, pattern):
            return f"{_operand(field)}.matches({literal_text(pattern)})"
        case Exists(field):
            return _presence(field)
        case Some(field, part):
            return f"{_operand(field)}.exists(item, {_spell(part)})"
        case Holds(expression):
            return f"({spell(expression)})"
        case And(parts):
            return " && ".join(map(_part, parts)) or "true"
        case Or(parts):
            return " || ".join(map(_part, parts)) or "false"
        case Not(part):
            return f"!({_spell(part)})"


def _part(node: Predicate) -> str:
    """As it stands inside && or ||: in parentheses when it is one of them itself."""
    return f"({_spell(node)})" if isinstance(node, And | Or) else _spell(node)


def _folded(field: Field | Reckoned, *, folded: bool) -> str:
    return f"{_operand(field)}.lowerAscii()" if folded else _operand(field)


def _presence(field: Field) -> str:
    if isinstance(field, Member) or IDENTIFIER.match(field.name):
        return f"has({_operand(field)})"
    return f"{literal_text(field.name)} in {'h' if isinstance(field, Header) else 'm'}"


def _operand(operand: Operand) -> str:
    if isinstance(operand, Literal):
        return literal_text(operand.value)
    if isinstance(operand, Item):
        return operand.name
    if isinstance(operand, Reckoned):
        return f"({_operand(operand.left)} {operand.sign} {_operand(operand.right)})"
    if isinstance(operand, Member):
        return reduce(member_text, operand.path, "msg")
    return member_text("h" if isinstance(operand, Header) else "m", operand.name)
