"""Binary Avro as plain JSON: what other protocols' readers can do something with.

    union          the value of its branch, without the branch's name
    bytes, fixed   base64
    float, double  null for what is no number of JSON's: NaN, the infinities

Counted and bounded as in `avrodata`. Logical types are their underlying ones.
"""

import struct
from base64 import b64encode
from typing import Any, Final

import msgspec

from dragoman.formats.schemas.avro import Node
from dragoman.formats.schemas.avrodata import LONG_BITS, Binary
from dragoman.formats.schemas.limits import DEPTH_MAX, JUDGED_VALUES_MAX, Budget, SchemaMismatch

_FLOATS: Final = {"float": struct.Struct("<f"), "double": struct.Struct("<d")}


def to_json(node: Node, data: bytes) -> bytes:
    """One value and nothing behind it. Raises SchemaMismatch."""
    raw = Binary(data, Budget(JUDGED_VALUES_MAX))
    value = _Reader(raw).read(node, 0)
    if raw.at != len(data):
        raise SchemaMismatch(f"{len(data) - raw.at} bytes are left over")
    return msgspec.json.encode(value)


class _Reader:
    """Builds what it walks over."""

    def __init__(self, raw: Binary) -> None:
        self._raw = raw

    def read(self, node: Node, depth: int) -> Any:
        """One value. Raises SchemaMismatch."""
        self._raw.budget.take(1)
        if depth > DEPTH_MAX:
            raise self._raw.wrong("the data is too deep")
        kind = node.kind
        if kind == "record":
            return {field.name: self.read(field.node, depth + 1) for field in node.fields}
        if kind == "union":
            return self.read(node.branches[self._raw.index(len(node.branches))], depth + 1)
        if kind == "array":
            return [self.read(inner, depth + 1) for inner, _ in self._items(node)]
        if kind == "map":
            return {name: self.read(inner, depth + 1) for inner, name in self._items(node)}
        return self._leaf_of(node)

    def _items(self, node: Node) -> Any:
        """What each is, and its name in a map."""
        assert node.inner is not None
        while count := self._raw.number(LONG_BITS):
            if count < 0:
                self._raw.number(LONG_BITS)
            for _ in range(abs(count)):
                yield node.inner, self._string() if node.kind == "map" else ""

    def _string(self) -> str:
        try:
            return self._raw.take(self._raw.number(LONG_BITS)).decode()
        except UnicodeDecodeError:
            raise self._raw.wrong("a string that is not UTF-8") from None

    def _leaf_of(self, node: Node) -> Any:
        kind = node.kind
        if kind == "null":
            return None
        if kind == "string":
            return self._string()
        if kind in ("int", "long"):
            return self._raw.number(LONG_BITS)
        if kind in _FLOATS:
            (value,) = _FLOATS[kind].unpack(self._raw.take(_FLOATS[kind].size))
            return value
        if kind == "boolean":
            return self._raw.take(1) != b"\0"
        if kind == "enum":
            return node.symbols[self._raw.index(len(node.symbols))]
        size = node.size if kind == "fixed" else self._raw.number(LONG_BITS)
        return b64encode(self._raw.take(size)).decode()
