from tests.doors.eventhubs.client import World, annotations_of, beside
from tests.doors.shared.amqp10.client import message, message_of

from dragoman.wire.amqp10.performatives import Disposition
from dragoman.wire.amqp10.sections import slice_message
from dragoman.wire.amqp10.values import Symbol

METRICS = Symbol("com.microsoft:enable-receiver-runtime-metric")


def test_an_event_says_its_number_its_offset_and_its_time() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    stored_ms = world.clock.now_ms
    client.send(message(b"x", annotations={Symbol("x-opt-mine"): 1}))
    world.advance(7)
    client.read()
    (frame,) = client.transfers()
    assert annotations_of(frame) == {
        "x-opt-sequence-number": 0,
        "x-opt-offset": "0",
        "x-opt-enqueued-time": stored_ms,
        "x-opt-mine": 1,
    }
    assert type(annotations_of(frame)["x-opt-offset"]) is str
    assert slice_message(frame.payload).delivery > 0  # a header is always there
    assert beside(frame) == {}


def test_what_only_the_service_may_say_is_not_taken_from_a_sender() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    said = {Symbol("x-opt-sequence-number"): 99, Symbol("x-opt-offset"): "99"}
    client.send(message(b"x", annotations=said))
    client.read()
    assert client.numbers() == [0]


def test_who_asks_is_told_of_the_last_event_beside_each() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    for body in (b"1", b"2"):
        client.send(message(body))
        world.advance(10)
    client.heard()
    client.read(desired_capabilities=[METRICS])
    for frame in client.transfers():
        assert beside(frame) == {
            "last_enqueued_sequence_number": 1,
            "last_enqueued_offset": "1",
            "last_enqueued_time_utc": world.clock.now_ms - 10,
            "runtime_info_retrieval_time_utc": world.clock.now_ms,
        }
        assert message_of(frame.payload).body in (b"1", b"2")


def test_an_event_that_is_left_to_us_to_settle_is_settled() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    client.send(message(b"x"))
    client.read()
    (frame,) = client.transfers()
    client.settle(frame.body.delivery_id, settled=False)
    assert client.told(Disposition).settled
