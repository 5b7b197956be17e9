"""A JSON Schema, read: drafts 4 to 2020-12, by `$schema`, else the latest.

`jsonschema-rs` reads it, after its size and depth were judged (`declared`). What it refers to is in it, or was given;
nothing is fetched. Patterns are those that take time in proportion to what they read: others are refused.
"""

from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from dragoman.formats.schemas.declared import declared_in
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

TEXT_CHARS_MAX: Final = 500  # of what the library says
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
    declared = declaration_in(source.text)
    others = {name: declaration_in(text) for name, text in source.references}
    resources = [
        (name if ":" in name else BASE + name.lstrip("/"), value) for name, value in others.items()
    ]
    try:
        registry = jsonschema_rs.Registry(resources) if resources else None
        validator = jsonschema_rs.validator_for(
            declared,
            registry=registry,
            pattern_options=jsonschema_rs.RegexOptions(),
            offline=True,
            mask=MASK,
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise SchemaInvalid(str(error)[:TEXT_CHARS_MAX]) from None
    return JsonSchema(declared, others, validator)


def declaration_in(text: str) -> Any:
    """An object, true or false. Raises SchemaInvalid."""
    declared = declared_in(text)
    if not isinstance(declared, dict | bool):
        raise SchemaInvalid("a schema is an object, true or false")
    return declared
