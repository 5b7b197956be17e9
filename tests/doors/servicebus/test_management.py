"""`$management`, operation by operation."""

from typing import Any
from uuid import UUID

import pytest
from tests.doors.servicebus.client import LEASE_MS, Client, World
from tests.doors.servicebus.test_profile import filled, session
from tests.doors.shared.amqp10.client import message, message_of

from dragoman.doors.servicebus.tokens import write
from dragoman.model.message import Typed
from dragoman.wire.amqp10.messaging import Modified
from dragoman.wire.amqp10.values import Array, Int, Symbol, Timestamp, UInt

GONE = (410, "com.microsoft:message-lock-lost")


def tokens_of(client: Client) -> Array:
    """Of what has been delivered."""
    tags = [frame.body.delivery_tag for frame in client.transfers()]
    return Array(UUID, [UUID(bytes_le=tag) for tag in tags])


def received(*bodies: bytes, **settings: object) -> tuple[World, Client, Array]:
    world, client = filled(*bodies, **settings)
    client.receiver()
    return world, client, tokens_of(client)


def shown(found: Any) -> list[bytes | None]:
    return [message_of(item["message"]).body for item in found["messages"]]


def test_locks_are_renewed_to_their_full_length() -> None:
    world, client, tokens = received(b"1", b"2")
    world.advance(1_000)
    status, body = client.ask("renew-lock", {"lock-tokens": tokens})
    expected = [Timestamp(world.clock.now_ms + LEASE_MS)] * 2
    assert (status, list(body["expirations"].items)) == (200, expected)
    world.advance(LEASE_MS - 1)
    assert world.info().leased == 2


def test_a_lock_that_is_lost_is_not_renewed() -> None:
    world, client, tokens = received(b"1", lease_duration_ms=1_000)
    client.credit(0, count=1)
    world.advance(1_000)
    assert client.ask("renew-lock", {"lock-tokens": tokens}) == GONE
    made_up = Array(UUID, [UUID(bytes_le=write(7, 900, 1))])
    assert client.ask("renew-lock", {"lock-tokens": made_up}) == GONE


def test_what_is_put_aside_is_taken_by_its_number() -> None:
    world, client = filled(b"1")
    client.receiver()
    first = client.transfers()[0].body.delivery_id
    client.settle(first, state=Modified(undeliverable_here=True))
    _, body = client.ask("peek-message", {"message-count": 1})
    assert b"x-opt-message-state" in body["messages"][0]["message"]
    asked = {"sequence-numbers": Array(int, [1]), "receiver-settle-mode": UInt(1)}
    status, body = client.ask("receive-by-sequence-number", asked)
    assert (status, shown(body)) == (200, [b"1"])
    token = Array(UUID, [body["messages"][0]["lock-token"]])
    done = {"lock-tokens": token, "disposition-status": "completed"}
    assert client.ask("update-disposition", done)[0] == 200
    assert client.ask("update-disposition", done) == GONE
    assert world.info().leased == 0
    missing = client.ask("receive-by-sequence-number", asked)
    assert missing == (404, "com.microsoft:message-not-found")


def _put_aside(world: World, client: Client) -> Any:
    """The answer that hands the first message out again, by its number."""
    client.receiver()
    client.settle(client.transfers()[0].body.delivery_id, state=Modified(undeliverable_here=True))
    asked = {"sequence-numbers": Array(int, [1]), "receiver-settle-mode": UInt(1)}
    return lambda: client.ask("receive-by-sequence-number", asked)


def test_what_is_put_aside_stays_aside_when_it_is_given_back_or_its_lock_is_lost() -> None:
    world, client = filled(b"1", attempts_max=3, attempts_counted="failed")
    take = _put_aside(world, client)
    token = Array(UUID, [take()[1]["messages"][0]["lock-token"]])
    given_back = {"lock-tokens": token, "disposition-status": "abandoned"}
    assert client.ask("update-disposition", given_back)[0] == 200
    assert (world.info().deferred, world.info().ready) == (1, 0)
    message = message_of(take()[1]["messages"][0]["message"])
    assert message.body == b"1"
    world.advance(LEASE_MS)
    assert world.info().deferred == 1
    take()
    world.advance(LEASE_MS)
    assert take() == (404, "com.microsoft:message-not-found")
    assert world.info("q/dead").ready == 1


def test_what_is_put_aside_expires_when_it_is_asked_for() -> None:
    world, client = filled(b"1", ttl_ms=5_000)
    take = _put_aside(world, client)
    world.advance(5_000)
    assert (world.info().deferred, world.info("q/dead").ready) == (1, 0)
    assert take() == (404, "com.microsoft:message-not-found")
    assert (world.info().deferred, world.info("q/dead").ready) == (0, 1)


def test_several_are_taken_in_the_order_asked_for_or_none_of_them() -> None:
    world, client = filled(b"1", b"2", b"3")
    client.receiver()
    for one in client.transfers():
        client.settle(one.body.delivery_id, state=Modified(undeliverable_here=True))
    asked = {"sequence-numbers": Array(int, [3, 1, 9]), "receiver-settle-mode": UInt(1)}
    missing = client.ask("receive-by-sequence-number", asked)
    assert missing == (404, "com.microsoft:message-not-found")
    assert world.info().leased == 0
    asked["sequence-numbers"] = Array(int, [3, 1])
    assert shown(client.ask("receive-by-sequence-number", asked)[1]) == [b"3", b"1"]
    assert world.info().leased == 2
    gone = {"sequence-numbers": Array(int, [2]), "receiver-settle-mode": UInt(0)}
    assert shown(client.ask("receive-by-sequence-number", gone)[1]) == [b"2"]
    assert world.info().leased == 2
    assert client.ask("receive-by-sequence-number", gone)[0] == 404


@pytest.mark.parametrize("status", ["abandoned", "defered"])
def test_properties_are_set_by_token_and_seen_by_whoever_looks(status: str) -> None:
    _, client, tokens = received(b"1")
    asked = {"lock-tokens": tokens, "disposition-status": status}
    asked["properties-to-modify"] = {"tries": Int(3)}
    client.credit(0, count=1)
    assert client.ask("update-disposition", asked)[0] == 200
    _, body = client.ask("peek-message", {"message-count": 1})
    assert dict(message_of(body["messages"][0]["message"]).headers) == {"tries": Typed("i32", 3)}


def test_dispositions_by_token_are_those_of_links() -> None:
    world, client, tokens = received(b"1")
    one = {"lock-tokens": tokens}
    assert client.ask("update-disposition", {**one, "disposition-status": "sold"})[0] == 400
    asked = {**one, "disposition-status": "suspended", "deadletter-reason": "why"}
    asked["properties-to-modify"] = {"tries": 3}
    assert client.ask("update-disposition", asked)[0] == 200
    assert world.info("q/dead").ready == 1


def test_several_tokens_are_settled_together_or_not_at_all() -> None:
    world, client, tokens = received(b"1", b"2", b"3")
    client.credit(0, count=3)
    done = {"lock-tokens": Array(UUID, [*tokens.items][:1]), "disposition-status": "completed"}
    assert client.ask("update-disposition", done)[0] == 200
    all_of_them = {**done, "lock-tokens": tokens}
    assert client.ask("update-disposition", all_of_them) == GONE
    assert world.info().leased == 2
    left = [*tokens.items][1:]
    twice = {**done, "lock-tokens": Array(UUID, left + left)}
    assert client.ask("update-disposition", twice)[0] == 200
    assert world.info().leased == 0


def test_what_is_scheduled_can_be_taken_back() -> None:
    world, client = filled()
    due = Timestamp(world.clock.now_ms + 5_000)
    later = message(b"x", annotations={Symbol("x-opt-scheduled-enqueue-time"): due})
    items = [{"message-id": "1", "message": later}] * 2
    status, body = client.ask("schedule-message", {"messages": items})
    numbers = list(body["sequence-numbers"].items)
    assert status == 200 and len(set(numbers)) == 2
    asked = {"sequence-numbers": Array(int, numbers[:1])}
    assert client.ask("cancel-scheduled-message", asked)[0] == 200
    missing = (404, "com.microsoft:message-not-found")
    assert client.ask("cancel-scheduled-message", asked) == missing
    for wrong in (numbers, [numbers[1], 7]):
        asked = {"sequence-numbers": Array(int, wrong)}
        assert client.ask("cancel-scheduled-message", asked) == missing
    world.advance(5_000)
    assert world.info().ready == 1


def test_a_session_keeps_a_state_and_its_lock() -> None:
    world, client = filled(order="session")
    client.send(message(b"1", group_id="a"))
    client.attach(session("a"))
    one = {"session-id": "a"}
    assert client.ask("get-session-state", one) == (200, {"session-state": None})
    assert client.ask("set-session-state", {**one, "session-state": b"kept"})[0] == 200
    assert client.ask("get-session-state", one)[1] == {"session-state": b"kept"}
    world.advance(1_000)
    _, body = client.ask("renew-session-lock", one)
    assert body["expiration"] == world.clock.now_ms + LEASE_MS
    world.advance(LEASE_MS)
    lost = (410, "com.microsoft:session-lock-lost")
    assert client.ask("renew-session-lock", one) == lost
    assert client.ask("get-session-state", {"session-id": "other"}) == lost


def test_what_makes_no_sense_is_400_and_what_is_not_offered_501() -> None:
    _, client = filled()
    assert client.ask("renew-lock", {})[0] == 400
    assert client.ask("renew-lock", {"lock-tokens": ["x"]})[0] == 400
    assert client.ask("cancel-scheduled-message", {"sequence-numbers": ["x"]})[0] == 400
    assert client.ask("get-session-state", {})[0] == 400
    assert client.ask("schedule-message", {"messages": [{}]})[0] == 400
    assert client.ask("fly", {}) == (501, "amqp:not-implemented")


def test_requests_of_what_is_not_there_are_404() -> None:
    _, client = filled()
    assert client.ask("peek-message", {}, "missing")[0] == 404
