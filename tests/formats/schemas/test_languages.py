import pytest

from dragoman.formats.schemas import languages
from dragoman.formats.schemas.languages import Languages
from dragoman.formats.schemas.limits import Budget, SchemaMismatch
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

INT = Source('"int"')


def test_both_languages_are_known_in_both_encodings() -> None:
    known = Languages()
    known.check("avro", INT)
    known.judge("avro", '"int"', "json")(b"1", Budget())
    known.judge("avro", '"int"', "binary")(b"\x02", Budget())
    text = "message M { optional int32 a = 1; }"
    known.judge("protobuf", text, "json")(b'{"a":1}', Budget())
    known.judge("protobuf", text, "binary")(b"\x08\x01", Budget())
    with pytest.raises(SchemaMismatch):
        known.judge("avro", '"int"', "json")(b'"a"', Budget())
    with pytest.raises(SchemaInvalid):
        known.check("protobuf", INT)
    assert known.problems("avro", INT, Source('"long"')) == ["$: long cannot be read as int"]
    assert known.problems("protobuf", Source(text), Source(text)) == []


def test_the_latest_used_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "KEPT_MAX", 2)
    known = Languages()
    for text in ('"int"', '"long"', '"int"', '"string"'):
        known.check("avro", Source(text))
    assert [source.text for _, source in known._read] == ['"int"', '"string"']


def test_a_budget_is_for_all_that_is_judged_in_one_go() -> None:
    check = Languages().judge("avro", '{"type":"array","items":"int"}', "json")
    budget = Budget(5)
    check(b"[1,2]", budget)
    with pytest.raises(SchemaMismatch, match="at once"):
        check(b"[1,2]", budget)


def test_references_are_of_each_language() -> None:
    known = Languages()
    inner = '{"type":"record","name":"a.Inner","fields":[{"name":"x","type":"int"}]}'
    outer = '{"type":"record","name":"Outer","fields":[{"name":"in","type":"a.Inner"}]}'
    known.check("avro", Source(outer, (("a.Inner", inner),)))
    with pytest.raises(SchemaInvalid):
        known.check("avro", Source(outer))
    message = 'syntax="proto3"; import "in.proto"; message M { p.Inner in = 1; } message N { int32 a = 1; }'
    known.check(
        "protobuf", Source(message, (("in.proto", 'syntax="proto3"; package p; message Inner {}'),))
    )
    with pytest.raises(SchemaInvalid, match="no reference"):
        known.check("protobuf", Source(message))
    known.check("json", Source('{"$ref":"in.json"}', (("in.json", '{"type":"string"}'),)))
    with pytest.raises(SchemaInvalid):
        known.check("json", Source('{"$ref":"in.json"}'))


def test_spaces_make_no_other_schema() -> None:
    known = Languages()
    assert known.plain("avro", ' {"type" : "int"} ') == known.plain("avro", '{"type":"int"}')
    assert known.plain("protobuf", "message  M {}\n") == known.plain("protobuf", "message M {}")
    with pytest.raises(SchemaInvalid):
        known.plain("json", "{")
    with pytest.raises(SchemaInvalid):
        known.judge("json", "{}", "json")
