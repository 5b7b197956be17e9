"""An Avro schema, read: nodes that refer to each other (Avro 1.11.1, Schema Declaration).

`fastavro` reads the declaration, after its size and depth were judged (`declared`): it recurses without looking. Named
types are one node each, so that a type that contains itself is a circle of nodes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from fastavro.schema import parse_schema

from dragoman.formats.schemas.declared import declared_in
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
PRIMITIVES: Final = frozenset(
    ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
)


class Field:
    """A field of a record."""

    __slots__ = ("aliases", "has_default", "name", "node")

    def __init__(
        self, name: str, node: "Node", aliases: tuple[str, ...], has_default: bool
    ) -> None:
        self.name = name
        self.node = node
        self.aliases = aliases
        self.has_default = has_default


class Node:
    """A type. What it does not have is empty.

    kind      primitive, or record, enum, fixed, array, map, union
    name      of a named type, with its namespace; of another its kind
    inner     of an array or map: what it holds
    branches  of a union
    """

    __slots__ = (
        "aliases",
        "branches",
        "fields",
        "has_default",
        "inner",
        "kind",
        "name",
        "size",
        "symbols",
    )

    def __init__(self, kind: str, name: str = "") -> None:
        self.kind = kind
        self.name = name or kind
        self.aliases: tuple[str, ...] = ()
        self.fields: list[Field] = []
        self.inner: Node | None = None
        self.branches: list[Node] = []
        self.symbols: tuple[str, ...] = ()
        self.has_default = False  # of an enum: for symbols that it does not know
        self.size = 0  # of a fixed

    @property
    def short(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition(".")[2]


def read_schema(source: Source) -> Node:
    """The type that a schema declares; it may name those that its references declare. Raises SchemaInvalid."""
    reader = _Reader()
    named: dict[str, Any] = {}
    for _, text in source.references:
        _read(reader, text, named)
    return _read(reader, source.text, named)


def _read(reader: "_Reader", text: str, named: dict[str, Any]) -> Node:
    declared = declared_in(text)
    try:
        return reader.read(parse_schema(declared, named_schemas=named))
    except SchemaInvalid:
        raise
    except Exception as error:  # noqa: BLE001 - a declaration that makes no sense makes anything of the library
        raise SchemaInvalid(f"{type(error).__name__}: {error}"[:500]) from None


class _Reader:
    """From what the library made of a declaration, where names are whole, to nodes."""

    def __init__(self) -> None:
        self._named: dict[str, Node] = {}

    def read(self, declared: Any) -> Node:
        """Raises SchemaInvalid."""
        if isinstance(declared, str):
            return self._referred(declared)
        if isinstance(declared, list):
            return self._union(declared)
        kind = declared["type"]
        if kind in ("record", "error"):
            return self._record(declared)
        if kind in ("enum", "fixed"):
            return self._leaf(kind, declared)
        if kind in ("array", "map"):
            node = Node(kind)
            node.inner = self.read(declared["items" if kind == "array" else "values"])
            return node
        return self.read(kind)  # a logical type is its underlying one, and so is `{"type": [..]}`

    def _referred(self, name: str) -> Node:
        if name in PRIMITIVES:
            return Node(name)
        known = self._named.get(name)
        if known is None:
            raise SchemaInvalid(f"no type is called {name}")
        return known

    def _declare(self, kind: str, declared: Mapping[str, Any]) -> Node:
        name = declared["name"]
        if not _NAME.fullmatch(name):
            raise SchemaInvalid(f"{name:.200} is no name")
        if name in self._named:
            raise SchemaInvalid(f"two types are called {name}")
        node = self._named[name] = Node(kind, name)
        node.aliases = tuple(declared.get("aliases", ()))
        return node

    def _record(self, declared: Mapping[str, Any]) -> Node:
        node = self._declare("record", declared)
        names = [field["name"] for field in declared["fields"]]
        if not all(_NAME.fullmatch(name) and "." not in name for name in names):
            raise SchemaInvalid(f"a field of {node.name} has no proper name")
        if len(set(names)) != len(names):
            raise SchemaInvalid(f"two fields of {node.name} have one name")
        for field in declared["fields"]:
            aliases = tuple(field.get("aliases", ()))
            node.fields.append(
                Field(field["name"], self.read(field["type"]), aliases, "default" in field)
            )
        return node

    def _leaf(self, kind: str, declared: Mapping[str, Any]) -> Node:
        node = self._declare(kind, declared)
        if kind == "fixed":
            node.size = declared["size"]
            if type(node.size) is not int or node.size < 0:
                raise SchemaInvalid(f"{node.name} has no size")
            return node
        node.symbols = tuple(declared["symbols"])
        node.has_default = "default" in declared
        if len(set(node.symbols)) != len(node.symbols):
            raise SchemaInvalid(f"two symbols of {node.name} are the same")
        return node

    def _union(self, declared: list[Any]) -> Node:
        node = Node("union")
        node.branches = [self.read(branch) for branch in declared]
        names = [branch.name for branch in node.branches]
        if "union" in names or len(set(names)) != len(names):
            raise SchemaInvalid("a union within a union, or with a type twice")
        return node
