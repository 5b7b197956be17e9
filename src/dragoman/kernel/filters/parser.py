r"""Conditions of SQL-92 as predicates: what Service Bus's rules and JMS's selectors have in common.

    NOT a, a AND b, a OR b, (a)                        three-valued: what is not there is unknown
    x = y, <>, !=, <, <=, >, >=
    p IS [NOT] NULL
    x [NOT] IN (y, ..)
    x [NOT] LIKE 'a%b_c' [ESCAPE '\']                  % any text, _ any one character
    + - * / %                                          of constants beforehand, of properties for each message
    12, 0x1F, 1.5e3, 'it''s', TRUE, FALSE

Recursive descent over tokens, DEPTH_MAX deep. What a name stands for, and further words, are the dialect's: it
overrides `property`, `called`, `parameter`, `number`, `compared` and `predicate_in`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from dragoman.kernel.filters.nodes import (
    DEPTH_MAX,
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Header,
    In,
    Literal,
    Matches,
    Not,
    Operand,
    Or,
    Predicate,
    Reckoned,
    Text,
    TextOp,
)
from dragoman.kernel.filters.reckoning import WHOLE_MAX, reckon
from dragoman.kernel.filters.tokens import Token, number_of, tokens
from dragoman.kernel.filters.values import MISSING
from dragoman.model.errors import InvalidArgument

COMPARISONS: Final[Mapping[str, CompareOp]] = {
    "=": CompareOp.EQ,
    "<>": CompareOp.NE,
    "!=": CompareOp.NE,
    "<": CompareOp.LT,
    "<=": CompareOp.LE,
    ">": CompareOp.GT,
    ">=": CompareOp.GE,
}
_SUMS: Final = ("+", "-")
_PRODUCTS: Final = ("*", "/", "%")

Property = Header | Attribute
_OPERANDS: Final = (Header, Attribute, Literal, Reckoned)


class Parser:
    """A method returns a predicate or an operand, as it turns out. All raise InvalidArgument."""

    def __init__(self, text: str) -> None:
        self._tokens: list[Token] = tokens(text)
        self._at = 0
        self._depth = 0

    # --- tokens ---

    def kind(self) -> str:
        """Of the next token."""
        return self._tokens[self._at][0]

    def said(self) -> str:
        """The next token, unless it is text or a name in quotes, which nothing of the language looks like."""
        kind, said, _ = self._tokens[self._at]
        return said.upper() if kind in {"word", "sign"} else ""

    def next(self) -> tuple[str, str]:
        """The next token is taken: its kind, and what it says."""
        kind, said, _ = self._tokens[self._at]
        self._at += kind != "end"
        return kind, said

    def takes(self, *words: str) -> str:
        """The next token, taken if it is one of these; else empty."""
        found = self.said()
        if not found or found not in words:
            return ""
        self._at += 1
        return found

    def expect(self, word: str) -> None:
        """`word` comes next; empty is the end."""
        if not (self.takes(word) if word else self.kind() == "end"):
            raise self.wrong(word or "the end")

    def wrong(self, wanted: str) -> InvalidArgument:
        """What to say where something else belongs."""
        kind, _, raw = self._tokens[self._at]
        found = "the end" if kind == "end" else repr(raw)
        return InvalidArgument(f"{found} where {wanted} belongs")

    def _deeper(self, parse: Callable[[], Predicate | Operand]) -> Predicate | Operand:
        if self._depth >= DEPTH_MAX:
            raise InvalidArgument(f"at most {DEPTH_MAX} inside each other")
        self._depth += 1
        found = parse()
        self._depth -= 1
        return found

    # --- conditions ---

    def condition(self) -> Predicate:
        """All of the text."""
        found = self.either()
        self.expect("")
        return self.predicate_in(found)

    def either(self) -> Predicate | Operand:
        """Terms joined by OR."""
        return self._joined("OR", self._all, Or)

    def _all(self) -> Predicate | Operand:
        return self._joined("AND", self._term, And)

    def _joined(
        self,
        word: str,
        parse: Callable[[], Predicate | Operand],
        kind: Callable[[tuple[Predicate, ...]], Predicate],
    ) -> Predicate | Operand:
        found = parse()
        if self.said() != word:
            return found
        parts = [self.predicate_in(found)]
        while self.takes(word):
            parts.append(self.predicate_in(parse()))
        return kind(tuple(parts))

    def _term(self) -> Predicate | Operand:
        if self.takes("NOT"):
            return Not(self.predicate_in(self._deeper(self._term)))
        left = self.sum()
        word = self.said()
        if word in COMPARISONS:
            self._at += 1
            return Compare(COMPARISONS[word], operand_in(left), operand_in(self.sum()))
        if self.takes("IS"):
            is_there = bool(self.takes("NOT"))
            self.expect("NULL")
            found = Exists(property_in(left, "IS NULL"))
            return found if is_there else Not(found)
        denied = bool(self.takes("NOT"))
        compared = self.compared(left)
        if compared is None and denied:
            raise self.wrong("IN or LIKE")
        if compared is None:
            return left
        return Not(compared) if denied else compared

    def compared(self, left: Predicate | Operand) -> Predicate | None:
        """What may stand behind an operand, or behind it and NOT; None where nothing of it does."""
        if self.takes("IN"):
            return self._in(operand_in(left))
        if self.takes("LIKE"):
            return self._like(operand_in(left))
        return None

    def _in(self, left: Operand) -> Predicate:
        self.expect("(")
        items = [operand_in(self.sum())]
        while self.takes(","):
            items.append(operand_in(self.sum()))
        self.expect(")")
        literals = tuple(item for item in items if isinstance(item, Literal))
        if len(literals) == len(items) and isinstance(left, Header | Attribute):
            return In(left, literals)
        return Or(tuple(Compare(CompareOp.EQ, left, item) for item in items))

    def _like(self, left: Operand) -> Predicate:
        pattern, escape = self.text("a pattern"), ""
        if self.takes("ESCAPE"):
            escape = self.text("an escape character")
            if len(escape) != 1:
                raise InvalidArgument("ESCAPE is one character")
        if isinstance(left, Header | Attribute | Reckoned):
            return like(left, pattern, escape)
        raise InvalidArgument("LIKE is about a property")

    def text(self, wanted: str) -> str:
        """A text, of whatever constants it is made."""
        found = self.sum()
        if not isinstance(found, Literal) or not isinstance(found.value, str):
            raise InvalidArgument(f"{wanted} is text in quotes")
        return found.value

    def predicate_in(self, found: Predicate | Operand) -> Predicate:
        """What was found, where a condition belongs."""
        if isinstance(found, Literal) and isinstance(found.value, bool):
            return And(()) if found.value else Or(())
        if isinstance(found, _OPERANDS):
            raise InvalidArgument("a value stands where a condition belongs")
        return found  # type: ignore[return-value]

    # --- operands ---

    def sum(self) -> Predicate | Operand:
        """Products joined by + and -."""
        return self._reckoned(_SUMS, self._product)

    def _product(self) -> Predicate | Operand:
        return self._reckoned(_PRODUCTS, self._signed)

    def _reckoned(
        self, signs: tuple[str, ...], parse: Callable[[], Predicate | Operand]
    ) -> Predicate | Operand:
        found = parse()
        while sign := self.takes(*signs):
            found = reckoned(sign, operand_in(found), operand_in(parse()))
        return found

    def _signed(self) -> Predicate | Operand:
        sign = self.takes(*_SUMS)
        if not sign:
            return self.primary()
        return reckoned(sign, Literal(0), operand_in(self._deeper(self._signed)))

    def primary(self) -> Predicate | Operand:
        """What stands alone, or in parentheses."""
        if self.takes("("):
            found = self._deeper(self.either)
            self.expect(")")
            return found
        if self.kind() not in {"text", "name", "number", "word", "parameter"}:
            raise self.wrong("a value or a property")
        kind, said = self.next()
        if kind == "text":
            return Literal(said)
        if kind == "number":
            return self.number(said)
        if kind == "parameter":
            return self.parameter(said)
        if kind == "word" and said.upper() in {"TRUE", "FALSE"}:
            return Literal(said.upper() == "TRUE")
        if kind == "word" and said.upper() == "NULL":
            raise InvalidArgument("nothing equals NULL: say IS NULL")
        if kind == "word" and self.takes("("):
            found = self.called(said)
            self.expect(")")
            return found
        return self.property(kind, said)

    def number(self, said: str) -> Literal:
        """A constant that is one."""
        found = number_of(said)
        if found > WHOLE_MAX and isinstance(found, int):
            raise InvalidArgument(f"{said} is more than 64 bits can hold")
        return Literal(found)

    def parameter(self, said: str) -> Operand:
        """What the text is given beside it."""
        raise InvalidArgument(f"{said} is given no value")

    def called(self, name: str) -> Predicate | Operand:
        """A function; its parenthesis was opened, and will be closed."""
        raise InvalidArgument(f"{name}() is not offered")

    def property(self, kind: str, said: str) -> Property:
        """What a name stands for."""
        raise NotImplementedError


def operand_in(found: Predicate | Operand) -> Operand:
    """Raises InvalidArgument."""
    if not isinstance(found, _OPERANDS):
        raise InvalidArgument("a condition stands where a value belongs")
    return found


def property_in(found: Predicate | Operand, word: str) -> Property:
    """Raises InvalidArgument."""
    if not isinstance(found, Header | Attribute):
        raise InvalidArgument(f"{word} is about a property")
    return found


def reckoned(sign: str, left: Operand, right: Operand) -> Operand:
    """Reckoned now where both are constants. Raises InvalidArgument."""
    if not isinstance(left, Literal) or not isinstance(right, Literal):
        return Reckoned(sign, left, right)
    found = reckon(sign, left.value, right.value)
    if found is MISSING:
        raise InvalidArgument(f"{left.value!r} {sign} {right.value!r} comes to nothing")
    return Literal(found)


def like(field: Property | Reckoned, pattern: str, escape: str) -> Predicate:
    """A pattern as the simplest node that says it. Raises InvalidArgument."""
    parts: list[str] = []  # "%" and "_" are wildcards, "=..." is text
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            character = next(characters, "")  # noqa: PLW2901 - the one that it is in front of
            if not character:
                raise InvalidArgument("nothing follows the escape character")
        elif character in "%_":
            parts.append(character)
            continue
        if parts and parts[-1][0] == "=":
            parts[-1] += character
        else:
            parts.append("=" + character)
    match parts:
        case []:
            return Compare(CompareOp.EQ, field, Literal(""))
        case [text] if text[0] == "=":
            return Compare(CompareOp.EQ, field, Literal(text[1:]))
        case [text, "%"] if text[0] == "=":
            return Text(TextOp.PREFIX, field, text[1:])
        case ["%", text] if text[0] == "=":
            return Text(TextOp.SUFFIX, field, text[1:])
        case ["%", text, "%"] if text[0] == "=":
            return Text(TextOp.CONTAINS, field, text[1:])
    return Matches(field, "".join(map(_as_regex, parts)))


def _as_regex(part: str) -> str:
    if part[0] == "=":
        return re.sub(r"[!-/:-@\[-`{-~]", lambda found: "\\" + found[0], part[1:])
    return ".*" if part == "%" else "."
