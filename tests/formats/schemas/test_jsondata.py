import pytest

from dragoman.formats.eventfields import parse_json
from dragoman.formats.schemas.jsondata import TEXT_CHARS_MAX, judge
from dragoman.formats.schemas.jsondoc import read_json_schema
from dragoman.formats.schemas.limits import SchemaMismatch
from dragoman.ports.schemas import Source


def wrong(schema: str, body: bytes) -> SchemaMismatch:
    with pytest.raises(SchemaMismatch) as caught:
        judge(read_json_schema(Source(schema)), body, lambda: parse_json(body))
    return caught.value


def test_it_says_where_and_why() -> None:
    schema = '{"properties": {"a/b": {"items": {"type": "string"}}}}'
    error = wrong(schema, b'{"a/b": ["x", 1]}')
    assert (error.path, str(error)) == ("body/a~1b/1", '1 is not of type "string"')


def test_null_is_json_and_what_is_none_is_told() -> None:
    judge(read_json_schema(Source('{"type": "null"}')), b" null ", lambda: None)
    assert str(wrong("true", b"nul")) == "no JSON"


def test_what_is_wrong_is_told_in_short() -> None:
    text = str(wrong('{"type": "number"}', b'"%b"' % (b"x" * 5_000)))
    assert len(text) <= TEXT_CHARS_MAX + 3
    assert text.endswith('is not of type "number"')
