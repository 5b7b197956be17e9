"""Whether data is what an Avro schema says: in binary, and in Avro's JSON (Avro 1.11.1, Encodings).

Every value is looked at once; nothing is built of it. An array may say that it has a million elements of no bytes at
all, and a type that contains itself may go as deep as the data is long: both are counted. Hot where topics
have schemas.
"""

from typing import Any, Final

import msgspec

from dragoman.formats.schemas.avro import Node
from dragoman.formats.schemas.limits import DEPTH_MAX, Budget, SchemaMismatch

INT_BITS: Final = 31
LONG_BITS: Final = 63
VARINT_SHIFT_MAX: Final = 63
_FIXED: Final = {"float": 4, "double": 8}
_WIDTHS: Final = {"int": INT_BITS, "long": LONG_BITS}
_SPECIAL: Final = frozenset(("NaN", "Infinity", "-Infinity"))


def check_binary(node: Node, data: bytes, budget: Budget) -> None:
    """Raises SchemaMismatch unless `data` is one value of the type, and nothing behind it."""
    reader = Binary(data, budget)
    reader.skip(node, 0)
    if reader.at != len(data):
        raise SchemaMismatch(f"{len(data) - reader.at} bytes are left over")


class Binary:
    """Walks over binary data."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.at: int = 0
        self._data = data
        self._size: int = len(data)
        self.budget = budget

    def skip(self, node: Node, depth: int) -> None:
        """Over one value. Raises SchemaMismatch."""
        self.budget.take(1)
        if depth > DEPTH_MAX:
            raise self.wrong("the data is too deep")
        kind = node.kind
        if kind == "record":
            for field in node.fields:
                self.skip(field.node, depth + 1)
        elif kind == "union":
            self.skip(node.branches[self.index(len(node.branches))], depth + 1)
        elif node.inner is not None:
            self._blocks(node, node.inner, depth)
        elif kind != "null":
            self._leaf(node)

    def _leaf(self, node: Node) -> None:
        kind = node.kind
        if kind in _WIDTHS:
            self.number(_WIDTHS[kind])
        elif kind in _FIXED:
            self.take(_FIXED[kind])
        elif kind == "string":
            self._text()
        elif kind == "bytes":
            self.take(self.number(LONG_BITS))
        elif kind == "fixed":
            self.take(node.size)
        elif kind == "enum":
            self.index(len(node.symbols))
        elif self.take(1)[0] > 1:
            raise self.wrong("a boolean is 0 or 1")

    def wrong(self, text: str) -> SchemaMismatch:
        return SchemaMismatch(f"at byte {self.at}: {text}")

    def take(self, size: int) -> bytes:
        start: int = self.at
        self.at = start + size
        if size < 0 or self.at > self._size:
            self.at = start
            raise self.wrong("the data ends too soon")
        return self._data[start : self.at]

    def number(self, bits: int) -> int:
        """Zigzag, 7 bits to a byte."""
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > VARINT_SHIFT_MAX:
                raise self.wrong("a number of more than ten bytes")
        value = (number >> 1) ^ -(number & 1)
        if not -(1 << bits) <= value < 1 << bits:
            raise self.wrong(f"{value} does not fit")
        return value

    def index(self, count: int) -> int:
        index = self.number(INT_BITS)
        if not 0 <= index < count:
            raise self.wrong(f"{index} is none of {count}")
        return index

    def _text(self) -> None:
        try:
            self.take(self.number(LONG_BITS)).decode()
        except UnicodeDecodeError:
            raise self.wrong("a string that is not UTF-8") from None

    def _blocks(self, node: Node, inner: Node, depth: int) -> None:
        """An array, or a map: blocks of a count, and a size where the count is negative, until an empty one."""
        while count := self.number(LONG_BITS):
            if count < 0:
                self.number(LONG_BITS)
            for _ in range(abs(count)):
                if node.kind == "map":
                    self._text()
                self.skip(inner, depth + 1)


def check_json(node: Node, data: bytes, budget: Budget) -> None:
    """Raises SchemaMismatch unless `data` is one value of the type in Avro's JSON."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SchemaMismatch(f"no JSON: {error}") from None
    _check(node, value, "$", 0, budget)


def _check(node: Node, value: Any, where: str, depth: int, budget: Budget) -> None:
    budget.take(1)
    if depth > DEPTH_MAX:
        raise SchemaMismatch(f"{where} is too deep")
    kind = node.kind
    if kind == "record":
        _check_record(node, value, where, depth, budget)
    elif kind == "union":
        _check_union(node, value, where, depth, budget)
    elif kind in ("array", "map"):
        _check_many(node, value, where, depth, budget)
    elif not _is_leaf(node, value):
        raise SchemaMismatch(f"{where} is no {node.name}")


def _is_leaf(node: Node, value: Any) -> bool:
    kind = node.kind
    if kind == "null":
        return value is None
    if kind == "boolean":
        return type(value) is bool
    if kind in _WIDTHS:
        bound = 1 << _WIDTHS[kind]
        return type(value) is int and -bound <= value < bound
    if kind in _FIXED:
        return type(value) in (int, float) or (type(value) is str and value in _SPECIAL)
    if type(value) is not str:
        return False
    if kind == "enum":
        return value in node.symbols
    if kind == "string":
        return True
    is_bytes = all(ord(char) < 0x100 for char in value)  # a code point is a byte
    return is_bytes and (kind == "bytes" or len(value) == node.size)


def _check_record(node: Node, value: Any, where: str, depth: int, budget: Budget) -> None:
    if not isinstance(value, dict):
        raise SchemaMismatch(f"{where} is no {node.name}")
    for field in node.fields:
        if field.name not in value:
            raise SchemaMismatch(f"{where}.{field.name} is missing")
        _check(field.node, value[field.name], f"{where}.{field.name}", depth + 1, budget)
    if len(value) > len(node.fields):
        extra = next(name for name in value if name not in {field.name for field in node.fields})
        raise SchemaMismatch(f"{where} has no field {extra:.100}")


def _check_union(node: Node, value: Any, where: str, depth: int, budget: Budget) -> None:
    """Null is null; any other branch is an object whose one member is called as the branch's type."""
    name, inner = "null", None
    if value is not None:
        if not isinstance(value, dict) or len(value) != 1:
            raise SchemaMismatch(f"{where} is no branch of its union")
        ((name, inner),) = value.items()
    for branch in node.branches:
        if branch.name == name:
            _check(branch, inner, where, depth + 1, budget)
            return
    raise SchemaMismatch(f"{where} is no branch of its union")


def _check_many(node: Node, value: Any, where: str, depth: int, budget: Budget) -> None:
    assert node.inner is not None
    if node.kind == "array" and isinstance(value, list):
        for index, item in enumerate(value):
            _check(node.inner, item, f"{where}[{index}]", depth + 1, budget)
    elif node.kind == "map" and isinstance(value, dict):
        for name, item in value.items():
            _check(node.inner, item, f"{where}.{name:.100}", depth + 1, budget)
    else:
        raise SchemaMismatch(f"{where} is no {node.kind}")
