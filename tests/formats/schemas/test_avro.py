import json
from typing import Any

import pytest
from tests.formats.schemas.reading import read_text

from dragoman.formats.schemas.limits import DEPTH_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid


def record(*fields: tuple[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    declared = [{"name": field, "type": kind} for field, kind in fields]
    return {"type": "record", "name": name, "fields": declared, **more}


def test_names_are_whole_and_a_type_may_contain_itself() -> None:
    declared = record(("next", ["null", "Node"]), ("kind", "other.E"), name="Node", namespace="a.b")
    declared["fields"].insert(
        1, {"name": "e", "type": {"type": "enum", "name": "other.E", "symbols": ["X"]}}
    )
    node = read_text(json.dumps(declared))
    assert (node.name, node.short) == ("a.b.Node", "Node")
    assert node.fields[0].node.branches[1] is node
    assert node.fields[2].node is node.fields[1].node


@pytest.mark.parametrize(
    "declared",
    [
        "",
        "{",
        '"nothing"',
        "17",
        '{"type": "record", "name": "R", "fields": 1}',
        '{"type": "enum", "name": "E", "symbols": ["A", "A"]}',
        '{"type": "fixed", "name": "F", "size": -1}',
        '{"type": "fixed", "name": "F", "size": "1"}',
        '["int", "int"]',
        '["null", ["null", "int"]]',
        '{"type": "array"}',
        json.dumps(record(("a", "int"), ("a", "int"))),
        json.dumps(record(("a", record(("b", "int"))))),
        json.dumps(record(("a", "int"), name="1")),
    ],
)
def test_what_is_no_schema_is_refused(declared: str) -> None:
    with pytest.raises(SchemaInvalid):
        read_text(declared)


def test_a_schema_that_means_harm_is_refused_before_it_is_read() -> None:
    deep = '{"type":"array","items":' * 100_000
    nested: Any = "int"
    for _ in range(DEPTH_MAX):
        nested = {"type": "array", "items": nested}
    wide = record(*[(f"f{at}", "int") for at in range(PARTS_MAX // 3)])
    long = record(("a", "int"), doc="x" * SCHEMA_BYTES_MAX)
    for text in (deep[:SCHEMA_BYTES_MAX], json.dumps(nested), json.dumps(wide), json.dumps(long)):
        with pytest.raises(SchemaInvalid):
            read_text(text)
