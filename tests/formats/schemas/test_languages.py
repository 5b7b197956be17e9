import pytest

from dragoman.formats.schemas import languages
from dragoman.formats.schemas.languages import Languages
from dragoman.formats.schemas.limits import Budget, SchemaMismatch
from dragoman.model.errors import SchemaInvalid


def test_both_languages_are_known_in_both_encodings() -> None:
    known = Languages()
    known.check("avro", '"int"')
    known.judge("avro", '"int"', "json")(b"1", Budget())
    known.judge("avro", '"int"', "binary")(b"\x02", Budget())
    text = "message M { optional int32 a = 1; }"
    known.judge("protobuf", text, "json")(b'{"a":1}', Budget())
    known.judge("protobuf", text, "binary")(b"\x08\x01", Budget())
    with pytest.raises(SchemaMismatch):
        known.judge("avro", '"int"', "json")(b'"a"', Budget())
    with pytest.raises(SchemaInvalid):
        known.check("protobuf", '"int"')
    assert known.problems("avro", '"int"', '"long"') == ["$: long cannot be read as int"]
    assert known.problems("protobuf", text, text) == []


def test_the_latest_used_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "KEPT_MAX", 2)
    known = Languages()
    for text in ('"int"', '"long"', '"int"', '"string"'):
        known.check("avro", text)
    assert [text for _, text in known._read] == ['"int"', '"string"']


def test_a_budget_is_for_all_that_is_judged_in_one_go() -> None:
    check = Languages().judge("avro", '{"type":"array","items":"int"}', "json")
    budget = Budget(5)
    check(b"[1,2]", budget)
    with pytest.raises(SchemaMismatch, match="at once"):
        check(b"[1,2]", budget)
