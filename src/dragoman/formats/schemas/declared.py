"""A schema that is declared in JSON, decoded: neither large nor deep, as the libraries that read it recurse blindly,
and hold up everybody while they do.

A part is a value within it. In a JSON Schema, which a library makes ready without ever letting go of the interpreter,
some take longer than others, and count for more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from dragoman.formats.schemas.limits import DEPTH_MAX, JSON_PARTS_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid

JSON_SCHEMA: Final[Mapping[str, int]] = {
    "$ref": 6,
    "$dynamicRef": 6,
    "$recursiveRef": 6,
    "$id": 10,
    "id": 10,
    "$anchor": 10,
    "$dynamicAnchor": 10,
}
"""What else is in a value costs as many parts more."""
PATTERN_PARTS: Final = 20
PATTERN_CHARS_A_PART: Final = 8
REPEATS: Final = "{*+?"  # what makes of a pattern more than it says


def declared_in(text: str) -> Any:
    """The JSON. Raises SchemaInvalid."""
    declared = _decoded(text)
    _check_size(declared, PARTS_MAX, PARTS_MAX, weighs=False)
    return declared


def _decoded(text: str) -> Any:
    if len(text.encode(errors="replace")) > SCHEMA_BYTES_MAX:
        raise SchemaInvalid(f"the schema is larger than {SCHEMA_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SchemaInvalid(f"the schema is no JSON: {error}") from None


def json_schemas_in(texts: Sequence[str]) -> list[Any]:
    """The same of JSON Schemas that are made ready together. Raises SchemaInvalid."""
    left = JSON_PARTS_MAX
    found: list[Any] = []
    for text in texts:
        found.append(_decoded(text))
        left -= _check_size(found[-1], left, JSON_PARTS_MAX, weighs=True)
    return found


def _check_size(declared: Any, parts_left: int, parts_max: int, *, weighs: bool) -> int:
    """How many parts it has."""
    left = [(declared, 1)]
    count = 0
    while left:
        value, depth = left.pop()
        count += 1
        if weighs and value.__class__ is dict:
            count += _further(value)
        if depth > DEPTH_MAX:
            raise SchemaInvalid(f"the schema is deeper than {DEPTH_MAX}")
        if count + len(left) > parts_left:
            raise SchemaInvalid(f"the schema has more than {parts_max} parts")
        left += [(inner, depth + 1) for inner in _inside(value)]
    return count


def _further(value: dict[str, Any]) -> int:
    """Parts that a JSON Schema's object counts for besides its own."""
    found = sum([JSON_SCHEMA[name] for name in value if name in JSON_SCHEMA])
    pattern = value.get("pattern")
    if isinstance(pattern, str):
        found += _of_pattern(pattern)
    patterns = value.get("patternProperties")
    if isinstance(patterns, dict):
        found += sum([_of_pattern(each) for each in patterns])
    return found


def _of_pattern(pattern: str) -> int:
    times = 1 + sum([pattern.count(mark) for mark in REPEATS])
    return PATTERN_PARTS + len(pattern) // PATTERN_CHARS_A_PART + times


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
