import json
from typing import Any

import pytest

from dragoman.formats.eventfields import parse_json
from dragoman.formats.schemas.jsondata import TEXT_CHARS_MAX, TOLD_BYTES_MAX, JsonJudge, depth_of
from dragoman.formats.schemas.jsondoc import read_json_schema
from dragoman.formats.schemas.limits import DEPTH_MAX, SchemaMismatch
from dragoman.ports.schemas import Source


def judge(schema: Any, body: bytes) -> None:
    JsonJudge(read_json_schema(Source(json.dumps(schema))))(body, lambda: parse_json(body))


def wrong(schema: Any, body: bytes) -> SchemaMismatch:
    with pytest.raises(SchemaMismatch) as caught:
        judge(schema, body)
    return caught.value


def test_it_says_where_and_why() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "string"}}}}
    error = wrong(schema, b'{"a/b": ["x", 1]}')
    assert (error.path, str(error)) == ("body/a~1b/1", '1 is not of type "string"')
    assert str(wrong({"type": "number"}, b"[1]")) == 'the list is not of type "number"'


def test_null_is_json_and_what_is_none_is_told() -> None:
    judge({"type": "null"}, b" null ")
    assert str(wrong(True, b"nul")) == "no JSON"


def test_what_is_wrong_is_told_in_short_and_of_large_bodies_not_where() -> None:
    text = str(wrong({"type": "number"}, b'"%b"' % (b"x" * 5_000)))
    assert len(text) <= TEXT_CHARS_MAX
    assert text.endswith('..." is not of type "number"')
    large = wrong({"type": "number"}, b'"%b"' % (b"x" * TOLD_BYTES_MAX))
    assert (large.path, "too large to say where" in str(large)) == ("", True)


@pytest.mark.parametrize(
    "body",
    [
        b"9" * 4_000,
        b'{"a": 1e400}',
        b"[" * 300 + b"]" * 300,
        json.dumps([0] * 100_000).encode(),
        b"\xff",
        b'"\xff"',
    ],
)
def test_numbers_depth_and_size_past_all_measure_make_a_bad_body(body: bytes) -> None:
    wrong({"type": "object"}, body)


def nested(depth: int) -> bytes:
    return b'{"x":' * depth + b"1" + b"}" * depth


def test_a_schema_whose_checks_double_with_each_level_judges_what_is_shallow() -> None:
    again = {"properties": {"x": {"$ref": "#/$defs/a"}}}
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [again, dict(again)]}}}
    judge(schema, nested(10))
    for depth in (25, DEPTH_MAX + 1, 500):
        assert "more than is looked at" in str(wrong(schema, nested(depth)))


def test_depth_is_counted_a_little_too_far() -> None:
    assert [depth_of(value) for value in (1, [], [1], {"a": [1]})] == [0, 0, 1, 2]
    assert depth_of(parse_json(nested(200))) == DEPTH_MAX + 1
