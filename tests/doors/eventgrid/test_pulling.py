"""Receive: at once, later, or not at all."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import CLOUD, Grid, cloud, code, read
from tests.doors.shared.rest.client import answers, request

from dragoman.formats import canonical
from dragoman.kernel.api import Address, DeclareQueue, DeleteSubscription, Publish
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message

RECEIVE = "/topics/orders/eventsubscriptions/sub:receive"


def pulled(**settings: Any) -> Grid:
    found = Grid()
    found.subscribe("sub", **settings)
    return found


def send(found: Grid, *numbers: int) -> None:
    for number in numbers:
        assert (
            found.post("/topics/orders:publish", cloud(number, data={"n": number}), CLOUD).status
            == 200
        )


def received(found: Grid, query: str = "", client: Any = None) -> list[tuple[str, int]]:
    """(id, delivery count) of each event."""
    values = read(found.post(RECEIVE + query, client=client))["value"]
    return [(value["event"]["id"], value["brokerProperties"]["deliveryCount"]) for value in values]


def test_events_come_as_they_were_sent_with_a_lock_each() -> None:
    found = pulled()
    send(found, 1, 2, 3)
    (value,) = read(found.post(RECEIVE))["value"]
    assert value["event"] == cloud(1, data={"n": 1})
    assert value["brokerProperties"]["deliveryCount"] == 1
    assert received(found, "?maxEvents=100") == [("2", 1), ("3", 1)]


def test_a_receive_waits_for_the_first_event_and_holds_nobody_up() -> None:
    found = pulled()
    waiting = found.connect()
    waiting.send(request("POST", RECEIVE + "?maxWaitTime=10&maxEvents=5"))
    assert waiting.take() == b""
    send(found, 1)
    (answer,) = answers(waiting.take(), "POST")
    assert [value["event"]["id"] for value in read(answer)["value"]] == ["1"]
    send(found, 2)
    assert waiting.take() == b""
    assert received(found) == [("2", 1)]


def test_a_receive_that_waited_in_vain_is_answered_with_nothing() -> None:
    found = pulled()
    waiting = found.connect()
    waiting.send(request("POST", RECEIVE + "?maxWaitTime=10"))
    found.world.advance(9_999)
    assert waiting.take() == b""
    found.world.advance(1)
    (answer,) = answers(waiting.take(), "POST")
    assert (answer.status, read(answer)) == (200, {"value": []})
    send(found, 1)
    assert received(found) == [("1", 1)]


def test_whoever_hangs_up_while_waiting_takes_no_event_along() -> None:
    found = pulled()
    waiting = found.connect()
    waiting.send(request("POST", RECEIVE))
    waiting.close()
    send(found, 1)
    assert received(found) == [("1", 1)]


def test_a_lock_ends_by_itself_and_outlives_its_connection() -> None:
    found = pulled(lease_duration_ms=60_000, attempts_counted="leased")
    send(found, 1)
    other = found.connect()
    assert received(found, client=other) == [("1", 1)]
    other.close()
    found.world.advance(59_999)
    waiting = found.connect()
    waiting.send(request("POST", RECEIVE))
    assert waiting.take() == b""
    found.world.advance(1)
    (answer,) = answers(waiting.take(), "POST")
    assert read(answer)["value"][0]["brokerProperties"]["deliveryCount"] == 2


def test_a_receive_of_a_subscription_that_goes_away_is_told() -> None:
    found = pulled()
    waiting = found.connect()
    waiting.send(request("POST", RECEIVE))
    waiting.world.kernel.submit(DeleteSubscription(name="orders", subscription="sub"), 0)
    found.world.run()
    (answer,) = answers(waiting.take(), "POST")
    assert code(answer) == (404, "NotFound")


def test_messages_of_other_protocols_come_as_events() -> None:
    found = pulled()
    message = Message(b'{"a": 1}', [("tenant", "gold")])
    body = canonical.encode(message)
    found.world.kernel.publish(Publish("default", Address("orders"), CANONICAL, [body]))
    (value,) = read(found.post(RECEIVE))["value"]
    event = value["event"]
    assert (event["source"], event["id"], event["data"], event["tenant"]) == (
        "/orders", "orders/0", {"a": 1}, "gold",
    )  # fmt: skip


def test_a_queue_is_a_subscription_by_its_own_name() -> None:
    found = Grid()
    found.submit(DeclareQueue(name="orders"))
    send(found, 1)
    path = "/topics/orders/eventsubscriptions/orders"
    (value,) = read(found.post(f"{path}:receive"))["value"]
    lock = value["brokerProperties"]["lockToken"]
    assert read(found.post(f"{path}:acknowledge", {"lockTokens": [lock]}))["failedLockTokens"] == []


def test_names_are_found_whatever_their_case() -> None:
    found = pulled()
    send(found, 1)
    path = "/topics/ORDERS/eventsubscriptions/SUB:receive"
    assert len(read(found.post(path))["value"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "?maxEvents=0",
        "?maxEvents=101",
        "?maxEvents=x",
        "?maxWaitTime=9",
        "?maxWaitTime=121",
        "?maxEvents=-1",
    ],
)
def test_numbers_out_of_range_are_refused(query: str) -> None:
    assert code(pulled().post(RECEIVE + query)) == (400, "BadRequest")


@pytest.mark.parametrize(
    "path",
    ["/topics/orders/eventsubscriptions/no:receive", "/topics/no/eventsubscriptions/sub:receive"],
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert code(pulled().post(path)) == (404, "NotFound")
