import json
from collections.abc import Callable
from typing import Any

import pytest

from dragoman.formats.schemas.declared import declared_in, json_schemas_in
from dragoman.formats.schemas.limits import DEPTH_MAX, JSON_PARTS_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_what_is_neither_large_nor_deep_is_decoded() -> None:
    assert declared_in('{"a": [1, "x", null]}') == {"a": [1, "x", None]}
    declared_in(nested(DEPTH_MAX))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        (nested(DEPTH_MAX + 1), f"deeper than {DEPTH_MAX}"),
        ("[" + "0," * PARTS_MAX + "0]", f"more than {PARTS_MAX} parts"),
        ('"' + "x" * SCHEMA_BYTES_MAX + '"', f"larger than {SCHEMA_BYTES_MAX} bytes"),
    ],
    ids=lambda given: given[:12],
)
def test_the_rest_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(SchemaInvalid, match=why):
        declared_in(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda count: {"properties": {f"p{at}": {} for at in range(count)}},
        lambda count: {"patternProperties": {f"^p{at}$": {} for at in range(count)}},
        lambda count: {"properties": {f"p{at}": {"pattern": f"^{at}$"} for at in range(count)}},
        lambda count: {"$defs": {f"d{at}": {"$id": f"http://x/{at}"} for at in range(count)}},
        lambda count: {"anyOf": [{"$ref": "#"} for _ in range(count)]},
        lambda count: {"pattern": "(a|b)*" * count},
    ],
)
def test_what_takes_longer_in_a_json_schema_counts_for_more(
    make: Callable[[int], dict[str, Any]],
) -> None:
    text = json.dumps(make(60))
    json_schemas_in([text])
    with pytest.raises(SchemaInvalid, match="has more than"):
        json_schemas_in([text] * 40)
    for count in (JSON_PARTS_MAX, 10 * JSON_PARTS_MAX):
        with pytest.raises(SchemaInvalid, match=r"has more than|is larger than"):
            json_schemas_in([json.dumps(make(count))])
