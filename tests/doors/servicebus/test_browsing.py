"""Looking without taking: messages, and sessions."""

from tests.doors.servicebus.client import Client, World
from tests.doors.servicebus.test_management import shown
from tests.doors.servicebus.test_profile import filled, session
from tests.doors.shared.amqp10.client import message, message_of

from dragoman.doors.servicebus.browsing import EVER_MS
from dragoman.doors.servicebus.tokens import sequence_of
from dragoman.formats.amqp10 import section
from dragoman.kernel.api import Address, Publish, StreamSettings
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.messaging import RELEASED, Modified
from dragoman.wire.amqp10.sections import pack_entry, slice_message
from dragoman.wire.amqp10.values import Symbol, Timestamp, UInt


def test_messages_are_looked_at_from_a_number_on_whatever_their_state() -> None:
    _, client = filled(b"1", b"2", b"3")
    client.receiver(credit=1)
    client.heard()
    status, body = client.ask("peek-message", {"from-sequence-number": 1, "message-count": UInt(9)})
    assert (status, shown(body)) == (200, [b"1", b"2", b"3"])
    _, body = client.ask("peek-message", {"from-sequence-number": 2, "message-count": 1})
    assert shown(body) == [b"2"]
    assert client.ask("peek-message", {"from-sequence-number": 9})[0] == 204


def test_all_partitions_are_looked_at_one_after_the_other() -> None:
    world = World()
    world.declare("p", stream=StreamSettings(partitions=3))
    for partition, body in ((0, b"1"), (2, b"2"), (2, b"3")):
        entry = pack_entry(slice_message(message(body)))
        command = Publish("default", Address("p"), AMQP10, [entry])
        command.partition = partition
        world.kernel.publish(command)
    client = world.azure()
    _, body = client.ask("peek-message", {"message-count": 2}, "p")
    assert shown(body) == [b"1", b"2"]
    last = annotation(body["messages"][1]["message"], "x-opt-sequence-number")
    assert last == sequence_of(2, 0)
    asked = {"from-sequence-number": last + 1, "message-count": 9}
    assert shown(client.ask("peek-message", asked, "p")[1]) == [b"3"]
    asked["from-sequence-number"] = sequence_of(2, 2)
    assert client.ask("peek-message", asked, "p")[0] == 204


def test_deliveries_that_failed_are_counted_and_those_released_are_not() -> None:
    _, client = filled(b"1")
    client.receiver()
    for state in (RELEASED, Modified(delivery_failed=True), RELEASED):
        client.settle(client.transfers()[0].body.delivery_id, state=state)
    _, body = client.ask("peek-message", {"message-count": 1})
    payload = body["messages"][0]["message"]
    header = section(payload, 0, slice_message(payload).delivery, list)
    assert header[-1] == 1


def test_sessions_are_looked_at_by_themselves() -> None:
    _, client = filled(order="session")
    client.send(*[message(body, group_id=body[:1].decode()) for body in (b"a1", b"b1", b"a2")])
    client.heard()
    _, body = client.ask("peek-message", {"message-count": 9, "session-id": "a"})
    assert shown(body) == [b"a1", b"a2"]


def annotation(payload: bytes, name: str) -> object:
    found = slice_message(payload)
    return section(payload, found.annotations, found.properties, dict).get(name)


def later(world: World, client: Client, *bodies: bytes, seconds: int = 60) -> list[int]:
    """Schedules messages; their numbers."""
    due = Timestamp(world.clock.now_ms + seconds * 1_000)
    items = [
        {
            "message-id": "m",
            "message": message(body, annotations={Symbol("x-opt-scheduled-enqueue-time"): due}),
        }
        for body in bodies
    ]
    status, found = client.ask("schedule-message", {"messages": items})
    assert status == 200
    return list(found["sequence-numbers"].items)


def test_what_is_scheduled_is_seen_behind_what_is_there_until_its_time() -> None:
    world, client = filled(b"1")
    numbers = later(world, client, b"2", b"3")
    _, body = client.ask("peek-message", {"from-sequence-number": 0, "message-count": 9})
    assert shown(body) == [b"1", b"2", b"3"]
    states = [annotation(item["message"], "x-opt-message-state") for item in body["messages"]]
    assert states == [None, 2, 2]
    _, body = client.ask("peek-message", {"from-sequence-number": numbers[1], "message-count": 9})
    assert shown(body) == [b"3"]
    assert annotation(body["messages"][0]["message"], "x-opt-sequence-number") == numbers[1]
    _, body = client.ask("peek-message", {"from-sequence-number": 0, "message-count": 2})
    assert shown(body) == [b"1", b"2"]
    world.advance(60_000)
    _, body = client.ask("peek-message", {"from-sequence-number": 0, "message-count": 9})
    states = [annotation(item["message"], "x-opt-message-state") for item in body["messages"]]
    assert (shown(body), states) == ([b"1", b"2", b"3"], [None, None, None])


def test_sessions_with_messages_and_with_state_are_listed_page_by_page() -> None:
    world = World()
    world.queue(order="session")
    client = world.azure()
    client.sender("q")
    names = [f"s{number}" for number in range(5)]
    client.send(*(message(b"x", group_id=name) for name in names))
    client.heard()
    ever = Timestamp(EVER_MS)
    asked = {"last-updated-time": ever, "skip": 0, "top": UInt(3)}
    status, body = client.ask("get-message-sessions", asked)
    assert (status, list(body["sessions-ids"].items), body["skip"]) == (200, names[:3], 3)
    _, body = client.ask("get-message-sessions", {**asked, "skip": 3})
    assert list(body["sessions-ids"].items) == names[3:]
    assert client.ask("get-message-sessions", {**asked, "skip": 5})[0] == 204
    with_state = {**asked, "last-updated-time": Timestamp(0)}
    assert client.ask("get-message-sessions", with_state)[0] == 204


def test_only_what_has_sessions_lists_them() -> None:
    _, client = filled(b"1")
    assert client.ask("get-message-sessions", {"skip": 0, "top": 9})[0] == 400


__all__ = ["message_of", "session"]
