from base64 import b64encode

import pytest
from tests.doors.schemaregistry.client import INT, Registry


def test_answers_are_of_the_registrys_media_type() -> None:
    registry = Registry()
    answer = registry.client.ask("GET", "/subjects", b"")
    assert dict(answer.headers)[b"content-type"] == b"application/vnd.schemaregistry.v1+json"
    assert answer.body == b"[]"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/subjects/a/b/c", (404, 404)),
        ("PATCH", "/subjects", (405, 405)),
        ("GET", "/associations/resources/-/t?resourceType=topic", (404, 404)),
        ("GET", "/dek-registry/v1/keks", (404, 404)),
        ("GET", "/schemas/ids/x", (404, 404)),
    ],
)
def test_what_is_not_there_is_said_in_its_words(
    method: str, path: str, expected: tuple[int, int]
) -> None:
    assert Registry().refused(method, path) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"schema": 5}', b"\xff", b"[" * 5_000])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    registry = Registry()
    for method, path in (
        ("POST", "/subjects/s/versions"), ("POST", "/compatibility/subjects/s/versions"), ("PUT", "/config"), ("PUT", "/mode"),
    ):  # fmt: skip
        answer = registry.client.ask(method, path, body)
        assert answer.status in {400, 422}
        assert b"error_code" in answer.body
    assert registry.world.faults == []


def test_users_show_a_password_and_pages_of_others_do_not_ask() -> None:
    registry = Registry({"ada": b"secret"})
    assert registry.refused("GET", "/subjects") == (401, 401)
    for said in ("ada:wrong", "ada", "bob:secret"):
        basic = "Basic " + b64encode(said.encode()).decode()
        assert registry.ask("GET", "/subjects", authorization=basic) == 401
    assert registry.ask("GET", "/subjects", authorization="Basic é") == 401
    basic = "Basic " + b64encode(b"ada:secret").decode()
    assert registry.ask("GET", "/subjects", authorization=basic) == 200
    assert registry.ask("GET", "/subjects", authorization=basic, origin="https://evil") == 403


def test_a_fault_of_ours_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    registry.register("s", INT)
    registry.world.broker.kernel.state.languages = None
    assert registry.refused("POST", "/subjects/s/versions", {"schema": INT}) == (422, 42205)
