"""Deliveries as Pub/Sub's messages: what is stored and what the broker adds, read by Google's own classes."""

from google.pubsub_v1.types import PullResponse
from tests.doors.pubsub.client import Pubsub, subscription, topic

from dragoman.doors.pubsub.spelling import first_id, spell, timestamp_bytes
from dragoman.doors.shared.receipts import Receipts
from dragoman.formats import render
from dragoman.formats.options import RenderOptions
from dragoman.formats.pubsub import varint
from dragoman.kernel.api import Address, Lease, Publish
from dragoman.model.levels import AMQP091, KAFKA
from dragoman.model.message import Message
from dragoman.wire.protobuf.known import Timestamp


def test_google_reads_what_we_write() -> None:
    pubsub = Pubsub()
    pubsub.make(dead_letter_policy={"dead_letter_topic": topic("orders")})
    ids = pubsub.publish(b"0", b"x" * 300, key="k", tier="gold")
    session = pubsub.connection.session
    (delivery,) = session.submit(Lease(name="orders", subscription="sub", count_max=5))
    found = PullResponse.deserialize(b"".join(spell(Receipts(), session, delivery, attempts=True)))
    assert [one.message.message_id for one in found.received_messages] == ids
    assert [len(one.message.data) for one in found.received_messages] == [1, 300]
    first = found.received_messages[0]
    assert (first.delivery_attempt, first.message.ordering_key) == (1, "k")
    assert dict(first.message.attributes) == {"tier": "gold"}
    assert first.message.publish_time.timestamp() * 1000 == pubsub.world.clock.now_ms


def test_messages_of_other_protocols_are_rendered() -> None:
    pubsub = Pubsub()
    pubsub.make()
    message = Message(b"hello", [("tier", "gold")])
    message.key = b"k"
    session = pubsub.connection.session
    for format_ in (AMQP091, KAFKA):
        (entry,) = render([(message, None)], format_, RenderOptions("orders"))
        command = Publish("default", Address("orders"), format_, [entry])
        command.packed = 1 if format_ == KAFKA else 0
        session.publish(command)
    found = pubsub.pull()
    assert len(found) == 2
    for received in found:
        assert (received.message.data, received.message.ordering_key) == (b"hello", "k")
        assert received.message.attributes["tier"] == "gold"


def test_ids_are_counted_up_within_a_partition() -> None:
    assert first_id(3, 0) + 1 > first_id(3, 0)
    assert len({first_id(stream, partition) for stream in (1, 2) for partition in (0, 1)}) == 4
    assert varint(first_id(1, 0))


def test_timestamps_are_those_of_protobuf() -> None:
    for ms in (0, 1_700_000_000_000, 1_700_000_000_123):
        assert Timestamp.FromString(timestamp_bytes(ms)).ToMilliseconds() == ms


def test_a_delivery_says_which_attempt_it_is_where_that_is_counted() -> None:
    pubsub = Pubsub()
    pubsub.make(dead_letter_policy={"dead_letter_topic": topic("orders")})
    pubsub.make(sub="plain")
    pubsub.publish(b"0")
    attempts = []
    for _ in range(3):
        (received,) = pubsub.pull()
        attempts.append(received.delivery_attempt)
        pubsub.modify(0, received)
    assert attempts == [1, 2, 3]
    assert pubsub.pull("plain")[0].delivery_attempt == 0
    assert subscription("plain")
