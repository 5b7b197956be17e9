from typing import Any

import pytest
from tests.doors.schemaregistry.client import INT, LONG, TEXT, Registry


def test_a_level_is_of_all_subjects_or_of_one() -> None:
    registry = Registry()
    assert registry.get("/config") == {"compatibilityLevel": "BACKWARD"}
    assert registry.refused("GET", "/config/s") == (404, 40408)
    assert registry.get("/config/s?defaultToGlobal=true") == {"compatibilityLevel": "BACKWARD"}
    assert registry.put("/config/s", {"compatibility": "full"}) == {"compatibility": "FULL"}
    registry.put("/config", {"compatibility": "NONE"})
    assert registry.get("/config/s") == {"compatibilityLevel": "FULL"}
    assert registry.get("/config") == {"compatibilityLevel": "NONE"}
    assert registry.delete("/config/s") == {"compatibilityLevel": "FULL"}
    assert registry.refused("DELETE", "/config/s") == (404, 40408)
    assert registry.delete("/config") == {"compatibilityLevel": "NONE"}
    assert registry.refused("PUT", "/config", {"compatibility": "SOME"}) == (422, 42203)


AVRO = (INT, LONG, TEXT)
JSON = ('{"type": "integer"}', '{"type": "number"}', '{"type": "string"}')
PROTO = tuple(f'syntax = "proto3"; message M {{ {body} }} message N {{}}' for body in (
    "int32 a = 1;", "int32 a = 1; string b = 2;", "string a = 1;",
))  # fmt: skip


@pytest.mark.parametrize(("kind", "texts"), [("AVRO", AVRO), ("JSON", JSON), ("PROTOBUF", PROTO)])
def test_levels_are_kept_to_in_each_language(kind: str, texts: tuple[str, ...]) -> None:
    narrow, wide, other = ({"schema": text, "schemaType": kind} for text in texts)

    def allowed(level: str, *versions: Any) -> bool:
        registry = Registry()
        registry.put("/config/s", {"compatibility": level})
        answers = [registry.ask("POST", "/subjects/s/versions", each) for each in versions]
        assert set(answers[:-1]) <= {200}, registry.last
        return answers[-1] == 200

    for level, expected in (("BACKWARD", True), ("FORWARD", kind == "PROTOBUF"), ("NONE", True)):
        assert allowed(level, narrow, wide) is expected, level
    assert not allowed("BACKWARD", narrow, other)
    assert not allowed("FULL_TRANSITIVE", narrow, other)
    assert allowed("NONE", narrow, other)


def test_transitive_levels_look_at_every_version() -> None:
    registry = Registry()
    registry.put("/config/s", {"compatibility": "NONE"})
    registry.register("s", TEXT)
    registry.register("s", INT)
    registry.put("/config/s", {"compatibility": "BACKWARD"})
    check = "/compatibility/subjects/s/versions"
    assert registry.post(check + "/latest", {"schema": LONG}) == {"is_compatible": True}
    assert registry.post(check + "/1", {"schema": LONG}) == {"is_compatible": False}
    registry.put("/config/s", {"compatibility": "BACKWARD_TRANSITIVE"})
    assert registry.post(check, {"schema": LONG}) == {"is_compatible": False}
    told = registry.post(check + "?verbose=true", {"schema": LONG})
    assert "string cannot be read as long" in told["messages"][0]
    assert registry.refused("POST", check + "/9", {"schema": LONG}) == (404, 40402)
    gone = "/compatibility/subjects/gone/versions"
    assert registry.refused("POST", gone + "/latest", {"schema": INT}) == (404, 40401)
    assert registry.post(gone, {"schema": INT}) == {"is_compatible": True}


def test_there_is_one_mode() -> None:
    registry = Registry()
    assert registry.get("/mode") == {"mode": "READWRITE"}
    assert registry.put("/mode", {"mode": "READWRITE"}) == {"mode": "READWRITE"}
    assert registry.refused("PUT", "/mode/s", {"mode": "READONLY"}) == (422, 42205)
    assert registry.refused("PUT", "/mode", {"mode": "SOME"}) == (422, 42204)
    assert registry.refused("GET", "/mode/s") == (404, 40409)
    assert registry.get("/mode/s?defaultToGlobal=true") == {"mode": "READWRITE"}
