"""CEL's grammar, by precedence: each operator binds as tightly as its row says, from loose to tight.

    a ? b : c                    to the right
    a || b     a && b
    a == b  != < <= > >= in
    a + b  -      a * b  / %
    -a  !a
    a.b  a.f(x)  a[b]

`&&` and `||` take any number of parts, so that long chains are not deep.
"""

from typing import Final

from dragoman.kernel.filters.cel.lexer import INT_MAX, RESERVED, Token, tokens
from dragoman.kernel.filters.cel.syntax import (
    Call,
    Entries,
    Identifier,
    Items,
    Kind,
    Literal,
    Member,
    Node,
    wrong,
)
from dragoman.model.errors import InvalidArgument

SOURCE_BYTES_MAX: Final = 4_096
DEPTH_MAX: Final = 32  # of what is inside of each other
CHAIN_MAX: Final = 64  # operators of one rank, or members, in a row
TERMS_MAX: Final = 1_024
CALL: Final = {
    "==": "_==_",
    "!=": "_!=_",
    "<": "_<_",
    "<=": "_<=_",
    ">": "_>_",
    ">=": "_>=_",
    "in": "@in",
    "+": "_+_",
    "-": "_-_",
    "*": "_*_",
    "/": "_/_",
    "%": "_%_",
}
RANKS: Final = (
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


def parse(text: str) -> Node:
    """Raises InvalidArgument, which says where and why."""
    if len(text.encode("utf-8", "surrogatepass")) > SOURCE_BYTES_MAX:
        raise InvalidArgument(f"CEL: an expression has at most {SOURCE_BYTES_MAX} bytes")
    parser = _Parser(text)
    found = parser.expression()
    parser.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0
        self._count = 0

    def _wrong(self, said: str, token: Token | None = None) -> InvalidArgument:
        return wrong(self._text, (token or self._tokens[self._at]).at, said)

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        self._count += 1
        if self._count > TERMS_MAX:
            raise self._wrong(f"an expression has at most {TERMS_MAX} words", token)
        return token

    def _takes(self, *signs: str) -> Token | None:
        """The next word, taken if it is one of these."""
        token = self._tokens[self._at]
        if token.said in signs and token.kind in {"sign", "name"}:
            return self._next()
        return None

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._wrong(f"{self._tokens[self._at].said} where {sign} belongs")

    def end(self) -> None:
        """Raises InvalidArgument unless all is read."""
        token = self._tokens[self._at]
        if token.kind != "end":
            raise self._wrong(f"{token.said} where the expression should end")

    def expression(self) -> Node:
        """One with a choice or without."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._wrong(f"at most {DEPTH_MAX} inside each other")
        found = self._joined("||")
        sign = self._takes("?")
        if sign is not None:
            then = self._joined("||")
            self._expect(":")
            found = Call(sign.at, "_?_:_", (found, then, self.expression()))
        self._depth -= 1
        return found

    def _joined(self, word: str) -> Node:
        parts = [self._part(word)]
        first: Token | None = None
        while (sign := self._takes(word)) is not None:
            first = first or sign
            parts.append(self._part(word))
        if first is None:
            return parts[0]
        return Call(first.at, f"_{word}_", tuple(parts))

    def _part(self, word: str) -> Node:
        return self._joined("&&") if word == "||" else self._ranked(0)

    def _ranked(self, rank: int) -> Node:
        if rank == len(RANKS):
            return self._signed()
        found = self._ranked(rank + 1)
        chain = 0
        while (sign := self._takes(*RANKS[rank])) is not None:
            chain = self._longer(chain, sign)
            found = Call(sign.at, CALL[sign.said], (found, self._ranked(rank + 1)))
        return found

    def _longer(self, chain: int, sign: Token) -> int:
        if chain >= CHAIN_MAX:
            raise self._wrong(f"at most {CHAIN_MAX} in a row", sign)
        return chain + 1

    def _signed(self) -> Node:
        sign = self._takes("-", "!")
        if sign is None:
            return self._primary_and_members()
        literal = self._tokens[self._at].literal
        if sign.said == "-" and literal is not None and literal[0] in {Kind.INT, Kind.DOUBLE}:
            self._tokens[self._at] = self._negated(literal)
            return self._primary_and_members()
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._wrong(f"at most {DEPTH_MAX} inside each other", sign)
        part = self._signed()
        self._depth -= 1
        return Call(sign.at, f"{sign.said}_", (part,))

    def _negated(self, literal: tuple[Kind, object]) -> Token:
        token = self._tokens[self._at]
        kind, value = literal
        assert isinstance(value, int | float)
        return token._replace(literal=(kind, -value))

    def _primary_and_members(self) -> Node:
        found = self._primary()
        chain = 0
        while (sign := self._takes(".", "[")) is not None:
            chain = self._longer(chain, sign)
            if sign.said == "[":
                found = Call(sign.at, "_[_]", (found, self.expression()))
                self._expect("]")
                continue
            name = self._next()
            if name.kind not in {"name", "quoted"} and name.said not in {"true", "false", "null"}:
                raise self._wrong(f"{name.said} where a name belongs", name)
            if name.kind == "name" and self._takes("("):
                found = Call(name.at, name.said, self._several(")"), found)
            else:
                found = Member(sign.at, found, name.said)
        return found

    def _primary(self) -> Node:
        token = self._next()
        if token.literal is not None:
            kind, value = token.literal
            if kind is Kind.INT and value == INT_MAX + 1:
                raise self._wrong("an int has 64 bits, one of them for the sign", token)
            return Literal(token.at, kind, value)
        if token.kind == "name":
            return self._named(token)
        if token.said == "(" and token.kind == "sign":
            found = self.expression()
            self._expect(")")
            return found
        if token.said == "[":
            return Items(token.at, self._several("]"))
        if token.said == "{":
            return Entries(token.at, self._entries())
        if token.said == "." and self._tokens[self._at].kind == "name":
            return self._named(self._next())
        raise self._wrong(f"{token.said} where a value belongs", token)

    def _named(self, token: Token) -> Node:
        if token.said in RESERVED or token.said == "in":
            raise self._wrong(f"{token.said} is a reserved word", token)
        if self._takes("("):
            return Call(token.at, token.said, self._several(")"))
        if self._tokens[self._at].said == "{" and self._tokens[self._at].kind == "sign":
            raise self._wrong("messages are not made here: a map is {...} alone")
        return Identifier(token.at, token.said)

    def _several(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._takes(closing):
            if found:
                self._expect(",")
                if closing == "]" and self._takes(closing):
                    break
            found.append(self.expression())
        return tuple(found)

    def _entries(self) -> tuple[tuple[Node, Node], ...]:
        found: list[tuple[Node, Node]] = []
        while not self._takes("}"):
            if found:
                self._expect(",")
                if self._takes("}"):
                    break
            key = self.expression()
            self._expect(":")
            found.append((key, self.expression()))
        return tuple(found)
