r"""The words of CEL.

12  0x1F  7u  1.5  .5  1e3        numbers; a sign is an operator
"a" 'a' r"\n" b"\xff"             text and bytes, raw with r, over lines in three quotes
name  `a-b`                       names; the latter behind a point only
== != <= >= && || and signs       // to the end of the line is skipped
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from dragoman.kernel.filters.cel.syntax import Kind, wrong
from dragoman.kernel.filters.expressions import UInt

INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1
DIGITS_MAX: Final = 400  # of a number
RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "namespace",
        "package",
        "return",
        "var",
        "void",
        "while",
    ]
)
WORDS: Final = {"true": (Kind.BOOL, True), "false": (Kind.BOOL, False), "null": (Kind.NULL, None)}

_TOKEN: Final = re.compile(
    r"""
      (?P<space>[\t\n\f\r\ ]+|//[^\n]*)
    | (?P<text>(?:[rR][bB]?|[bB][rR]?)?(?:\"{3}|'{3}|"|'))
    | (?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<number>(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?)
    | (?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
    | (?P<quoted>`[a-zA-Z0-9_.\-/\ ]+`)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(
    r"""\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.|\Z))""",
    re.DOTALL,
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Token(NamedTuple):
    """`kind`: name, quoted, sign, literal or end; `said`: what it says, of a literal beside its kind and value."""

    at: int
    kind: str
    said: str
    literal: tuple[Kind, object] | None = None


def tokens(text: str) -> Iterator[Token]:
    """The words, an end behind them. Raises InvalidArgument."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise wrong(text, at, f"what is {text[at]!r}?")
        kind, said, start = match.lastgroup or "", match[0], at
        at = match.end()
        if kind == "text":
            literal, at = _text(text, start, said)
            yield Token(start, "literal", said, literal)
        elif kind in {"double", "number"}:
            if at < len(text) and (text[at].isalnum() or text[at] == "_"):
                raise wrong(text, at, f"{text[at]!r} behind a number")
            yield Token(start, "literal", said, _number(text, start, kind, said))
        elif kind == "name" and said in WORDS:
            yield Token(start, "literal", said, WORDS[said])
        elif kind == "quoted":
            yield Token(start, kind, said[1:-1])
        elif kind != "space":
            yield Token(start, kind, said)
    yield Token(len(text), "end", "the end")


def _number(text: str, at: int, kind: str, said: str) -> tuple[Kind, object]:
    """Raises InvalidArgument. One that is just too large for a sign in front is left to the parser."""
    if len(said) > DIGITS_MAX:
        raise wrong(text, at, "a number of too many digits")
    if kind == "double":
        return Kind.DOUBLE, float(said)
    digits = said.rstrip("uU")
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    if digits != said:
        if value > UINT_MAX:
            raise wrong(text, at, "a uint has 64 bits")
        return Kind.UINT, UInt(value)
    if value > INT_MAX + 1:
        raise wrong(text, at, "an int has 64 bits, one of them for the sign")
    return Kind.INT, value


def _text(text: str, start: int, opening: str) -> tuple[tuple[Kind, object], int]:
    """The literal that opens at `start`, and where it ends. Raises InvalidArgument."""
    quotes = opening.lstrip("rRbB")
    prefix = opening[: len(opening) - len(quotes)].lower()
    body = start + len(opening)
    end = _closing(text, start, body, quotes, is_raw="r" in prefix)
    said = text[body:end]
    is_bytes = "b" in prefix
    if "r" not in prefix:
        said = _unescaped(text, body, said, is_bytes=is_bytes)
    elif is_bytes:
        said = said.encode("utf-8", "surrogatepass").decode("latin-1")
    end += len(quotes)
    if is_bytes:
        return (Kind.BYTES, said.encode("latin-1")), end
    return (Kind.STRING, said), end


def _closing(text: str, start: int, at: int, quotes: str, *, is_raw: bool) -> int:
    while not text.startswith(quotes, at):
        if at >= len(text) or (len(quotes) == 1 and text[at] in "\r\n"):
            raise wrong(text, start, f"a text that no {quotes} ends")
        at += 1 if is_raw or text[at] != "\\" else 2
    return at


def _unescaped(text: str, at: int, said: str, *, is_bytes: bool) -> str:
    """Of bytes each as a character below 256. Raises InvalidArgument."""
    made: list[str] = []
    done = 0

    def add(part: str) -> None:
        made.append(part.encode("utf-8", "surrogatepass").decode("latin-1") if is_bytes else part)

    for found in _ESCAPE.finditer(said):
        add(said[done : found.start()])
        done = found.end()
        simple, two, four, eight, octal, other = found.groups()
        code = int(two or four or eight or "0", 16) or int(octal or "0", 8)
        is_point = bool(four or eight)
        if other is not None or (is_point and is_bytes):
            raise wrong(text, at + found.start(), f"{found[0]} is no escape here")
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise wrong(text, at + found.start(), f"{found[0]} is no code point")
        made.append(_SIMPLE.get(simple, simple) if simple else chr(code))
    add(said[done:])
    return "".join(made)
