"""What the two generators share: fixed-width types, runs of them, and the source being written.

A message of one version becomes one flat Python function. Neighbouring fixed-width fields, the
lengths that stand before strings and arrays, and tagged-field counts are read or written by one
`struct.Struct` call: such a neighbourhood is a *run*. Nothing from the table is pasted as code:
local names are numbered, and field names appear as string literals only.
"""

import struct
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from dragoman.wire.kafka import primitives
from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.schema import Field

# struct letter and width in bytes of each fixed-width type
FIXED: Final = {
    "i8": ("b", 1),
    "i16": ("h", 2),
    "i32": ("i", 4),
    "i64": ("q", 8),
    "u16": ("H", 2),
    "f64": ("d", 8),
    "bool": ("?", 1),
    "uuid": ("16s", 16),
}
LONG_LENGTHS: Final = frozenset({"bytes", "records"})  # a 32-bit length where not compact
ZERO_UUID: Final = bytes(16)

_IMPLICIT: Final[dict[str, int | float | bool | str | bytes]] = {
    "i8": 0,
    "i16": 0,
    "i32": 0,
    "i64": 0,
    "u16": 0,
    "f64": 0.0,
    "bool": False,
    "uuid": ZERO_UUID,
    "str": "",
    "bytes": b"",
    "records": b"",
}


class Source:
    """Python source in the making, and the names that it may use."""

    def __init__(self, head: str) -> None:
        self.lines = [head]
        self.indent = 1
        self.names: dict[str, Any] = {
            "KafkaCodecError": KafkaCodecError,
            "StructError": struct.error,
            "more": primitives.read_unsigned_varint_rest,
            "skip": primitives.skip_tagged_fields,
            "tag_head": primitives.read_tag,
            "varint": primitives.write_unsigned_varint,
            "VARINTS": primitives.UNSIGNED_VARINTS,
            "Struct": Struct,
        }
        self._numbered = 0

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def fresh(self, letter: str) -> str:
        self._numbered += 1
        return f"{letter}{self._numbered}"

    def bound(self, layout: str, method: str) -> str:
        """Name a method of the `Struct` of this layout."""
        name = f"{method}_" + layout.replace("?", "o")
        self.names[name] = getattr(Struct(">" + layout), method)
        return name

    def compile(self, name: str) -> Callable[..., Any]:
        """Compile what was written; `name` is the function's, and the file's in tracebacks."""
        scope = dict(self.names)
        code = compile("\n".join(self.lines), f"<{name}>", "exec")
        exec(code, scope)  # noqa: S102 -- our own table is the only input
        function: Callable[..., Any] = scope["codec"]
        return function


def default_of(field: Field) -> str:
    """Return the source of the value that stands where a version lacks the field."""
    if field.null_versions is not None and field.default is None:
        return "None"
    if field.is_array:
        return "[]"
    if field.kind == "struct":
        inside = (f"{child.name!r}: {default_of(child)}" for child in field.fields)
        return "{" + ", ".join(inside) + "}"
    return repr(_IMPLICIT[field.kind] if field.default is None else field.default)


def size_min(field: Field, version: int, *, is_flexible: bool) -> int:
    """Return the fewest bytes that this field, or one element of this array, can take."""
    if field.kind == "struct":
        return (
            sum(
                1 if child.is_array else size_min(child, version, is_flexible=is_flexible)
                for child in field.fields
                if child.is_in(version) and child.tag is None
            )
            or 1
        )
    if field.kind in FIXED:
        return FIXED[field.kind][1]
    return 1 if is_flexible else 4 if field.kind in LONG_LENGTHS else 2
