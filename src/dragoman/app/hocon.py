"""As much of HOCON as configuration files of ElasticMQ use: JSON that people write. Cold.

    a.b = 1      a { b : 1 }      a = { b = 1 }, c = "text"      list = [1, 2]      # and // begin comments

Keys may be dotted; objects of one name are merged, later values win; `a { }` needs no `=`. Text needs no quotes:
`10 seconds`, `queue-1`. What is not understood here is refused, but for `include` and `${?NAME}`, which say where more
would come from: they are skipped.
"""

import re
from typing import Any, Final

DEPTH_MAX: Final = 32
_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\f\v\u00a0\ufeff]+|(?:\#|//)[^\n]*)"""
    r"""|(?P<long>\"\"\"(?:.|\n)*?\"\"\")"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*")"""
    r"""|(?P<mark>[{}\[\],:=\n]|\+=)"""
    r"""|(?P<ask>\$\{\??[^}\n]*\})"""
    r"""|(?P<word>(?:(?!//)[^\s{}\[\],:=\#"$+])+)"""
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

Object = dict[str, Any]


class HoconError(ValueError):
    """Where the text is none of this, and what is wrong there."""


class _Reader:
    """Tokens in a row: (kind, text, line). Spaces and comments are left out."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._at = 0
        pos, line = 0, 1
        while pos < len(text):
            found = _TOKEN.match(text, pos)
            if found is None:
                raise HoconError(f"line {line}: {text[pos]!r} has no meaning here")
            kind = str(found.lastgroup)
            if kind != "space":
                self._tokens.append((kind, found.group(), line))
            line += found.group().count("\n")
            pos = found.end()
        self._tokens.append(("end", "", line))

    def peek(self) -> tuple[str, str]:
        kind, text, _ = self._tokens[self._at]
        return kind, text

    def take(self) -> tuple[str, str]:
        found = self.peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return found

    def wrong(self, what: str) -> HoconError:
        _, text, line = self._tokens[self._at]
        return HoconError(f"line {line}: {what}, not {text.strip() or 'the end'!r}")

    def skip(self, marks: str) -> None:
        while self.peek()[0] == "mark" and self.peek()[1] in marks:
            self.take()


def read(text: str) -> Object:
    """The file's object. Raises HoconError."""
    reader = _Reader(text)
    reader.skip("\n")
    if reader.peek() == ("mark", "{"):
        reader.take()
        found = _members(reader, "}", 0)
        reader.skip("\n")
    else:
        found = _members(reader, "", 0)
    if reader.peek()[0] != "end":
        raise reader.wrong("expected nothing more")
    return found


def _members(reader: _Reader, end: str, depth: int) -> Object:
    """Members up to the mark `end`, which is taken; to the end of the text where it is empty."""
    if depth > DEPTH_MAX:
        raise reader.wrong(f"objects are at most {DEPTH_MAX} deep")
    found: Object = {}
    while True:
        reader.skip("\n,")
        kind, text = reader.peek()
        if kind == "end" or (kind == "mark" and text == end):
            if (kind == "end") == bool(end):
                raise reader.wrong(f"expected {end or 'a key'}")
            reader.take()
            return found
        if (kind, text) == ("word", "include"):
            while reader.peek()[0] != "end" and reader.peek() != ("mark", "\n"):
                reader.take()
            continue
        _member(reader, found, depth)


def _member(reader: _Reader, found: Object, depth: int) -> None:
    path = _key(reader)
    kind, text = reader.peek()
    if kind == "mark" and text in (":", "="):
        reader.take()
        reader.skip("\n")
    elif (kind, text) != ("mark", "{"):
        raise reader.wrong("expected =, : or {")
    value = _value(reader, depth)
    if value is not None:
        _put(found, path, value)


def _key(reader: _Reader) -> list[str]:
    kind, text = reader.take()
    parts: list[str] = []
    while kind in ("word", "text"):
        parts += [_unquoted(text)] if kind == "text" else [part for part in text.split(".") if part]
        if reader.peek()[0] not in ("word", "text"):
            break
        kind, text = reader.take()
    if not parts:
        raise reader.wrong("expected a key")
    return parts


def _value(reader: _Reader, depth: int) -> Any:
    """A value; None where it would come from elsewhere."""
    kind, text = reader.peek()
    if (kind, text) == ("mark", "{"):
        reader.take()
        return _members(reader, "}", depth + 1)
    if (kind, text) == ("mark", "["):
        reader.take()
        return _items(reader, depth + 1)
    words: list[str] = []
    is_asked = False
    while reader.peek()[0] in ("word", "text", "long", "ask"):
        kind, text = reader.take()
        is_asked = is_asked or kind == "ask"
        words.append(
            _unquoted(text) if kind == "text" else text.strip('"') if kind == "long" else text
        )
    if is_asked:
        return None
    if not words:
        raise reader.wrong("expected a value")
    return _plain(words[0]) if len(words) == 1 and kind == "word" else " ".join(words)


def _items(reader: _Reader, depth: int) -> list[Any]:
    if depth > DEPTH_MAX:
        raise reader.wrong(f"lists are at most {DEPTH_MAX} deep")
    found: list[Any] = []
    while True:
        reader.skip("\n,")
        if reader.peek() == ("mark", "]"):
            reader.take()
            return found
        found.append(_value(reader, depth))


def _unquoted(text: str) -> str:
    """The text of a quoted one."""
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _escape, text[1:-1])


def _escape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)


def _plain(word: str) -> Any:
    if word in ("true", "false"):
        return word == "true"
    if re.fullmatch(r"-?[0-9]{1,18}", word, re.ASCII):
        return int(word)
    return word


def _put(found: Object, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        below = found.get(part)
        if not isinstance(below, dict):
            below = found[part] = {}
        found = below
    known = found.get(path[-1])
    if isinstance(known, dict) and isinstance(value, dict):
        for name, item in value.items():
            _put(known, [name], item)
    else:
        found[path[-1]] = value
