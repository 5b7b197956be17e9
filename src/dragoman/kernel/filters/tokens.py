r"""The words of SQL's conditions, as Service Bus's rules and JMS's selectors write them.

text        'it''s', N'it''s'               number   12, 0x1F, 1.5e3
name        [any name], "any name"          word     a letter, then letters, digits, underscores, $
parameter   @name                           sign     <> != >= <= = < > ( ) + - * / % , . ;
"""

import re
from typing import Final

from dragoman.model.errors import InvalidArgument

Token = tuple[str, str, str]
"""(kind: one of the above or end; what it says; as it stands)."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>[Nn]?'(?:[^']|'')*')
    | (?P<name>\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+")
    | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<parameter>@[^\W\d]\w*)
    | (?P<word>(?:[^\W\d]|\$)[\w$]*)
    | (?P<sign><>|!=|>=|<=|[=<>()+\-*/%,.;])
    )""",
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """The last is the end. Raises InvalidArgument."""
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


def number_of(text: str) -> int | float:
    """Of a token of that kind."""
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return int(text) if text.isdecimal() else float(text)
