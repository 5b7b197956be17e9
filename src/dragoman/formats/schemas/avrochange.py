"""Whether what was written by one Avro schema can be read by another (Avro 1.11.1, Schema Resolution)."""

from collections.abc import Mapping
from typing import Final

from dragoman.formats.schemas.avro import Field, Node
from dragoman.formats.schemas.limits import PROBLEMS_MAX

PROMOTED: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""What was written as the one can be read as these as well."""
STEPS_MAX: Final = 10_000  # pairs of types looked at: unions ask about each with each


class _Resolution:
    """One comparison: pairs that are (being) compared count as readable, so that circles end."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], bool] = {}
        self._steps = 0

    def problems(self, reader: Node, writer: Node, where: str) -> list[str]:
        """Why not; empty: it can."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            return ["the schemas are too entangled to be compared"]
        key = (id(reader), id(writer))
        if key in self._seen:
            return [] if self._seen[key] else [f"{where}: as above"]
        self._seen[key] = True
        found = self._compare(reader, writer, where)[:PROBLEMS_MAX]
        self._seen[key] = not found
        return found

    def _compare(self, reader: Node, writer: Node, where: str) -> list[str]:
        if writer.kind == "union":
            return [
                problem
                for branch in writer.branches
                for problem in self.problems(reader, branch, where)
            ]
        if reader.kind == "union":
            if any(not self.problems(branch, writer, where) for branch in reader.branches):
                return []
            return [f"{where}: no branch of the union reads {writer.name}"]
        if reader.kind != writer.kind:
            if reader.kind in PROMOTED.get(writer.kind, ()):
                return []
            return [f"{where}: {writer.name} cannot be read as {reader.name}"]
        if reader.name != reader.kind and not _is_called(reader, writer):
            return [f"{where}: {writer.name} is another type than {reader.name}"]
        return self._compare_alike(reader, writer, where)

    def _compare_alike(self, reader: Node, writer: Node, where: str) -> list[str]:
        """Of one kind and name."""
        if reader.kind == "record":
            return self._fields(reader, writer, where)
        if reader.kind == "enum" and not reader.has_default:
            known = set(reader.symbols)
            lost = [symbol for symbol in writer.symbols if symbol not in known]
            return [f"{where}: {symbol} is missing in {reader.name}" for symbol in lost]
        if reader.kind == "fixed" and reader.size != writer.size:
            return [f"{where}: {reader.name} has another size"]
        if reader.inner is not None and writer.inner is not None:
            return self.problems(reader.inner, writer.inner, where)
        return []

    def _fields(self, reader: Node, writer: Node, where: str) -> list[str]:
        written = {field.name: field for field in writer.fields}
        found: list[str] = []
        for field in reader.fields:
            place = f"{where}.{field.name}"
            other = _written(field, written)
            if other is not None:
                found += self.problems(field.node, other.node, place)
            elif not field.has_default:
                found.append(f"{place} is not written, and has no default")
        return found


def _written(field: Field, written: Mapping[str, Field]) -> Field | None:
    names = (field.name, *field.aliases)
    return next((written[name] for name in names if name in written), None)


def _is_called(reader: Node, writer: Node) -> bool:
    """By the unqualified name, or an alias of the reader's."""
    aliases = {alias.rpartition(".")[2] for alias in reader.aliases}
    return reader.short == writer.short or writer.short in aliases


def problems(reader: Node, writer: Node) -> list[str]:
    """Why what the writer describes cannot be read by the reader, a few of the reasons."""
    return _Resolution().problems(reader, writer, "$")
