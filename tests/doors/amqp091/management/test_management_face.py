"""Who may ask, and how refusals are told."""

import pytest
from tests.doors.amqp091.management.client import Manager

from dragoman.doors.amqp091.management.face import BELOW, handlers


def test_while_nobody_is_configured_anybody_is_who_they_say() -> None:
    manager = Manager()
    assert manager.get("whoami")["name"] == "guest"
    manager.log_in("ann", "whatever")
    assert manager.get("whoami")["name"] == "ann"


def test_users_prove_themselves_by_basic() -> None:
    manager = Manager({"ann": b"secret"})
    assert manager.ask("GET", "overview") == 401
    manager.log_in("ann", "wrong")
    assert manager.ask("GET", "overview") == 401
    assert manager.last == {"error": "not_authorized", "reason": "Login failed"}
    manager.log_in("ann", "secret")
    assert manager.get("whoami")["name"] == "ann"


@pytest.mark.parametrize("told", ["Basic ###", "Bearer x", "Basic " + "Og==", "Basic /w=="])
def test_other_credentials_are_none(told: str) -> None:
    manager = Manager({"ann": b"secret"})
    manager.headers["authorization"] = told
    assert manager.ask("GET", "overview") == 401


def test_a_page_of_another_origin_may_not_ask() -> None:
    manager = Manager()
    manager.headers["origin"] = "http://evil.test"
    assert manager.ask("GET", "overview") == 401


def test_what_is_not_there_is_404_and_what_cannot_be_done_405() -> None:
    manager = Manager()
    not_found = {"error": "Object Not Found", "reason": "Not Found"}
    for path in (
        "queues/%2F/no",
        "exchanges/%2F/no",
        "vhosts/no",
        "queues/no",
        "users/no",
        "queues/%2F/q/x",
        "queues/a/b/c",
    ):
        assert manager.ask("GET", path) == 404, path
        assert manager.last == not_found
    assert manager.ask("POST", "bindings/%2F/e/amq.topic/q/no", {}) == 404
    assert manager.last == {"error": "not_found", "reason": "no queue 'no' in vhost '/'"}
    assert manager.ask("PUT", "queues/no/q", {}) == 404
    assert manager.last == {"error": "not_found", "reason": "vhost_not_found"}
    assert manager.ask("PATCH", "queues/%2F/q") == 405
    assert manager.get("queues/") == manager.get("queues/%2F/") == []


def test_a_body_that_is_none_is_400() -> None:
    manager = Manager()
    assert manager.refused("PUT", "queues/%2F/q", [1])
    assert manager.refused("PUT", "queues/%2F/q", {"arguments": 7})
    assert manager.refused("POST", "exchanges/%2F/amq.direct/publish", {"routing_key": "k"})


def test_a_path_that_is_served_looks_like_the_apis() -> None:
    for _, template, _ in handlers(list):
        assert f"/api/{template}".encode().startswith(BELOW), template


def test_guessing_is_limited_by_address() -> None:
    manager = Manager({"ann": b"secret"})
    manager.log_in("ann", "wrong")
    for _ in range(200):
        manager.ask("GET", "whoami")
    manager.log_in("ann", "secret")
    assert manager.ask("GET", "whoami") == 401
    manager.world.advance(60_000)
    assert manager.get("whoami")["name"] == "ann"
