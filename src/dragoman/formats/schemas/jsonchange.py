"""Whether what is valid by one JSON Schema is valid by another as well.

Keyword by keyword, the reader's must allow what the writer's does. What two schemas say in ways that cannot be compared
(`not`, `if`, patterns that differ) counts as a problem: it is safe, and says so.

    open content    a writer that allows any other property may have written one that the reader describes: a problem
    default         a required property that has one may be missing in what was written
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.formats.schemas.jsondoc import JsonSchema
from dragoman.formats.schemas.limits import PROBLEMS_MAX

STEPS_MAX: Final = 20_000  # pairs of schemas looked at
TYPES: Final = ("null", "boolean", "object", "array", "number", "string", "integer")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AS_IS: Final = (
    "not", "if", "then", "else", "pattern", "patternProperties", "dependentRequired", "dependentSchemas",
    "dependencies", "contains", "multipleOf", "uniqueItems", "propertyNames", "prefixItems", "additionalItems",
    "unevaluatedProperties",
)  # fmt: skip
"""The writer has to say the same where the reader says something."""


def problems(reader: JsonSchema, writer: JsonSchema) -> list[str]:
    """Why what the writer allows is not allowed by the reader, a few of the reasons."""
    comparison = _Comparison(reader, writer)
    comparison.compare(reader.declared, writer.declared, "#")
    return comparison.found[:PROBLEMS_MAX]


class _Comparison:
    def __init__(self, reader: JsonSchema, writer: JsonSchema) -> None:
        self._reader = reader
        self._writer = writer
        self._seen: set[tuple[int, int]] = set()
        self._kept: list[Any] = []  # so that no id is another's
        self.found: list[str] = []

    def _wrong(self, where: str, said: str) -> None:
        self.found.append(f"{where}: {said}")

    def compare(self, reader: Any, writer: Any, where: str) -> None:
        """Notes what is wrong."""
        reader, writer = _resolved(self._reader, reader), _resolved(self._writer, writer)
        key = (id(reader), id(writer))
        if key in self._seen or len(self.found) >= PROBLEMS_MAX or reader == writer:
            return
        if len(self._seen) >= STEPS_MAX:
            self._wrong(where, "the schemas are too entangled to be compared")
            return
        self._seen.add(key)
        self._kept += (reader, writer)
        if writer is False or reader is True or reader == {}:
            return
        if reader is False:
            self._wrong(where, "nothing is allowed any more")
            return
        written = {} if writer is True else writer
        self._compare_values(reader, written, where)
        self._compare_objects(reader, written, where)
        self._compare_choices(reader, written, where)
        if "items" in reader and "array" in _types(written):
            self.compare(reader["items"], written.get("items", True), f"{where}/items")

    def _allows(self, reader: Any, writer: Any) -> bool:
        inner = _Comparison(self._reader, self._writer)
        inner._seen = set(self._seen)
        inner.compare(reader, writer, "")
        self._kept += inner._kept
        return not inner.found

    def _compare_values(
        self, reader: Mapping[str, Any], writer: Mapping[str, Any], where: str
    ) -> None:
        missing = _types(writer) - _types(reader)
        if missing:
            self._wrong(where, f"{', '.join(sorted(missing))} is not allowed any more")
        allowed, written = _enumerated(reader), _enumerated(writer)
        if allowed is not None and (
            written is None or any(value not in allowed for value in written)
        ):
            self._wrong(where, "enum allows less")
        for names, sign in ((_UPPER, 1), (_LOWER, -1)):
            for name in names:
                limit, was = (_number(each.get(name)) for each in (reader, writer))
                if limit is not None and (was is None or was * sign > limit * sign):
                    self._wrong(where, f"{name} allows less")
        for name in _AS_IS:
            if name in reader and reader[name] != writer.get(name):
                self._wrong(where, f"{name} differs")

    def _compare_objects(
        self, reader: Mapping[str, Any], writer: Mapping[str, Any], where: str
    ) -> None:
        if "object" not in _types(writer):
            return
        known, written = reader.get("properties", {}), writer.get("properties", {})
        for name in _names(reader) - _names(writer):
            described = known.get(name)
            if not (isinstance(described, dict) and "default" in described):
                self._wrong(f"{where}/properties/{name}", "is required")
        others, written_others = (
            each.get("additionalProperties", True) for each in (reader, writer)
        )
        for name, described in known.items():
            self.compare(described, written.get(name, written_others), f"{where}/properties/{name}")
        for name in written.keys() - known.keys():
            self.compare(others, written[name], f"{where}/properties/{name}")
        self.compare(others, written_others, f"{where}/additionalProperties")

    def _compare_choices(
        self, reader: Mapping[str, Any], writer: Mapping[str, Any], where: str
    ) -> None:
        for part in reader.get("allOf", ()):
            if not any(self._allows(part, each) for each in (writer, *writer.get("allOf", ()))):
                self._wrong(f"{where}/allOf", "asks for more")
        for name in ("anyOf", "oneOf"):
            if name not in reader:
                continue
            branches = writer.get("anyOf") or writer.get("oneOf") or (writer,)
            for branch in branches:
                if not any(self._allows(each, branch) for each in reader[name]):
                    self._wrong(f"{where}/{name}", "no branch allows what was allowed")


def _resolved(schema: JsonSchema, value: Any) -> Any:
    """Behind its references, as far as they are within the document or by a name that was given."""
    for _ in range(PROBLEMS_MAX):
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return value
        name, _, pointer = value["$ref"].partition("#")
        found: Any = schema.declared if not name else schema.others.get(name)
        for part in filter(None, pointer.split("/")):
            step = part.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            return value
        value = found
    return value


def _types(schema: Mapping[str, Any]) -> set[str]:
    said = schema.get("type")
    if said is None:
        values = _enumerated(schema)
        return set(TYPES) if values is None else {_type_of(value) for value in values}
    found = {said} if isinstance(said, str) else set(said)
    return found | {"integer"} if "number" in found else found


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", dict: "object", list: "array", str: "string", int: "integer"}
    return kinds.get(type(value), "number")


def _enumerated(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _names(schema: Mapping[str, Any]) -> set[str]:
    found = schema.get("required", ())
    return set(found) if isinstance(found, list) else set()


def _number(value: Any) -> float | None:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_one else None
