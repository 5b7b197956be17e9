"""Which functions CEL has, for which operands, and what comes out.

A row's operands are letters, of which each stands for a type:

    i int   u uint   d double   b bool   s string   y bytes   t timestamp   r duration   l list   m map   x any

The result's is behind the arrow; there `=` is the type of the first operand, `.` what is inside of it.
"""

from typing import Final

from dragoman.kernel.filters.expressions import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    MAP,
    NUMERIC,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    Type,
)
from dragoman.kernel.filters.times import DURATION_PARTS, TIMESTAMP_PARTS

LETTERS: Final[dict[str, Type]] = {
    "i": INT,
    "u": UINT,
    "d": DOUBLE,
    "b": BOOL,
    "s": STRING,
    "y": BYTES,
    "t": TIMESTAMP,
    "r": DURATION,
    "l": LIST,
    "m": MAP,
    "x": DYN,
    "T": TYPE,
}
_ORDERED: Final = "ii iu id ui uu ud di du dd bb ss yy tt rr"
_SAME: Final = "ii>i uu>u dd>d"

OPERATORS: Final[dict[str, str]] = {
    "_+_": f"{_SAME} ss>s yy>y ll>= tr>t rt>t rr>r",
    "_-_": f"{_SAME} tt>r tr>t rr>r",
    "_*_": _SAME,
    "_/_": _SAME,
    "_%_": "ii>i uu>u",
    "-_": "i>i d>d",
    **{
        name: " ".join(f"{each}>b" for each in _ORDERED.split())
        for name in ("_<_", "_<=_", "_>_", "_>=_")
    },
    "@in": "xl>b xm>b",
    "_[_]": "li>. mx>.",
}
FUNCTIONS: Final[dict[str, str]] = {
    "size": "s>i y>i l>i m>i",
    "matches": "ss>b",
    "int": "i>i u>i d>i s>i t>i",
    "uint": "i>u u>u d>u s>u",
    "double": "i>d u>d d>d s>d",
    "string": "s>s i>s u>s d>s b>s y>s t>s r>s",
    "bytes": "s>y y>y",
    "bool": "b>b s>b",
    "timestamp": "s>t i>t t>t",
    "duration": "s>r r>r",
    "type": "x>T",
    "dyn": "x>x",
    "reckon": "xsx>x",
}
METHODS: Final[dict[str, str]] = {
    "size": FUNCTIONS["size"],
    "matches": "ss>b",
    "startsWith": "ss>b",
    "endsWith": "ss>b",
    "contains": "ss>b",
    "lower": "s>s",
    "lowerAscii": "s>s",
    "upperAscii": "s>s",
    **dict.fromkeys(TIMESTAMP_PARTS, "t>i ts>i"),
    **dict.fromkeys(DURATION_PARTS, "t>i ts>i r>i"),
}
"""With what stands in front of the point as their first operand."""
FOLDED: Final = frozenset({"timestamp", "duration", "bytes"})
"""Of a constant they make a constant."""


def resolve(rows: str, operands: list[Type]) -> Type | None:
    """The type of the result; not known where several rows fit that differ; None where none does."""
    found: set[Type] = set()
    for row in rows.split():
        letters, _, result = row.partition(">")
        wanted = [LETTERS[letter] for letter in letters]
        if len(wanted) == len(operands) and all(map(fits, operands, wanted)):
            found.add(_result(result, operands))
    if not found:
        return None
    return found.pop() if len(found) == 1 else DYN


def _result(letter: str, operands: list[Type]) -> Type:
    if letter == "=":
        return operands[0] if operands[0] == operands[1] else LIST
    if letter == ".":
        return operands[0].of[-1] if operands[0].of else DYN
    return LETTERS[letter]


def fits(found: Type, wanted: Type) -> bool:
    """Whether a value of the one may be of the other."""
    return DYN in {found, wanted} or found.name == wanted.name


def agree(one: Type, other: Type) -> bool:
    """Whether values of these types may be equal: numbers of all kinds, and what is null beside anything."""
    if DYN in {one, other} or "null_type" in {one.name, other.name}:
        return True
    if one.name in NUMERIC and other.name in NUMERIC:
        return True
    return one.name == other.name and all(map(agree, one.of, other.of))


def joined(types: list[Type]) -> Type:
    """The type of any of them."""
    return types[0] if types and all(each == types[0] for each in types) else DYN
