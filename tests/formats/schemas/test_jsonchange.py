import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.formats.schemas.jsonchange import problems
from dragoman.formats.schemas.jsondoc import read_json_schema
from dragoman.ports.schemas import Source


def found(reader: Any, writer: Any) -> list[str]:
    one, other = (read_json_schema(Source(json.dumps(each))) for each in (reader, writer))
    return problems(one, other)


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


INT, NUMBER, TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        (NUMBER, INT), ({}, TEXT), (True, TEXT), (TEXT, False), ({"type": ["string", "null"]}, TEXT),
        ({"enum": [1, 2]}, {"enum": [1]}), ({"const": 1}, {"enum": [1]}), (NUMBER, {"const": 1}),
        ({"maximum": 9}, {"maximum": 5}), ({"minLength": 1}, {"minLength": 2}),
        (closed(a=INT, b=TEXT), closed(a=INT)), ({"type": "object"}, closed(a=INT)),
        ({"anyOf": [INT, TEXT]}, TEXT), ({"anyOf": [INT, TEXT]}, {"oneOf": [TEXT]}),
        ({"items": NUMBER}, {"type": "array", "items": INT}), ({"allOf": [NUMBER]}, INT),
        ({"required": ["a"], "properties": {"a": {"default": 1}}}, {"properties": {"a": {"default": 1}}}),
        ({"$ref": "#/$defs/a", "$defs": {"a": NUMBER}}, INT),
        ({"properties": {"n": {"$ref": "#"}}}, {"properties": {"n": {"$ref": "#"}}}),
        ({"pattern": "a"}, {"pattern": "a"}),
    ],
)  # fmt: skip
def test_what_allows_as_much_may_follow(reader: Any, writer: Any) -> None:
    assert found(reader, writer) == []


@pytest.mark.parametrize(
    ("reader", "writer", "said"),
    [
        (INT, NUMBER, "number is not allowed"), (TEXT, {}, "is not allowed"), (False, TEXT, "nothing is allowed"),
        ({"enum": [1]}, {"enum": [1, 2]}, "enum"), ({"enum": [1]}, INT, "enum"),
        ({"maximum": 5}, {"maximum": 9}, "maximum"), ({"minLength": 1}, TEXT, "minLength"),
        (closed(a=INT), closed(a=INT, b=TEXT), "properties/b"), (closed(), {"type": "object"}, "additionalProperties"),
        ({"properties": {"a": INT}}, {"type": "object"}, "properties/a"),
        ({"required": ["a"]}, {"type": "object"}, "is required"),
        ({"anyOf": [INT, TEXT]}, {"type": "null"}, "no branch"), ({"anyOf": [INT]}, {"anyOf": [INT, TEXT]}, "no branch"),
        ({"items": INT}, {"type": "array", "items": NUMBER}, "#/items"), ({"allOf": [INT]}, NUMBER, "allOf"),
        ({"pattern": "a"}, TEXT, "pattern differs"), ({"not": TEXT}, {}, "not differs"),
        ({"$ref": "#/$defs/a", "$defs": {"a": INT}}, NUMBER, "number is not allowed"),
    ],
)  # fmt: skip
def test_what_allows_less_may_not(reader: Any, writer: Any, said: str) -> None:
    assert any(said in problem for problem in found(reader, writer)), found(reader, writer)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "abc"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=4,
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(
                ["integer", "number", "string", "object", "array", ["null", "string"]]
            ),
            "enum": st.lists(
                st.integers(-2, 2) | st.just("a"), min_size=1, max_size=2, unique=True
            ),
            "maximum": st.integers(-2, 2),
            "minLength": st.integers(0, 2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array"]),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS, st.lists(VALUES, max_size=8))
def test_what_may_follow_allows_whatever_was_allowed(
    reader: Any, writer: Any, values: list[Any]
) -> None:
    if found(reader, writer):
        return
    one, other = (read_json_schema(Source(json.dumps(each))) for each in (reader, writer))
    for value in values:
        assert not other.validator.is_valid(value) or one.validator.is_valid(value), value
