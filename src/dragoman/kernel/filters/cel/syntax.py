"""CEL's abstract syntax, as the parser leaves it: names not yet looked up, macros not yet opened."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dragoman.model.errors import InvalidArgument


class Kind(StrEnum):
    """What a literal is."""

    NULL = "null_type"
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as the text says it."""

    at: int
    kind: Kind
    value: Any


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`."""

    at: int
    of: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`target.name(operands)`, `name(operands)`, or an operator."""

    at: int
    name: str
    operands: tuple["Node", ...]
    target: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`."""

    at: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """`{k: v}`."""

    at: int
    entries: tuple[tuple["Node", "Node"], ...]


Node = Literal | Identifier | Member | Call | Items | Entries


def wrong(text: str, at: int, said: str) -> InvalidArgument:
    """A refusal that says where: line and column count from 1, as editors do."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return InvalidArgument(f"CEL, line {line}, column {column}: {said}")
