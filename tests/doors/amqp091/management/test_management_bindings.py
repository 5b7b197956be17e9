"""Bindings over HTTP: between two ends, told apart by their properties key."""

from urllib.parse import quote

from tests.doors.amqp091.management.client import Manager

from dragoman.doors.amqp091.management.bindings import properties_key


def made() -> Manager:
    manager = Manager()
    manager.put("queues/%2F/q")
    manager.put("exchanges/%2F/e", {"type": "topic"})
    return manager


def test_a_binding_is_made_found_and_undone() -> None:
    manager = made()
    path = "bindings/%2F/e/e/q/q"
    assert manager.ask("POST", path, {"routing_key": "a.#"}) == 201
    assert manager.ask("POST", path, {"routing_key": "a.#", "arguments": {"n": 1}}) == 201
    first, second = manager.get(path)
    assert first["properties_key"] != second["properties_key"]
    assert {first["routing_key"], second["routing_key"]} == {"a.#"}
    client = manager.amqp()
    client.publish(b"x", exchange="e", key="a.b")
    assert client.get("q") is not None
    for one in (first, second):
        key = quote(one["properties_key"], safe="")
        assert manager.get(f"{path}/{key}") == one
        assert manager.ask("DELETE", f"{path}/{key}") == 204
        assert manager.ask("DELETE", f"{path}/{key}") == 404
    assert manager.get(path) == []


def test_lists_are_by_either_end() -> None:
    manager = made()
    manager.put("exchanges/%2F/f", {"type": "fanout"})
    assert manager.ask("POST", "bindings/%2F/e/e/e/f", {"routing_key": "k"}) == 201
    assert manager.ask("POST", "bindings/%2F/e/f/q/q", {}) == 201
    sources = [one["source"] for one in manager.get("queues/%2F/q/bindings")]
    assert sources == ["", "f"]
    (told,) = manager.get("exchanges/%2F/e/bindings/source")
    assert told["destination"] == "f"
    assert manager.get("exchanges/%2F/f/bindings/destination") == [told]
    assert manager.get("bindings/%2F/e/amq.default/q/q")[0]["routing_key"] == "q"
    assert manager.ask("GET", "bindings/%2F/e/e/x/q") == 404


def test_a_binding_needs_both_ends() -> None:
    manager = made()
    assert manager.ask("POST", "bindings/%2F/e/no/q/q", {}) == 404
    assert manager.ask("POST", "bindings/%2F/e/e/q/no", {}) == 404


def test_a_properties_key_is_the_key_when_there_is_nothing_else() -> None:
    assert properties_key("", {}) == "~"
    assert properties_key("a.#", {}) == "a.%23"
    assert properties_key("k", {"a": 1}).startswith("k~")


def test_who_comes_first_by_http_finds_the_predeclared_exchanges() -> None:
    manager = Manager()
    manager.put("queues/%2F/q")
    assert manager.ask("POST", "bindings/%2F/e/amq.topic/q/q", {"routing_key": "a.#"}) == 201
    words = {"properties": {}, "routing_key": "a.b", "payload": "x", "payload_encoding": "string"}
    assert manager.ask("POST", "exchanges/%2F/amq.topic/publish", words) == 200
    assert manager.amqp().get("q") is not None
