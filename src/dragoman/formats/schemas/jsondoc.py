"""A JSON Schema, read: drafts 4 to 2020-12, by `$schema`, else the latest.

`jsonschema-rs` reads it, after its size and depth were judged (`declared`). What it refers to is in it, or was given;
nothing is fetched. Patterns are those that take time in proportion to what they read: others are refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonschema_rs

from dragoman.formats.schemas.declared import json_schemas_in
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

TEXT_CHARS_MAX: Final = 500  # of what the library says
PATTERNS_BYTES_MAX: Final = 160 << 10  # that all come to, ready to run: some ms
PATTERN_BYTES_MIN: Final = 6 << 10  # that each may come to, however many there are
MASK: Final = "the value"  # in texts, where the value may be large
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
    declared, *further = declarations_in([source.text, *(text for _, text in source.references)])
    others = dict(zip((name for name, _ in source.references), further, strict=True))
    resources = [
        (name if ":" in name else BASE + name.lstrip("/"), value) for name, value in others.items()
    ]
    try:
        registry = jsonschema_rs.Registry(resources) if resources else None
        validator = jsonschema_rs.validator_for(
            declared,
            registry=registry,
            pattern_options=jsonschema_rs.RegexOptions(size_limit=_pattern_bytes(source)),
            offline=True,
            mask=MASK,
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise SchemaInvalid(str(error)[:TEXT_CHARS_MAX]) from None
    return JsonSchema(declared, others, validator)


def _pattern_bytes(source: Source) -> int:
    """What one of its patterns may come to: counted repetitions make much of a few characters."""
    count = sum(
        text.count("attern") for text in (source.text, *(each[1] for each in source.references))
    )
    return max(PATTERN_BYTES_MIN, PATTERNS_BYTES_MAX // max(count, 1))


def declarations_in(texts: Sequence[str]) -> list[Any]:
    """Objects, true or false. Raises SchemaInvalid."""
    found = json_schemas_in(texts)
    if not all(isinstance(declared, dict | bool) for declared in found):
        raise SchemaInvalid("a schema is an object, true or false")
    return found
