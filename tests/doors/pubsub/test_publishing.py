"""Publish: what is taken, stored as it came, and what is refused in Google's words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.pubsub.client import Pubsub, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.publishing import is_only_data
from dragoman.formats.pubsub import PubsubMessage
from dragoman.kernel.api import DeclareQueue, Read, StreamSettings, SubscriptionSettings
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED


def stored(pubsub: Pubsub) -> list[bytes]:
    found: Any = pubsub.connection.session.submit(Read(name="orders"))
    return [body for block in found.blocks for body in block.bodies]


def made() -> Pubsub:
    pubsub = Pubsub()
    pubsub.make()
    return pubsub


def test_messages_are_stored_as_they_came_and_their_ids_are_those_of_readers() -> None:
    pubsub = made()
    ids = pubsub.publish(b"0", b"1", tier="gold")
    ids += pubsub.publish(b"2", key="k")
    received = pubsub.pull()
    assert [each.message.message_id for each in received] == ids
    assert [each.message.data for each in received] == [b"0", b"1", b"2"]
    assert dict(received[0].message.attributes) == {"tier": "gold"}
    assert received[2].message.ordering_key == "k"
    time = received[0].message.publish_time
    assert time.ToMilliseconds() == pubsub.world.clock.now_ms
    assert len(set(ids)) == 3


def test_what_only_the_broker_says_is_not_taken_from_a_publisher() -> None:
    pubsub = made()
    message = {"data": b"x", "message_id": "mine", "publish_time": {"seconds": 5}}
    found = pubsub.ask("Publish", topic=topic("orders"), messages=[message])
    (received,) = pubsub.pull()
    assert received.message.message_id == found.message_ids[0]
    assert received.message.publish_time.seconds > 5


def test_attributes_alone_are_a_message_and_meta_of_ours_may_be_long() -> None:
    pubsub = made()
    pubsub.publish(b"", **{"a": "", "dragoman-meta": "x" * 5_000})
    assert set(pubsub.pull()[0].message.attributes) == {"a", "dragoman-meta"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({}, "empty"),
        ({"ordering_key": "k"}, "empty"),
        ({"data": b"x", "ordering_key": "k" * 1025}, "ordering_key_size"),
        ({"attributes": {"": "x"}}, "attribute_key_size"),
        ({"attributes": {"n" * 257: "x"}}, "attribute_key_size"),
        ({"attributes": {"google": "x"}}, "goog"),
        ({"attributes": {"a": "x" * 1025}}, "attribute_value_size"),
        ({"attributes": {f"a{index}": "" for index in range(101)}}, "attribute_count"),
    ],
)
def test_a_message_that_is_too_much_or_too_little_is_refused(
    message: dict[str, Any], words: str
) -> None:
    status = refused(made(), "Publish", topic=topic("orders"), messages=[message])
    assert (status.code, words in status.message) == (INVALID_ARGUMENT, True)


def test_a_request_that_is_too_much_or_too_little_is_refused() -> None:
    pubsub = made()
    status = refused(pubsub, "Publish", topic=topic("orders"), messages=[{"data": b"x"}] * 1001)
    assert status.message == (
        "The value for message_count is too large. You passed 1001 in the request, but the maximum value is 1000."
    )
    status = refused(
        pubsub, "Publish", topic=topic("orders"), messages=[{"data": bytes(10_000_000)}]
    )
    assert "request_size" in status.message
    assert refused(pubsub, "Publish", topic=topic("orders")).code == INVALID_ARGUMENT
    assert (
        refused(pubsub, "Publish", topic=topic("nowhere"), messages=[{"data": b"x"}]).code
        == NOT_FOUND
    )
    assert stored(pubsub) == []


def test_bytes_that_are_no_text_or_no_message_are_refused() -> None:
    pubsub = made()
    method = pubsub._methods["Publish"]
    for raw in (b"\x12\x06\x0a\x01\xff\x12\x01a", b"\x0a\x01x\x2a\x01\xff", b"\x0a\x05x"):
        body = b"\x0a" + bytes([len(topic("orders"))]) + topic("orders").encode()
        body += b"\x12" + bytes([len(raw)]) + raw
        call = pubsub.call(method)
        with pytest.raises(Exception) as info:
            method.handler(call, body)
        assert pubsub._refuse(call, info.value).code == INVALID_ARGUMENT


def test_keys_keep_their_order_in_a_topic_of_several_partitions() -> None:
    pubsub = Pubsub()
    pubsub.connection.session.submit(
        DeclareQueue(
            name="orders",
            settings=SubscriptionSettings(order="key"),
            stream=StreamSettings(partitions=4),
        )
    )
    messages = [{"data": b"%d" % at, "ordering_key": f"k{at % 3}"} for at in range(12)]
    ids = pubsub.ask("Publish", topic=topic("orders"), messages=messages).message_ids
    assert len(set(ids)) == 12
    by_key: dict[str, list[bytes]] = {}
    for _ in range(12):
        received = pubsub.pull("orders")
        for each in received:
            by_key.setdefault(each.message.ordering_key, []).append(each.message.data)
        if received:
            pubsub.acknowledge(*received, sub="orders")
    assert by_key == {f"k{n}": [b"%d" % at for at in range(n, 12, 3)] for n in range(3)}


def test_a_topic_that_has_no_room_says_so() -> None:
    pubsub = Pubsub()
    settings = SubscriptionSettings(length_max=1, overflow="reject-publish")
    pubsub.connection.session.submit(DeclareQueue(name="orders", settings=settings))
    pubsub.publish(b"0")
    status = refused(pubsub, "Publish", topic=topic("orders"), messages=[{"data": b"1"}])
    assert status.code == RESOURCE_EXHAUSTED


@given(
    st.binary(max_size=300), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)
)
def test_a_message_of_nothing_but_data_is_recognised(
    data: bytes, attributes: dict[str, str]
) -> None:
    message = PubsubMessage()
    message.data = data
    message.attributes = [
        (k.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for k, v in attributes.items()
    ]
    assert is_only_data(message.pack()) == (bool(data) and not attributes)
