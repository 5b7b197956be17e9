import pytest

from dragoman.formats.schemas.jsondoc import read_json_schema
from dragoman.formats.schemas.limits import SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source


def test_what_a_schema_says_is_judged_by_its_draft() -> None:
    found = read_json_schema(
        Source('{"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}')
    )
    assert found.validator.is_valid({"a": "aaa"})
    assert not found.validator.is_valid([])
    assert not found.validator.is_valid({"a": "a" * 5_000 + "b"}), "in time linear in it"


def test_references_are_within_it_or_given() -> None:
    text = '{"properties": {"a": {"$ref": "a.json"}, "b": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "null"}}}'
    found = read_json_schema(Source(text, (("a.json", '{"type": "string"}'),)))
    assert found.validator.is_valid({"a": "x", "b": None})
    assert not found.validator.is_valid({"a": 1})
    circle = read_json_schema(Source('{"properties": {"next": {"$ref": "#"}}}'))
    assert circle.validator.is_valid({"next": {"next": {}}})


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "[]", "{", '{"type": 5}', '{"$ref": "http://127.0.0.1:9/x"}', '{"$ref": "file:///etc/passwd"}',
        '{"$ref": "#/gone"}', '{"pattern": "[a-z]{90000}"}', '{"patternProperties": {"([^x]{99}){99}": {}}}', '{"pattern": "(?=a)"}', '{"pattern": "("}', '{"not": ' * 70 + "{}" + "}" * 70,
        '{"enum": [' + ",".join(map(str, range(30_000))) + "]}", '{"title": "' + "x" * SCHEMA_BYTES_MAX + '"}',
    ],
)  # fmt: skip
def test_what_is_no_schema_or_asks_for_too_much_is_refused(text: str) -> None:
    with pytest.raises(SchemaInvalid):
        read_json_schema(Source(text))
