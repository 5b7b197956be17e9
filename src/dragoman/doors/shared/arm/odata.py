"""The filters that ARM's lists take: conditions on `name` alone, as Event Grid and its kin document them.

    contains(name, 'PATTERN') and name ne 'PATTERN-1' or not (name eq 'x')

`not` binds tightest, then `and`, then `or`. Case counts in nothing.
"""

import re
from collections.abc import Callable
from typing import Final

from dragoman.doors.shared.arm.errors import ArmError

FILTER_CHARS_MAX: Final = 2_048
DEPTH_MAX: Final = 16
_TOKEN: Final = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[A-Za-z]+)\s*")

Test = Callable[[str], bool]


def name_filter(text: str) -> Test:
    """Whether a name passes. Raises ArmError for anything that is no such filter."""
    if len(text) > FILTER_CHARS_MAX:
        raise _refused(text)
    parser = _Parser(text)
    found = parser.alternatives(0)
    if parser.tokens:
        raise _refused(text)
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _refused(text)
            self.tokens.append(match[1])
            at = match.end()
        self.tokens.reverse()

    def alternatives(self, depth: int) -> Test:
        tests = [self._conjunction(depth)]
        while self._take("or"):
            tests.append(self._conjunction(depth))
        return lambda name: any(test(name) for test in tests)

    def _conjunction(self, depth: int) -> Test:
        tests = [self._term(depth)]
        while self._take("and"):
            tests.append(self._term(depth))
        return lambda name: all(test(name) for test in tests)

    def _term(self, depth: int) -> Test:
        if depth > DEPTH_MAX:
            raise _refused(self._text)
        if self._take("not"):
            inner = self._term(depth + 1)
            return lambda name: not inner(name)
        if self._take("("):
            found = self.alternatives(depth + 1)
            self._need(")")
            return found
        if self._take("contains"):
            for token in ("(", "name", ","):
                self._need(token)
            part = self._string()
            self._need(")")
            return lambda name: part in name.lower()
        self._need("name")
        negated = not self._take("eq")
        if negated:
            self._need("ne")
        wanted = self._string()
        return lambda name: (name.lower() == wanted) is not negated

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[-1].lower() == token:
            self.tokens.pop()
            return True
        return False

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise _refused(self._text)

    def _string(self) -> str:
        token = self.tokens.pop() if self.tokens else ""
        if not token.startswith("'"):
            raise _refused(self._text)
        return token[1:-1].replace("''", "'").lower()


def _refused(text: str) -> ArmError:
    return ArmError(400, "InvalidFilter", f"$filter: not a filter on name: {text:.100}")
