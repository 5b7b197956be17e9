"""A schema that is declared in JSON, decoded: neither large nor deep, as the libraries that read it recurse blindly."""

from collections.abc import Iterator
from typing import Any

import msgspec

from dragoman.formats.schemas.limits import DEPTH_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid


def declared_in(text: str) -> Any:
    """The JSON. Raises SchemaInvalid."""
    if len(text.encode(errors="replace")) > SCHEMA_BYTES_MAX:
        raise SchemaInvalid(f"the schema is larger than {SCHEMA_BYTES_MAX} bytes")
    try:
        declared = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SchemaInvalid(f"the schema is no JSON: {error}") from None
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
