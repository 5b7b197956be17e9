"""A JSON Schema, read: drafts 4 to 2020-12, by `$schema`, else the latest.

`jsonschema-rs` reads it, after its size and depth were judged here. What it refers to is in it, or was given; nothing
is fetched. Patterns are those that take time in proportion to what they read: others are refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
import msgspec

from dragoman.formats.schemas.limits import DEPTH_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

TEXT_CHARS_MAX: Final = 500  # of what the library says
BASE: Final = "json-schema:///"  # what names are relative to, where a schema has no $id


class JsonSchema:
    """What was declared, what it may refer to by name, and who judges values by it."""

    __slots__ = ("declared", "others", "validator")

    def __init__(self, declared: Any, others: Mapping[str, Any], validator: Any) -> None:
        self.declared = declared
        self.others = others
        self.validator = validator


def read_json_schema(source: Source) -> JsonSchema:
    """Raises SchemaInvalid."""
    declared = declared_in(source.text)
    others = {name: declared_in(text) for name, text in source.references}
    resources = [
        (name if ":" in name else BASE + name.lstrip("/"), value) for name, value in others.items()
    ]
    try:
        registry = jsonschema_rs.Registry(resources) if resources else None
        validator = jsonschema_rs.validator_for(
            declared, registry=registry, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise SchemaInvalid(str(error)[:TEXT_CHARS_MAX]) from None
    return JsonSchema(declared, others, validator)


def declared_in(text: str) -> Any:
    """The JSON, neither large nor deep. Raises SchemaInvalid."""
    if len(text.encode(errors="replace")) > SCHEMA_BYTES_MAX:
        raise SchemaInvalid(f"the schema is larger than {SCHEMA_BYTES_MAX} bytes")
    try:
        declared = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SchemaInvalid(f"the schema is no JSON: {error}") from None
    if not isinstance(declared, dict | bool):
        raise SchemaInvalid("a schema is an object, true or false")
    _check_size(declared)
    return declared


def _check_size(declared: Any) -> None:
    left = [(declared, 1)]
    count = 0
    while left:
        value, depth = left.pop()
        count += 1
        if depth > DEPTH_MAX:
            raise SchemaInvalid(f"the schema is deeper than {DEPTH_MAX}")
        if count > PARTS_MAX:
            raise SchemaInvalid(f"the schema has more than {PARTS_MAX} parts")
        left += [(inner, depth + 1) for inner in _inside(value)]


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
