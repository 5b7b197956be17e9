"""basic.consume, get, qos and settlement: who gets what, how much, and what becomes of it."""

from collections import Counter
from typing import Any

import pytest
from tests.doors.amqp091.client import Client, Message, World, field, table

from dragoman.kernel.api import DescribeQueue
from dragoman.wire.amqp091 import methods as m


def ready(client: Client, name: str = "q") -> tuple[int, int]:
    info = client.session.submit(DescribeQueue(name=name))
    return info.ready, info.leased


def filled(count: int, world: World | None = None, **options: Any) -> Client:
    client = (world or World()).connect()
    client.declare(**options)
    if count:
        client.publish(*[b"%d" % number for number in range(count)])
    return client


def tags(messages: list[Message]) -> list[int]:
    return [message.method.delivery_tag for message in messages]


def test_consume_ok_comes_before_the_first_delivery() -> None:
    client = filled(2)
    client.send(1, m.BasicConsume(queue="q", consumer_tag="t"))
    assert client.expect(m.BasicConsumeOk).consumer_tag == "t"
    first, second = client.messages()
    assert first.method == m.BasicDeliver("t", 1, False, "", "q")
    assert second.method.delivery_tag == 2


def test_consume_ok_comes_first_even_when_it_waits_behind_the_journal() -> None:
    world = World(slow=True)
    client = world.connect()
    world.journal()
    client.send(1, m.QueueDeclare(queue="q", durable=True))
    client.publish(b"1", delivery_mode=2)
    client.send(1, m.BasicConsume(queue="q", consumer_tag="t"))
    client.nothing()
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.expect(m.BasicConsumeOk)
    assert client.bodies() == [b"1"]


def test_the_broker_makes_up_consumer_tags_and_refuses_a_second_of_the_same() -> None:
    client = filled(0)
    made = client.ask(m.BasicConsume(queue="q"), m.BasicConsumeOk).consumer_tag
    assert made.startswith("amq.ctag-")
    client.send(1, m.BasicConsume(queue="q", consumer_tag=made))
    assert client.ended() == (530, f"NOT_ALLOWED - attempt to reuse consumer tag '{made}'")


def test_prefetch_bounds_each_consumer_opened_after_it() -> None:
    client = filled(10)
    client.consume(tag="all", prefetch=0)
    assert len(client.messages()) == 10
    client = filled(10)
    client.consume(tag="a", prefetch=3)
    assert tags(client.messages()) == [1, 2, 3]
    client.consume(tag="b", prefetch=2)
    assert tags(client.messages()) == [4, 5]
    client.send(1, m.BasicAck(2, True))
    assert [message.method.consumer_tag for message in client.messages()] == ["a", "a"]


def test_a_global_prefetch_is_shared_by_the_channel_also_by_consumers_opened_before() -> None:
    client = filled(10)
    client.declare("r")
    client.publish(*[b"r"] * 5, key="r")
    client.consume(tag="a", prefetch=2)
    assert len(client.messages()) == 2
    client.ask(m.BasicQos(prefetch_count=4, global_=True), m.BasicQosOk)
    client.ask(m.BasicQos(prefetch_count=0), m.BasicQosOk)
    client.consume("r", tag="b")
    assert tags(client.messages()) == [3, 4]
    client.send(1, m.BasicAck(1))  # frees credit that the consumer of another queue may use
    assert len(client.messages()) == 1
    client.ask(m.BasicQos(prefetch_count=6, global_=True), m.BasicQosOk)
    assert len(client.messages()) == 2


def test_prefetch_by_size_is_540() -> None:
    client = World().connect()
    client.send(1, m.BasicQos(prefetch_size=10))
    assert client.ended() == (540, "NOT_IMPLEMENTED - prefetch_size!=0 (10)")


def test_messages_of_a_no_ack_consumer_are_done_when_handed_over() -> None:
    client = filled(3)
    client.consume(no_ack=True)
    assert client.bodies() == [b"0", b"1", b"2"]
    assert ready(client) == (0, 0)
    assert client.refused(m.BasicAck(1)) == (406, "PRECONDITION_FAILED - unknown delivery tag 1")


def test_expired_and_overflowing_messages_are_dead_lettered_through_an_exchange() -> None:
    world = World()
    client = world.connect()
    client.ask(m.ExchangeDeclare(exchange="dlx", type="fanout"), m.ExchangeDeclareOk)
    client.declare("dead")
    client.ask(m.QueueBind(queue="dead", exchange="dlx"), m.QueueBindOk)
    client.declare(
        arguments={"x-dead-letter-exchange": "dlx", "x-max-length": 1, "x-message-ttl": 100}
    )
    client.publish(b"over", b"old")
    message = client.get("dead")
    assert message is not None
    assert message.body == b"over"
    assert message.properties.headers["x-death"].value[0].value["reason"] == field("maxlen")
    world.advance(101)
    world.advance(1)
    message = client.get("dead")
    assert message is not None
    assert message.body == b"old"
    assert message.properties.headers["x-death"].value[0].value["reason"] == field("expired")


def test_get_takes_one_message_and_says_how_many_are_left() -> None:
    client = filled(3)
    message = client.get(no_ack=False)
    assert message is not None
    assert message.method == m.BasicGetOk(1, False, "", "q", 2)
    assert ready(client) == (2, 1)
    client.send(1, m.BasicAck(1))
    assert ready(client) == (2, 0)
    client.get()
    client.get()
    assert client.get() is None
    assert client.refused(m.BasicGet(queue="nope"))[0] == 404


def test_a_lost_connection_returns_what_it_had() -> None:
    world = World()
    client, other = filled(3, world), world.connect()
    client.consume()
    client.messages()
    client.close()
    assert other.get().method.redelivered  # type: ignore[union-attr]
    assert ready(other) == (2, 0)


def test_cancel_leaves_what_is_out_unsettled() -> None:
    client = filled(3)
    client.consume(prefetch=2)
    client.messages()
    client.ask(m.BasicCancel("c"), m.BasicCancelOk)
    assert ready(client) == (1, 2)
    client.send(1, m.BasicAck(1), m.BasicAck(2))
    assert ready(client) == (1, 0)
    assert client.ask(m.BasicCancel("unknown"), m.BasicCancelOk).consumer_tag == "unknown"


def test_an_exclusive_consumer_is_alone() -> None:
    client = filled(0)
    client.consume(tag="alone", exclusive=True)
    client.open_channel(2)
    refusal = (403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use")
    assert client.refused(m.BasicConsume(queue="q", consumer_tag="b"), 2) == refusal
    client.ask(m.BasicCancel("alone"), m.BasicCancelOk)
    client.consume(tag="b", channel=2)
    assert client.refused(m.BasicConsume(queue="q", exclusive=True)) == refusal


def test_consumers_of_higher_priority_are_served_first() -> None:
    client = filled(0)
    client.ask(m.BasicQos(prefetch_count=2), m.BasicQosOk)
    client.consume(tag="low")
    client.consume(tag="high", arguments={"x-priority": 5})
    client.publish(b"1", b"2", b"3")
    assert [each.method.consumer_tag for each in client.messages()] == ["high", "high", "low"]
    wrong = m.BasicConsume(queue="q", arguments=table({"x-priority": "a"}))
    assert client.refused(wrong) == (
        406,
        "PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got longstr\"",
    )


def test_a_single_active_consumer_is_followed_by_the_next() -> None:
    client = filled(0, arguments={"x-single-active-consumer": True})
    client.consume(tag="first")
    client.consume(tag="second")
    client.publish(b"1", b"2")
    assert {each.method.consumer_tag for each in client.messages()} == {"first"}
    client.ask(m.BasicCancel("first"), m.BasicCancelOk)
    client.publish(b"3")
    assert {each.method.consumer_tag for each in client.messages()} == {"second"}


def test_the_cancel_of_a_consumer_whose_queue_goes_is_told_to_whoever_understands() -> None:
    world = World()
    knows, knows_not, deleter = world.connect(), world.connect(capabilities=()), world.connect()
    deleter.declare()
    knows.consume(tag="a")
    knows_not.consume(tag="b")
    deleter.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk)
    assert knows.expect(m.BasicCancel) == m.BasicCancel("a", True)
    knows_not.nothing()
    deleter.declare()
    knows.consume(tag="a")


def test_direct_reply_to_brings_answers_without_a_queue_to_declare() -> None:
    world = World()
    asker, server = world.connect(), world.connect()
    server.declare("rpc")
    asker.consume("amq.rabbitmq.reply-to", tag="r", no_ack=True)
    asker.publish(b"question", key="rpc", reply_to="amq.rabbitmq.reply-to", correlation_id="7")
    question = server.get("rpc")
    assert question is not None
    address = question.properties.reply_to
    assert address is not None
    assert address.startswith("amq.rabbitmq.reply-to.")
    server.ask(m.QueueDeclare(queue=address, passive=True), m.QueueDeclareOk)
    server.publish(b"answer", key=address, correlation_id="7")
    (answer,) = asker.messages()
    assert (answer.body, answer.method.consumer_tag) == (b"answer", "r")
    asker.close()
    server.publish(b"too late", key=address, mandatory=True)
    (returned,) = server.messages()
    assert returned.method.reply_code == 312
    assert server.refused(m.QueueDeclare(queue=address))[0] == 404


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (m.BasicConsume(queue="amq.rabbitmq.reply-to"), "reply consumer cannot acknowledge"),
        (m.BasicConsume(queue="amq.rabbitmq.reply-to", no_ack=True), "reply consumer already set"),
    ],
)
def test_a_reply_consumer_is_one_and_does_not_acknowledge(method: Any, text: str) -> None:
    client = World().connect()
    client.consume("amq.rabbitmq.reply-to", no_ack=True)
    if "already" not in text:
        client.ask(m.BasicCancel("c"), m.BasicCancelOk)
    assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


@pytest.mark.slow
def test_equal_consumers_share_within_five_percent_and_a_stalled_one_costs_the_others_nothing() -> (
    None
):
    world = World()
    publisher = world.connect()
    publisher.declare()
    clients = [world.connect() for _ in range(5)]
    for client in clients:
        client.consume(prefetch=50)
    stalled = world.connect()
    stalled.consume(prefetch=50)  # takes its 50 and never acknowledges
    got: Counter[int] = Counter()
    total = 100_000
    for sent in range(0, total, 1000):
        publisher.publish(*[b"x"] * 1000)
        while True:
            busy = False
            for index, client in enumerate(clients):
                messages = client.messages()
                if messages:
                    busy = True
                    got[index] += len(messages)
                    client.send(1, m.BasicAck(messages[-1].method.delivery_tag, True))
            if not busy:
                break
        assert sent >= 0
    assert sum(got.values()) == total - 50
    share = (total - 50) / 5
    assert all(abs(count - share) <= share * 0.05 for count in got.values()), got
    assert len(stalled.messages()) == 50


def test_a_single_active_consumer_cannot_be_exclusive() -> None:
    client = World().connect()
    client.declare(arguments={"x-single-active-consumer": True})
    method = m.BasicConsume(queue="q", consumer_tag="c", exclusive=True)
    assert client.refused(method)[0] == 403


def test_a_quorum_queue_takes_no_prefetch_shared_by_the_channel() -> None:
    client = World().connect()
    client.declare(durable=True, arguments={"x-queue-type": "quorum"})
    client.ask(m.BasicQos(prefetch_count=5, global_=True), m.BasicQosOk)
    client.send(1, m.BasicConsume(queue="q", consumer_tag="c"))
    text = "NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos"
    assert client.ended() == (540, text)
