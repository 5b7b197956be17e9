r"""Front end: the SQL of Service Bus's rules, a subset of SQL-92's conditions.

    NOT a, a AND b, a OR b, (a)                        three-valued: what is not there is unknown
    x = y, <>, !=, <, <=, >, >=
    p IS [NOT] NULL, EXISTS(p)
    p [NOT] IN (x, ..)
    p [NOT] LIKE 'a%b_c' [ESCAPE '\']                  % any text, _ any one character
    12, 0x1F, 1.5e3, 'it''s', TRUE, FALSE, + - * / %   reckoned beforehand, so between constants only
    name, user.name, [any name], "any name", property('any name')
    sys.Name                                           one of SYSTEM, in any case

Words of the language count in any case; names of properties and texts as they are. Not offered, and said so:
arithmetic on properties, NULL but for IS NULL, newid(), parameters.
"""

import re
from collections.abc import Callable, Mapping
from operator import add, mul, sub
from typing import Any, Final

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
    Or,
    Predicate,
    Text,
    TextOp,
    equals,
)
from dragoman.model.errors import InvalidArgument

CHARS_MAX: Final = 1_024
SYSTEM: Final[Mapping[str, str]] = {
    "messageid": "id",
    "correlationid": "correlation",
    "label": "type",
    "subject": "type",
    "to": "to",
    "replyto": "reply_to",
    "sessionid": "group",
    "replytosessionid": "reply_group",
    "contenttype": "content_type",
    "partitionkey": "key",
}
"""System properties, in lower case, and the attributes they are."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>[Nn]?'(?:[^']|'')*')
    | (?P<name>\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+")
    | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><>|!=|>=|<=|[=<>()+\-*/%,.])
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final[Mapping[str, CompareOp]] = {
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

Token = tuple[str, str, str]
"""(kind: text, name, number, word, sign or end; what it says; as it stands)."""
Property = Header | Attribute
Operand = Property | Literal
_OPERANDS: Final = (Header, Attribute, Literal)


def sql_filter(text: str) -> Predicate:
    """The predicate of an expression. Raises InvalidArgument."""
    if not text.strip():
        raise InvalidArgument("an expression is text")
    if len(text) > CHARS_MAX:
        raise InvalidArgument(f"an expression has at most {CHARS_MAX} characters")
    parser = _Parser(text)
    found = parser.either()
    parser.expect("")
    return _predicate(found)


class _Parser:
    """Recursive descent over tokens, DEPTH_MAX deep. A method returns a predicate or an operand, as it turns out."""

    def __init__(self, text: str) -> None:
        self._tokens: list[Token] = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _said(self) -> str:
        """The next token, unless it is text or a name in quotes, which nothing of the language looks like."""
        kind, said, _ = self._tokens[self._at]
        return said.upper() if kind in {"word", "sign"} else ""

    def _next(self) -> tuple[str, str]:
        kind, said, _ = self._tokens[self._at]
        self._at += kind != "end"
        return kind, said

    def _takes(self, *words: str) -> str:
        """The next token, taken if it is one of these; else empty."""
        found = self._said()
        if not found or found not in words:
            return ""
        self._at += 1
        return found

    def expect(self, word: str) -> None:
        """Raises InvalidArgument unless `word` comes next; empty is the end."""
        if not (self._takes(word) if word else self._kind() == "end"):
            raise self._wrong(word or "the end")

    def _wrong(self, wanted: str) -> InvalidArgument:
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
        if self._said() != word:
            return found
        parts = [_predicate(found)]
        while self._takes(word):
            parts.append(_predicate(parse()))
        return kind(tuple(parts))

    def _term(self) -> Predicate | Operand:
        if self._takes("NOT"):
            return Not(_predicate(self._deeper(self._term)))
        left = self._sum()
        word = self._said()
        if word in _COMPARISONS:
            self._at += 1
            return Compare(_COMPARISONS[word], _operand(left), _operand(self._sum()))
        if self._takes("IS"):
            is_there = bool(self._takes("NOT"))
            self.expect("NULL")
            found = Exists(_property(left, "IS NULL"))
            return found if is_there else Not(found)
        denied = bool(self._takes("NOT"))
        if self._takes("IN"):
            found_in = self._in(_property(left, "IN"))
        elif self._takes("LIKE"):
            found_in = self._like(_property(left, "LIKE"))
        elif denied:
            raise self._wrong("IN or LIKE")
        else:
            return left
        return Not(found_in) if denied else found_in

    def _in(self, field: Property) -> Predicate:
        self.expect("(")
        items = [_operand(self._sum())]
        while self._takes(","):
            items.append(_operand(self._sum()))
        self.expect(")")
        literals = tuple(item for item in items if isinstance(item, Literal))
        if len(literals) == len(items):
            return In(field, literals)
        return Or(tuple(Compare(CompareOp.EQ, field, item) for item in items))

    def _like(self, field: Property) -> Predicate:
        pattern, escape = self._text("a pattern"), ""
        if self._takes("ESCAPE"):
            escape = self._text("an escape character")
            if len(escape) != 1:
                raise InvalidArgument("ESCAPE is one character")
        return like(field, pattern, escape)

    def _text(self, wanted: str) -> str:
        if self._kind() != "text":
            raise self._wrong(wanted + " in quotes")
        return self._next()[1]

    def _sum(self) -> Predicate | Operand:
        return self._reckoned(_SUMS, self._product)

    def _product(self) -> Predicate | Operand:
        return self._reckoned(_PRODUCTS, self._signed)

    def _reckoned(
        self, signs: tuple[str, ...], parse: Callable[[], Predicate | Operand]
    ) -> Predicate | Operand:
        found = parse()
        while sign := self._takes(*signs):
            found = _reckon(sign, _constant(found, sign), _constant(parse(), sign))
        return found

    def _signed(self) -> Predicate | Operand:
        sign = self._takes(*_SUMS)
        if not sign:
            return self._primary()
        return _reckon(sign, 0, _constant(self._deeper(self._signed), sign))

    def _primary(self) -> Predicate | Operand:
        if self._takes("("):
            found = self._deeper(self.either)
            self.expect(")")
            return found
        if self._kind() not in {"text", "name", "number", "word"}:
            raise self._wrong("a value or a property")
        kind, said = self._next()
        if kind == "text":
            return Literal(said)
        if kind == "number":
            return Literal(_number(said))
        if kind == "word" and said.upper() in {"TRUE", "FALSE"}:
            return Literal(said.upper() == "TRUE")
        if kind == "word" and said.upper() == "NULL":
            raise InvalidArgument("nothing equals NULL: say IS NULL")
        if kind == "word" and self._takes("("):
            return self._called(said)
        return self._property(kind, said)

    def _called(self, name: str) -> Predicate | Operand:
        if name.upper() == "EXISTS":
            found: Predicate | Operand = Exists(_property(self._primary(), "EXISTS"))
        elif name.upper() in {"PROPERTY", "P"}:
            found = Header(self._text("a property's name"))
        else:
            raise InvalidArgument(f"{name}() is not offered")
        self.expect(")")
        return found

    def _property(self, kind: str, said: str) -> Property:
        if kind == "name" or not self._takes("."):
            return Header(said)
        if self._kind() not in {"name", "word"}:
            raise self._wrong("a property's name")
        name = self._next()[1]
        if said.lower() == "user":
            return Header(name)
        if said.lower() != "sys":
            raise InvalidArgument(f"{said}. is neither sys. nor user.")
        if name.lower() not in SYSTEM:
            raise InvalidArgument(f"sys.{name} is no property to filter by")
        return Attribute(SYSTEM[name.lower()])


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidArgument(f"what is {text[at : at + 20].strip()!r}?")
        kind = match.lastgroup or ""
        raw = match.group(kind)
        found.append((kind, _plain(kind, raw), raw))
        at = match.end()
    return [*found, ("end", "", "")]


def _plain(kind: str, raw: str) -> str:
    """Without quotes."""
    if kind == "text":
        return raw.lstrip("Nn")[1:-1].replace("''", "'")
    if kind == "name":
        return raw[1:-1].replace(raw[-1] * 2, raw[-1])
    return raw


def _number(text: str) -> int | float:
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return int(text) if text.isdecimal() else float(text)


def _predicate(found: Predicate | Operand) -> Predicate:
    if isinstance(found, Literal) and isinstance(found.value, bool):
        return And(()) if found.value else Or(())
    if isinstance(found, _OPERANDS):
        raise InvalidArgument("a value stands where a condition belongs")
    return found


def _operand(found: Predicate | Operand) -> Operand:
    if not isinstance(found, _OPERANDS):
        raise InvalidArgument("a condition stands where a value belongs")
    return found


def _property(found: Predicate | Operand, word: str) -> Property:
    if not isinstance(found, Header | Attribute):
        raise InvalidArgument(f"{word} is about a property")
    return found


def _constant(found: Predicate | Operand, sign: str) -> Any:
    if not isinstance(found, Literal):
        raise InvalidArgument(f"{sign} is reckoned between constants only, not with properties")
    return found.value


def _reckon(sign: str, left: Any, right: Any) -> Literal:
    numbers = all(type(value) in (int, float) for value in (left, right))
    texts = type(left) is type(right) is str and sign == "+"
    if not numbers and not texts:
        raise InvalidArgument(f"{sign} is between numbers")
    try:
        return Literal(_OPERATORS[sign](left, right))
    except ArithmeticError:
        raise InvalidArgument(f"{left} {sign} {right} is no number") from None


def _divided(left: Any, right: Any) -> Any:
    """Whole numbers toward zero."""
    if type(left) is type(right) is int:
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    return left / right


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": _divided,
    "%": lambda left, right: left - right * int(_divided(left, right)),
}


def like(field: Property, pattern: str, escape: str) -> Predicate:
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
            return equals(field, "")
        case [text] if text[0] == "=":
            return equals(field, text[1:])
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
