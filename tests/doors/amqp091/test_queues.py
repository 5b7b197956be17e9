"""queue.*: what makes a queue, what refuses it, and in which words."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, World, table

from dragoman.kernel.api import CreateStream, DescribeQueue, DescribeStream
from dragoman.model.errors import StreamNotFound, SubscriptionNotFound
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.fieldtable import Field

LOCKED = (
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on"
    " another connection or the exclusive property value does not match that of the original declaration."
)


def declare(name: str = "q", **options: Any) -> m.QueueDeclare:
    arguments = table(options.pop("arguments", {}))
    return m.QueueDeclare(queue=name, arguments=arguments, **options)


def subscription(client: Client, name: str = "q") -> Any:
    return client.session.submit(DescribeQueue(name=name))


def test_a_queue_is_a_stream_and_its_subscription() -> None:
    client = World().connect()
    assert client.declare(durable=True) == m.QueueDeclareOk("q", 0, 0)
    info = subscription(client)
    assert info.settings.early
    assert info.settings.durable
    stream = client.session.submit(DescribeStream(name="q"))
    assert (stream.settings.durable, stream.settings.level) == (True, SYNCED)


def test_a_fleeting_queue_waits_for_nothing() -> None:
    client = World().connect()
    for options in ({}, {"durable": True, "exclusive": True}):
        client.declare("f", **options)
        stream = client.session.submit(DescribeStream(name="f"))
        assert (stream.settings.durable, stream.settings.level) == (False, APPLIED)
        client.ask(m.QueueDelete(queue="f"), m.QueueDeleteOk)


def test_the_answer_about_a_durable_queue_waits_for_the_journal_and_what_follows_waits_behind_it() -> (
    None
):
    world = World(slow=True)
    client = world.connect()
    world.journal()
    client.send(1, declare(durable=True), m.BasicQos(prefetch_count=1))
    client.nothing()
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.expect(m.BasicQosOk)


def test_declaring_again_is_fine_when_it_is_the_same() -> None:
    client = World().connect()
    arguments = {"x-message-ttl": 1000, "x-unknown": "a", "x-dead-letter-exchange": "d"}
    client.declare(durable=True, arguments=arguments)
    client.publish(b"1")
    client.consume("q", prefetch=1)
    client.messages()
    arguments = {"x-message-ttl": Field("l", 1000), "x-unknown": 5, "x-dead-letter-exchange": "d"}
    assert client.declare(durable=True, arguments=arguments) == m.QueueDeclareOk("q", 0, 1)


@pytest.mark.parametrize(
    ("options", "arguments", "text"),
    [
        ({}, {}, "'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'"),
        (
            {"durable": True, "auto_delete": True},
            {},
            "'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'",
        ),
        (
            {"durable": True},
            {"x-max-length": 6},
            "'x-max-length' for queue 'q' in vhost '/': received '6' but current is '5'",
        ),
        (
            {"durable": True},
            {},
            "'x-max-length' for queue 'q' in vhost '/': received none but current is the value '5' of type 'signedint'",
        ),
        (
            {"durable": True},
            {"x-max-length": 5, "x-single-active-consumer": True},
            (
                "'x-single-active-consumer' for queue 'q' in vhost '/': received the value 'true' of type 'bool' but"
                " current is none"
            ),
        ),
        (
            {"durable": True},
            {"x-max-length": 5, "x-queue-type": "quorum"},
            "'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type 'longstr' but current is none",
        ),
    ],
)
def test_declaring_again_with_another_setting_is_406(
    options: dict[str, Any], arguments: dict[str, Any], text: str
) -> None:
    client = World().connect()
    client.declare(durable=True, arguments={"x-max-length": 5})
    assert client.refused(declare(arguments=arguments, **options)) == (
        406,
        f"PRECONDITION_FAILED - inequivalent arg {text}",
    )


def test_arguments_reach_the_kernel_as_settings() -> None:
    client = World().connect()
    arguments = {
        "x-message-ttl": 1000,
        "x-expires": 5000,
        "x-max-length": 10,
        "x-max-length-bytes": 99,
        "x-overflow": "reject-publish-dlx",
        "x-dead-letter-exchange": "dlx",
        "x-dead-letter-routing-key": "dead",
        "x-single-active-consumer": True,
        "x-max-priority": 7,
    }
    client.declare(arguments=arguments)
    settings = subscription(client).settings
    assert (settings.ttl_ms, settings.idle_ms, settings.length_max) == (1000, 5000, 10)
    assert (settings.bytes_max, settings.overflow) == (99, "reject-publish-dead-letter")
    assert (settings.dead_letter.name, settings.dead_letter.key) == ("dlx", "dead")
    assert settings.dead_letter.is_route
    assert settings.single_active
    assert (settings.order, settings.priorities) == ("priority", 7)


def test_a_quorum_queue_gives_up_after_20_deliveries_unless_told_otherwise() -> None:
    client = World().connect()
    for limit, attempts in ((None, 21), (3, 4), (0, 1), (-1, 0)):
        arguments = {"x-queue-type": "quorum"}
        more = {} if limit is None else {"x-delivery-limit": limit}
        client.declare("r", durable=True, arguments={**arguments, **more})
        assert subscription(client, "r").settings.attempts_max == attempts
        client.ask(m.QueueDelete(queue="r"), m.QueueDeleteOk)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "invalid property 'non-durable' for queue 'q' in vhost '/'"),
        (
            {"durable": True, "auto_delete": True},
            "invalid property 'auto-delete' for queue 'q' in vhost '/'",
        ),
        (
            {"durable": True, "exclusive": True},
            "invalid property 'exclusive-owner' for queue 'q' in vhost '/'",
        ),
        (
            {"durable": True, "name": ""},
            "Cannot declare a server-named queue for type rabbit_quorum_queue",
        ),
    ],
)
def test_what_a_quorum_queue_cannot_be(options: dict[str, Any], text: str) -> None:
    client = World().connect()
    method = declare(arguments={"x-queue-type": "quorum"}, **options)
    assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


def test_passive_finds_a_queue_with_its_counts_or_says_404() -> None:
    client = World().connect()
    assert client.refused(declare(passive=True)) == (
        404,
        "NOT_FOUND - no queue 'q' in vhost '/'",
    )
    client.declare(durable=True)
    client.publish(b"1", b"2")
    found = client.ask(declare(passive=True, durable=False), m.QueueDeclareOk)
    assert found == m.QueueDeclareOk("q", 2, 0)


def test_the_broker_makes_up_names_and_the_empty_name_means_the_last_declared() -> None:
    client = World().connect()
    assert client.refused(m.QueuePurge()) == (404, "NOT_FOUND - no previously declared queue")
    first = client.declare("").queue
    second = client.declare("").queue
    assert first.startswith("amq.gen-")
    assert len(first) == len("amq.gen-") + 22
    assert first != second
    client.publish(b"1", key=second)
    assert client.ask(m.QueuePurge(), m.QueuePurgeOk).message_count == 1
    client.open_channel(2)
    client.send(2, m.QueuePurge())
    assert client.closed(2)[0] == 404


def test_reserved_names_are_403_unless_they_are_there() -> None:
    client = World().connect()
    assert client.refused(declare("amq.x")) == (
        403,
        "ACCESS_REFUSED - queue name 'amq.x' contains reserved prefix 'amq.*'",
    )
    name = client.declare("").queue
    assert client.declare(name).queue == name


def test_line_ends_are_taken_out_of_names() -> None:
    client = World().connect()
    assert client.declare("a\r\nb").queue == "ab"


def test_an_exclusive_queue_is_its_connections_alone_and_goes_with_it() -> None:
    world = World()
    owner, other = world.connect(), world.connect()
    owner.declare(exclusive=True)
    owner.declare(exclusive=True)
    for method in (
        declare(),
        declare(exclusive=True),
        declare(passive=True),
        m.QueueBind(queue="q", exchange="amq.direct", routing_key="k"),
        m.QueuePurge(queue="q"),
        m.QueueDelete(queue="q"),
        m.BasicConsume(queue="q"),
        m.BasicGet(queue="q"),
    ):
        assert other.refused(method) == (405, LOCKED)
    assert owner.refused(declare()) == (405, LOCKED)
    other.publish(b"anybody may publish")
    assert owner.get() is not None
    owner.close()
    assert other.refused(declare(passive=True))[0] == 404
    with pytest.raises(StreamNotFound):
        other.session.submit(DescribeStream(name="q"))


def test_an_auto_delete_queue_goes_with_its_last_consumer() -> None:
    client = World().connect()
    client.declare(auto_delete=True)
    client.consume(tag="a")
    client.consume(tag="b")
    client.ask(m.BasicCancel("a"), m.BasicCancelOk)
    subscription(client)
    client.ask(m.BasicCancel("b"), m.BasicCancelOk)
    with pytest.raises(SubscriptionNotFound):
        subscription(client)


def test_delete_minds_use_and_messages_and_says_how_many_went() -> None:
    client = World().connect()
    client.declare()
    client.publish(b"1", b"2")
    assert client.refused(m.QueueDelete(queue="q", if_empty=True)) == (
        406,
        "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty",
    )
    client.open_channel(2)
    client.consume(prefetch=1, channel=2)
    client.read()
    assert client.refused(m.QueueDelete(queue="q", if_unused=True)) == (
        406,
        "PRECONDITION_FAILED - queue 'q' in vhost '/' in use",
    )
    assert client.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk).message_count == 1
    assert client.expect(m.BasicCancel, 2) == m.BasicCancel("c", True)
    assert client.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk).message_count == 0


def test_purge_drops_what_is_ready_and_leaves_what_is_out() -> None:
    client = World().connect()
    client.declare()
    client.publish(b"1", b"2", b"3")
    client.consume(prefetch=1)
    client.messages()
    assert client.ask(m.QueuePurge(queue="q"), m.QueuePurgeOk).message_count == 2
    assert subscription(client).leased == 1
    assert client.refused(m.QueuePurge(queue="nope"))[0] == 404


def test_nothing_is_answered_to_no_wait() -> None:
    client = World().connect()
    client.send(
        1,
        declare(no_wait=True),
        m.QueueBind(queue="q", exchange="amq.fanout", no_wait=True),
        m.QueuePurge(queue="q", no_wait=True),
        m.BasicConsume(queue="q", no_wait=True, consumer_tag="t"),
        m.BasicCancel("t", True),
        m.QueueDelete(queue="q", no_wait=True),
    )
    client.nothing()


def test_declaring_a_queue_on_a_stream_of_another_protocol_attaches_to_it() -> None:
    client = World().connect()
    client.session.submit(CreateStream(name="topic"))
    client.publish(b"before", key="topic")
    assert client.declare("topic", durable=True).message_count == 0
    client.publish(b"after", key="topic")
    client.ask(m.QueueDelete(queue="topic"), m.QueueDeleteOk)
    client.session.submit(DescribeStream(name="topic"))  # still there
