"""Queues of type stream: what makes one, what it keeps, and who else knows it."""

from typing import Any

import msgspec
import pytest
from tests.doors.amqp091.client import Client, World, table

from dragoman.doors.amqp091.policies import KIND, POLICY, Policy, document_name
from dragoman.doors.amqp091.queues import apply_policies
from dragoman.kernel.api import (
    CreateStream,
    DeclareQueue,
    DescribeQueue,
    DescribeStream,
    PutDocument,
    StreamInfo,
    StreamSettings,
)
from dragoman.model.errors import StreamNotFound, SubscriptionNotFound
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp091 import methods as m

STREAM = {"x-queue-type": "stream"}


def declare(name: str = "s", **options: Any) -> m.QueueDeclare:
    arguments = table(options.pop("arguments", STREAM))
    return m.QueueDeclare(queue=name, durable=True, arguments=arguments, **options)


def described(client: Client, name: str = "s") -> StreamInfo:
    info: StreamInfo = client.session.submit(DescribeStream(name=name))
    return info


def test_a_stream_has_no_queue_and_keeps_what_its_arguments_say() -> None:
    client = World().connect()
    for name, arguments, kept in (
        ("a", {}, (-1, -1)),
        ("b", {"x-max-age": "7D"}, (7 * 86_400_000, -1)),
        ("c", {"x-max-length-bytes": 5_000}, (-1, 5_000)),
        ("d", {"x-max-age": "1Y", "x-max-length-bytes": 5_000}, (365 * 86_400_000, 5_000)),
    ):
        client.ask(declare(name, arguments=STREAM | arguments), m.QueueDeclareOk)
        settings = described(client, name).settings
        assert (settings.retention_ms, settings.retention_bytes) == kept
        assert (settings.durable, settings.level) == (True, SYNCED)
        with pytest.raises(SubscriptionNotFound):
            client.session.submit(DescribeQueue(name=name))


def test_a_declaration_is_answered_once_it_is_safe_and_counts_messages() -> None:
    world = World(slow=True)
    client = world.connect()
    world.journal()
    client.send(1, declare())
    client.nothing()
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.publish(b"1", b"2", key="s")
    world.journal()
    client.send(1, declare(passive=True))
    world.journal()
    assert client.expect(m.QueueDeclareOk) == m.QueueDeclareOk("s", 2, 0)


def test_what_was_trimmed_is_gone_for_every_reader() -> None:
    world = World()
    client = world.connect()
    client.ask(declare(arguments=STREAM | {"x-max-age": "10s"}), m.QueueDeclareOk)
    client.publish(b"old", key="s")
    world.advance(11_000)
    client.publish(b"new", key="s")
    world.advance(5_000)
    client.consume("s", prefetch=5, arguments={"x-stream-offset": "first"})
    assert client.bodies() == [b"new"]


def test_a_stream_of_another_protocol_is_found_and_not_deleted() -> None:
    client = World().connect()
    client.session.submit(CreateStream(name="t", settings=StreamSettings(partitions=2)))
    found = client.ask(m.QueueDeclare(queue="t", passive=True), m.QueueDeclareOk)
    assert found == m.QueueDeclareOk("t", 0, 0)
    client.ask(declare("t"), m.QueueDeclareOk)
    client.ask(m.QueueDelete(queue="t"), m.QueueDeleteOk)
    assert len(described(client, "t").partitions) == 2


def test_a_stream_of_another_protocol_may_get_a_queue() -> None:
    client = World().connect()
    client.session.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)))
    client.publish(b"1", key="t")
    assert client.declare("t", durable=True).message_count == 1
    code, text = client.refused(declare("t"))
    assert (code, text.split(": ")[1]) == (
        406,
        "received the value 'stream' of type 'longstr' but current is none",
    )


def test_a_queue_of_another_protocol_is_no_stream() -> None:
    client = World().connect()
    client.session.submit(DeclareQueue(name="q"))
    text = "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'stream' but current is 'classic'"
    assert client.refused(declare("q")) == (406, f"PRECONDITION_FAILED - {text}")


def test_a_stream_declared_here_goes_with_its_deletion() -> None:
    client = World().connect()
    client.ask(declare(), m.QueueDeclareOk)
    client.ask(m.QueueDelete(queue="s"), m.QueueDeleteOk)
    with pytest.raises(StreamNotFound):
        described(client)


def test_sizes_beyond_what_rabbitmq_takes_are_refused() -> None:
    client = World().connect()
    for size in (15, 256):
        arguments = STREAM | {"x-stream-filter-size-bytes": size}
        code, text = client.refused(declare(arguments=arguments))
        assert (code, text) == (
            406,
            "PRECONDITION_FAILED - Invalid value for  x-stream-filter-size-bytes",
        )
    arguments = STREAM | {"x-stream-max-segment-size-bytes": 3_000_000_001}
    code, text = client.refused(declare(arguments=arguments))
    assert text == ("PRECONDITION_FAILED - Exceeded max value for x-stream-max-segment-size-bytes")


def test_policies_of_streams_hold_for_streams_old_and_new_and_the_shorter_age_wins() -> None:
    client = World().connect()
    client.ask(declare("old", arguments=STREAM | {"x-max-age": "2h"}), m.QueueDeclareOk)
    policy = Policy("", {"max-age": "1h", "message-ttl": 5}, apply_to="streams")
    body = msgspec.json.encode(policy)
    client.session.submit(PutDocument(kind=KIND, name=document_name(POLICY, "p"), body=body))
    apply_policies(client.session, "default")
    client.ask(declare("new", arguments=STREAM | {"x-max-age": "30m"}), m.QueueDeclareOk)
    client.declare("q")
    kept = [described(client, name).settings.retention_ms for name in ("old", "new")]
    assert kept == [3_600_000, 1_800_000]
    client.ask(declare("old", arguments=STREAM | {"x-max-age": "2h"}), m.QueueDeclareOk)
    assert client.session.submit(DescribeQueue(name="q")).settings.ttl_ms == -1
