import pytest
from tests.doors.schemaregistry.client import INT, LONG, TEXT, Registry


def test_versions_count_up_and_a_schema_has_one_id() -> None:
    registry = Registry()
    registry.put("/config", {"compatibility": "NONE"})
    first = registry.register("a", INT)
    assert registry.register("a", ' "int" ') == first
    assert registry.register("b", INT) == first
    assert registry.register("a", TEXT) != first
    assert registry.get("/subjects") == ["a", "b"]
    assert registry.get("/subjects/a/versions") == [1, 2]
    assert registry.get("/subjects/a/versions/1") == {
        "subject": "a",
        "version": 1,
        "id": first,
        "schema": INT,
    }
    assert registry.get("/subjects/a/versions/latest")["version"] == 2
    assert registry.get("/subjects/a/versions/-1")["version"] == 2
    assert registry.get("/subjects/a/versions/1/schema") == "int"
    assert registry.get(f"/schemas/ids/{first}") == {"schema": INT}
    assert registry.get(f"/schemas/ids/{first}/schema") == "int"
    assert registry.get(f"/schemas/ids/{first}/subjects") == ["a", "b"]
    assert registry.get(f"/schemas/ids/{first}/versions") == [
        {"subject": "a", "version": 1}, {"subject": "b", "version": 1},
    ]  # fmt: skip
    assert [each["subject"] for each in registry.get("/schemas?latestOnly=true")] == ["a", "b"]
    assert registry.get("/subjects?subjectPrefix=b") == ["b"]
    assert registry.get("/subjects?offset=1&limit=1") == ["b"]
    assert registry.get("/schemas/types") == ["JSON", "PROTOBUF", "AVRO"]
    assert registry.get("/contexts") == ["."]


def test_a_schema_is_found_by_what_it_says() -> None:
    registry = Registry()
    made = registry.register("a", INT)
    assert registry.post("/subjects/a", {"schema": INT})["id"] == made
    assert registry.refused("POST", "/subjects/a", {"schema": LONG}) == (404, 40403)
    assert registry.refused("POST", "/subjects/b", {"schema": INT}) == (404, 40401)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"schema": "nonsense"}, (422, 42201)),
        ({"schema": ""}, (422, 42201)),
        ({"schema": INT, "schemaType": "XML"}, (422, 42201)),
        ({"schema": '{"type": 5}', "schemaType": "JSON"}, (422, 42201)),
        ({"schema": '{"$ref": "gone.json"}', "schemaType": "JSON"}, (422, 42201)),
        ({"schema": '{"pattern": "(?=a)"}', "schemaType": "JSON"}, (422, 42201)),
        ({"schema": "[" * 100 + "]" * 100, "schemaType": "JSON"}, (422, 42201)),
        ({"schema": "message M { Gone g = 1; }", "schemaType": "PROTOBUF"}, (422, 42201)),
        ({"schema": INT, "references": [{"name": "x", "subject": "gone", "version": 1}]}, (422, 42201)),
        ({"schema": INT, "references": [{"name": "x"}]}, (422, 422)),
    ],
)  # fmt: skip
def test_what_is_no_schema_is_refused(body: object, expected: tuple[int, int]) -> None:
    registry = Registry()
    assert registry.refused("POST", "/subjects/s/versions", body) == expected
    assert registry.get("/subjects") == []


def test_what_is_not_there_has_a_code_of_its_own() -> None:
    registry = Registry()
    registry.register("a", INT)
    for method, path, expected in (
        ("GET", "/subjects/b/versions", (404, 40401)),
        ("GET", "/subjects/a/versions/2", (404, 40402)),
        ("GET", "/subjects/a/versions/0", (422, 42202)),
        ("GET", "/subjects/a/versions/x", (422, 42202)),
        ("GET", "/schemas/ids/999", (404, 40403)),
        ("DELETE", "/subjects/b", (404, 40401)),
        ("DELETE", "/subjects/a?permanent=true", (404, 40405)),
        ("DELETE", "/subjects/a/versions/2", (404, 40402)),
        ("DELETE", "/subjects/a/versions/1?permanent=true", (404, 40407)),
    ):
        assert registry.refused(method, path) == expected, path


def test_what_is_deleted_softly_is_still_there_for_readers() -> None:
    registry = Registry()
    made = registry.register("a", INT)
    assert registry.delete("/subjects/a") == [1]
    assert registry.get("/subjects") == []
    assert registry.get("/subjects?deleted=true") == ["a"]
    assert registry.get("/subjects?deletedOnly=true") == ["a"]
    assert registry.refused("GET", "/subjects/a/versions") == (404, 40401)
    assert registry.get("/subjects/a/versions?deleted=true") == [1]
    assert registry.get("/subjects/a/versions/1?deleted=true")["id"] == made
    assert registry.get(f"/schemas/ids/{made}")["schema"] == INT
    assert registry.get(f"/schemas/ids/{made}/subjects") == []
    assert registry.get(f"/schemas/ids/{made}/subjects?deleted=true") == ["a"]
    assert registry.refused("DELETE", "/subjects/a") == (404, 40404)
    assert registry.delete("/subjects/a?permanent=true") == [1]
    assert registry.refused("GET", f"/schemas/ids/{made}") == (404, 40403)
    assert registry.get("/subjects?deleted=true") == []


def test_a_version_is_deleted_softly_and_then_for_good() -> None:
    registry = Registry()
    registry.put("/config", {"compatibility": "NONE"})
    first, second = registry.register("a", INT), registry.register("a", TEXT)
    assert registry.delete("/subjects/a/versions/1") == 1
    assert registry.get("/subjects/a/versions") == [2]
    assert registry.refused("DELETE", "/subjects/a/versions/1") == (404, 40406)
    assert registry.delete("/subjects/a/versions/1?permanent=true") == 1
    assert registry.refused("GET", f"/schemas/ids/{first}") == (404, 40403)
    assert registry.delete("/subjects/a/versions/latest") == 2
    assert registry.get(f"/schemas/ids/{second}")["schema"] == TEXT
    assert registry.delete("/subjects/a/versions/2?permanent=true") == 2
    assert registry.refused("GET", "/subjects/a/versions?deleted=true") == (404, 40401)


def test_what_others_refer_to_stays() -> None:
    registry = Registry()
    text = '{"type": "record", "name": "R", "fields": []}'
    registry.register("r", text)
    reference = {"name": "R", "subject": "r", "version": 1}
    user = registry.register("u", '{"type": "array", "items": "R"}', references=[reference])
    assert registry.get("/subjects/u/versions/1")["references"] == [reference]
    assert registry.get("/subjects/r/versions/1/referencedby") == [user]
    assert registry.refused("DELETE", "/subjects/r") == (422, 42206)
    assert registry.refused("DELETE", "/subjects/r/versions/1") == (422, 42206)
    registry.delete("/subjects/u")
    registry.delete("/subjects/u?permanent=true")
    assert registry.delete("/subjects/r") == [1]


def test_a_subject_keeps_its_language() -> None:
    registry = Registry()
    registry.register("a", INT)
    json_schema = {"schema": "{}", "schemaType": "JSON"}
    assert registry.refused("POST", "/subjects/a/versions", json_schema) == (409, 409)
    assert registry.post("/subjects/b/versions", json_schema)["schemaType"] == "JSON"
