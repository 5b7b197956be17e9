import json

import pytest
from tests.console.admin.client import V1, Admin
from tests.doors.shared.rest.client import answers, request

from dragoman.console.admin.messages import FORMATS, PUBLISH_MAX
from dragoman.formats import decode
from dragoman.kernel.api import Lease
from dragoman.model import levels

MESSAGES = "/queues/default/q/messages"
EVERYTHING = {
    "body": "one coffee",
    "key": "table-7",
    "headers": [["a", 1], ["a", "twice"], ["t", {"$": ["timestamp", 5]}]],
    "content_type": "text/plain",
    "group": "g",
    "id": "m-1",
    "type": "order",
    "subject": "s",
    "source": "/here",
    "reply_to": "answers",
    "correlation": "c",
    "to": "t",
    "app": "till",
    "created_at_ms": 1,
    "expires_at_ms": 1 << 50,
    "priority": 3,
    "durable": True,
    "event": {"specversion": "1.0"},
    "trace": ["00-0-0-01", None],
}


@pytest.fixture
def admin() -> Admin:
    admin = Admin()
    admin.queue("q")
    return admin


def test_what_is_published_is_seen_field_by_field(admin: Admin) -> None:
    told = admin.post(MESSAGES, {"messages": [EVERYTHING]})
    assert told == {"routed": 1, "partition": 0, "offset": 0}
    (item,) = admin.get(MESSAGES)["items"]
    assert (item["offset"], item["partition"], item["state"], item["tries"]) == (0, 0, "READY", 0)
    assert item["format"] == "canonical"
    assert item["message"] == EVERYTHING


def test_a_reader_of_the_queue_gets_it(admin: Admin) -> None:
    admin.post(MESSAGES, {"messages": [EVERYTHING]})
    (delivery,) = admin.client.session.submit(Lease(name="q"))
    message = decode(delivery.block.format, delivery.bodies[0])
    assert (message.body, message.key, message.priority) == (b"one coffee", b"table-7", 3)


def test_who_published_is_said_by_the_broker_alone() -> None:
    admin = Admin(is_open=False)
    bearer = {"Authorization": "Bearer token"}
    assert admin.ask("POST", "/queues", {"name": "q"}, **bearer) == 201
    assert admin.ask("POST", MESSAGES, {"messages": [{"body": "x"}]}, **bearer) == 200
    (delivery,) = admin.client.session.submit(Lease(name="q"))
    assert decode(delivery.block.format, delivery.bodies[0]).user == "ci"
    forged = {"messages": [{"body": "x", "user": "ada"}]}
    assert admin.ask("POST", MESSAGES, forged, **bearer) == 400


def test_bytes_come_as_base64_and_no_body_is_none(admin: Admin) -> None:
    given = [{"body_base64": "//4="}, {}, {"body": ""}]
    admin.post(MESSAGES, {"messages": given})
    found = [item["message"] for item in admin.get(MESSAGES)["items"]]
    assert found == given


def test_looking_goes_on_behind_what_was_seen_and_changes_nothing(admin: Admin) -> None:
    admin.publish("q", *"abcde")
    page = admin.get(f"{MESSAGES}?limit=2")
    assert (len(page["items"]), page["next"]) == (2, 2)
    assert admin.bodies(f"{MESSAGES}?limit=9&offset=2") == ["c", "d", "e"]
    assert admin.get(f"{MESSAGES}?offset=9") == {"items": [], "next": 9}
    assert admin.get("/queues/default/q")["ready"] == 5


def test_states_are_told_and_asked_for(admin: Admin) -> None:
    admin.publish("q", "a", "b")
    admin.client.session.submit(Lease(name="q", lease_duration_ms=60_000))
    assert [item["state"] for item in admin.get(MESSAGES)["items"]] == ["LEASED", "READY"]
    assert admin.bodies(f"{MESSAGES}?state=leased") == ["a"]
    assert admin.bodies(f"{MESSAGES}?state=READY,returned") == ["b"]
    assert admin.refused("GET", f"{MESSAGES}?state=lost") == (400, "invalid-argument")


def test_a_message_that_cannot_be_read_is_shown_as_far_as_it_can(admin: Admin) -> None:
    admin.fill("q", b"\xc1")
    (item,) = admin.get(MESSAGES)["items"]
    assert item["message"] is None
    assert item["unreadable"]
    assert item["size"] == 1


def test_a_route_takes_messages_by_their_routing_key(admin: Admin) -> None:
    admin.post("/routes", {"name": "r", "settings": {"kind": "topic"}}, 201)
    admin.post("/bindings", {"route": "r", "target": "q", "key": "orders.*"}, 201)
    path = "/routes/default/r/messages"
    assert admin.post(path, {"messages": [{"body": "x"}], "key": "orders.new"})["routed"] == 1
    assert admin.post(path, {"messages": [{"body": "x"}], "key": "other"})["routed"] == 0
    assert admin.get("/queues/default/q")["ready"] == 1


def test_expiry_delay_and_priority_are_the_kernels(admin: Admin) -> None:
    now = admin.world.clock.now_ms
    admin.post(MESSAGES, {"messages": [{"body": "soon", "expires_at_ms": now + 10}]})
    admin.post(MESSAGES, {"messages": [{"body": "late", "deliver_at_ms": now + 500}]})
    assert admin.get("/queues/default/q")["ready"] == 1
    admin.world.advance(1_000)
    assert admin.bodies(MESSAGES) == ["late"]


def test_all_or_none_are_published(admin: Admin) -> None:
    admin.queue("small", length_max=1, overflow="reject-publish")
    path = "/queues/default/small/messages"
    many = {"messages": [{"body": "1"}]}
    admin.post(path, many)
    assert admin.refused("POST", path, many) == (409, "publish-refused")
    bad = {"messages": [{"body": "1"}, {"body_base64": "!"}]}
    assert admin.refused("POST", MESSAGES, bad) == (400, "invalid-argument")
    assert admin.get("/queues/default/q")["ready"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [{}] * (PUBLISH_MAX + 1)},
        {"messages": [{"body": "a", "body_base64": "YQ=="}]},
        {"messages": [{"body": 1}]},
        {"messages": [{"boddy": "x"}]},
        {"messages": [{"priority": -1}]},
        {"messages": [{"correlation": [1]}]},
        {"messages": [{"headers": [["a", {"$": ["i8", 300]}]]}]},
        {"messages": [{"headers": [["a", 1 << 70]]}]},
        {"messages": [{"deliver_at_ms": 1 << 40}, {"deliver_at_ms": 1 << 41}]},
    ],
)
def test_what_is_no_message_is_refused(admin: Admin, body: object) -> None:
    assert admin.refused("POST", MESSAGES, body) == (400, "invalid-argument")


def test_publishing_to_nothing_is_refused(admin: Admin) -> None:
    body = {"messages": [{"body": "x"}]}
    assert admin.refused("POST", "/queues/default/x/messages", body) == (404, "stream-not-found")


def test_a_stream_is_looked_into_whoever_reads_it(admin: Admin) -> None:
    admin.post("/streams", {"name": "log", "settings": {"retention_ms": -1, "partitions": 2}}, 201)
    path = "/streams/default/log/messages"
    admin.post(path, {"messages": [{"body": "x", "key": "k"}]})
    found = [admin.bodies(f"{path}?partition={index}") for index in (0, 1)]
    assert sorted(found) == [[], ["x"]]
    assert admin.refused("GET", f"{path}?partition=7") == (404, "partition-not-found")


def test_a_tail_waits_for_the_stream_to_grow(admin: Admin) -> None:
    tail = f"{V1}/streams/default/q/messages?wait_ms=5000"
    admin.client.send(request("GET", tail))
    assert admin.client.take() == b""
    other = Admin.__new__(Admin)
    other.world, other.client = admin.world, admin.world.connect()
    other.publish("q", "now")
    (answer,) = answers(admin.client.take())
    assert json.loads(answer.body)["items"][0]["message"] == {"body": "now"}


def test_a_tail_ends_with_nothing_at_its_time(admin: Admin) -> None:
    admin.client.send(request("GET", f"{V1}/streams/default/q/messages?wait_ms=5000&offset=3"))
    admin.world.advance(5_000)
    (answer,) = answers(admin.client.take())
    assert json.loads(answer.body) == {"items": [], "next": 3}
    assert admin.refused("GET", "/streams/default/q/messages?wait_ms=999999")[0] == 400


def test_a_stream_that_goes_away_ends_its_tail(admin: Admin) -> None:
    admin.client.send(request("GET", f"{V1}/streams/default/q/messages?wait_ms=5000"))
    other = Admin.__new__(Admin)
    other.world, other.client = admin.world, admin.world.connect()
    other.delete("/queues/default/q")
    admin.client.door.progressed()
    admin.world.broker.touch(admin.client.session)
    admin.world.run()
    (answer,) = answers(admin.client.take())
    assert answer.status == 404


def test_every_format_has_a_name() -> None:
    tags = {value for name, value in vars(levels).items() if type(value) is int} - {0, 1, 2}
    assert tags <= FORMATS.keys()
