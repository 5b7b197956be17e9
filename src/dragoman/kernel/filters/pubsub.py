"""Front end: the filter of a Pub/Sub subscription.

    {"expression": 'attributes:tier AND NOT hasPrefix(attributes.region, "eu")'}

    attributes:NAME                    it is there
    attributes.NAME = "v"              it says so
    attributes.NAME != "v"             it does not; also where it is not there
    hasPrefix(attributes.NAME, "v")    it begins so
    NOT x, -x, x AND y, x OR y, (x)    AND and OR are not mixed without parentheses

A name that is no identifier stands in quotes: attributes."iana.org/language_tag". Attributes are a message's headers;
nothing is said of its body. Case counts.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.kernel.filters.nodes import (
    DEPTH_MAX,
    And,
    Compare,
    CompareOp,
    Exists,
    Header,
    Literal,
    Not,
    Or,
    Predicate,
    Text,
    TextOp,
    equals,
)
from dragoman.model.errors import InvalidArgument

EXPRESSION: Final = "expression"
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>!=|[=:.,()-]))""",
    re.DOTALL,
)
_ESCAPES: Final[Mapping[str, str]] = {"n": "\n", "t": "\t", "r": "\r"}
_END: Final = ("end", "")
_MISSING: Final = "it ends too early"

Token = tuple[str, str]
"""(kind: text, word, sign or end; what it says)."""


def pubsub_filter(settings: Mapping[str, Any]) -> Predicate:
    """The predicate of a subscription's filter. Raises InvalidArgument."""
    text = settings.get(EXPRESSION)
    if not isinstance(text, str):
        raise InvalidArgument("a filter is text")
    parser = _Parser(_tokens(text))
    found = parser.expression(0)
    parser.expect(_END)
    return found


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidArgument(f"what is {text[at : at + 20].strip()!r}?")
        kind = match.lastgroup or ""
        said = match.group(kind)
        found.append((kind, _unquoted(said) if kind == "text" else said))
        at = match.end()
    return [*found, _END]


def _unquoted(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1], flags=re.DOTALL
    )


class _Parser:
    """Recursive descent over tokens, DEPTH_MAX deep."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token is not _END
        return token

    def _is_next(self, token: Token) -> bool:
        return self._tokens[self._at] == token

    def expect(self, token: Token) -> None:
        """Raises InvalidArgument."""
        found = self._next()
        if found != token:
            said = f"{found[1]!r} where {token[1] or 'the end'!r} belongs"
            raise InvalidArgument(_MISSING if found is _END else said)

    def expression(self, depth: int) -> Predicate:
        """Terms under one operator."""
        if depth >= DEPTH_MAX:
            raise InvalidArgument(f"at most {DEPTH_MAX} inside each other")
        parts = [self._term(depth)]
        joined = self._tokens[self._at][1]
        kinds: Mapping[str, Callable[[tuple[Predicate, ...]], Predicate]] = {"AND": And, "OR": Or}
        if self._tokens[self._at][0] != "word" or joined not in kinds:
            return parts[0]
        while self._is_next(("word", joined)):
            self._next()
            parts.append(self._term(depth))
        if self._tokens[self._at][1] in kinds and self._tokens[self._at][0] == "word":
            raise InvalidArgument("AND and OR need parentheses")
        return kinds[joined](tuple(parts))

    def _term(self, depth: int) -> Predicate:
        kind, said = self._next()
        if (kind, said) in {("word", "NOT"), ("sign", "-")}:
            if depth >= DEPTH_MAX:
                raise InvalidArgument(f"at most {DEPTH_MAX} inside each other")
            return Not(self._term(depth + 1))
        if (kind, said) == ("sign", "("):
            found = self.expression(depth + 1)
            self.expect(("sign", ")"))
            return found
        if (kind, said) == ("word", "hasPrefix"):
            return self._prefix()
        if (kind, said) == ("word", "attributes"):
            return self._attribute()
        raise InvalidArgument(
            _MISSING if kind == "end" else f"{said!r} is neither attributes nor hasPrefix"
        )

    def _prefix(self) -> Predicate:
        self.expect(("sign", "("))
        self.expect(("word", "attributes"))
        self.expect(("sign", "."))
        field = Header(self._name())
        self.expect(("sign", ","))
        part = self._text()
        self.expect(("sign", ")"))
        return And((Exists(field), Text(TextOp.PREFIX, field, part)))

    def _attribute(self) -> Predicate:
        kind, said = self._next()
        if (kind, said) == ("sign", ":"):
            return Exists(Header(self._name()))
        if (kind, said) != ("sign", "."):
            raise InvalidArgument(_MISSING if kind == "end" else f"attributes{said}")
        field = Header(self._name())
        operator = self._next()
        if operator == ("sign", "="):
            return And((Exists(field), equals(field, self._text())))
        if operator == ("sign", "!="):
            differs = Compare(CompareOp.NE, field, Literal(self._text()))
            return Or((Not(Exists(field)), differs))
        raise InvalidArgument(f"{operator[1]!r} where = or != belongs")

    def _name(self) -> str:
        kind, said = self._next()
        if kind not in {"word", "text"} or not said:
            raise InvalidArgument("an attribute has a name")
        return said

    def _text(self) -> str:
        kind, said = self._next()
        if kind != "text":
            raise InvalidArgument("a value stands in quotes")
        return said
