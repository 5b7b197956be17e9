"""Settlement: ack, nack, reject, recover."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, Message, World, field

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


def test_acks_settle_one_many_or_all() -> None:
    client = filled(10)
    client.consume()
    client.messages()
    client.send(1, m.BasicAck(1), m.BasicAck(3), m.BasicAck(5, True))
    assert ready(client) == (0, 5)
    client.send(1, m.BasicAck(8))
    client.send(1, m.BasicAck(0, True))
    assert ready(client) == (0, 0)
    client.send(1, m.BasicAck(0, True))  # nothing is fine
    client.nothing()


@pytest.mark.parametrize(
    "method",
    [
        m.BasicAck(7),
        m.BasicAck(2),
        m.BasicAck(7, True),
        m.BasicNack(7),
        m.BasicNack(7, True),
        m.BasicReject(2),
    ],
)
def test_an_unknown_tag_is_406(method: Any) -> None:
    client = filled(3)
    client.consume()
    client.messages()
    client.send(1, m.BasicAck(2))
    assert client.refused(method) == (
        406,
        f"PRECONDITION_FAILED - unknown delivery tag {method.delivery_tag}",
    )


def test_tag_0_is_unknown_unless_multiple() -> None:
    client = filled(1)
    assert client.refused(m.BasicAck(0)) == (406, "PRECONDITION_FAILED - unknown delivery tag 0")


def test_acks_before_an_unknown_tag_count() -> None:
    client = filled(3)
    client.consume(prefetch=3)
    client.messages()
    client.send(1, m.BasicAck(1), m.BasicAck(2), m.BasicAck(9))
    client.closed()
    assert sum(ready(client)) == 1


def test_a_requeued_message_goes_back_to_its_place_and_is_marked() -> None:
    client = filled(4)
    client.consume(prefetch=3)
    client.messages()
    client.ask(m.BasicCancel("c"), m.BasicCancelOk)
    client.send(1, m.BasicNack(2, False, True), m.BasicReject(1, True))
    found = [client.get() for _ in range(3)]
    assert [each.body for each in found if each] == [b"0", b"1", b"3"]
    assert [each.method.redelivered for each in found if each] == [True, True, False]


def test_recover_returns_everything_the_channel_has() -> None:
    client = filled(3)
    client.consume()
    client.messages()
    client.send(1, m.BasicAck(2), m.BasicRecover(True))
    client.expect(m.BasicRecoverOk)
    again = client.messages()
    assert [(each.body, each.method.redelivered) for each in again] == [(b"0", True), (b"2", True)]
    assert tags(again) == [4, 5]
    client.send(1, m.BasicRecoverAsync(True))
    assert len(client.messages()) == 2
    client.send(1, m.BasicRecover(False))
    assert client.ended() == (540, "NOT_IMPLEMENTED - requeue=false")


def test_rejected_messages_go_to_the_dead_letter_exchange_with_their_history() -> None:
    client = World().connect()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
    client.declare(arguments=arguments)
    client.declare("dead")
    client.publish(b"1", b"2", message_id="m")
    client.consume()
    client.messages()
    client.send(1, m.BasicReject(1, False), m.BasicNack(2, False, False))
    for body in (b"1", b"2"):
        message = client.get("dead")
        assert message is not None
        assert (message.body, message.properties.message_id) == (body, "m")
        headers = message.properties.headers
        (death,) = headers["x-death"].value
        assert death.value["reason"] == field("rejected")
        assert death.value["queue"] == field("q")
        assert headers["x-first-death-queue"] == field("q")


def test_acks_for_a_queue_that_is_gone_are_fine() -> None:
    client = filled(2)
    client.consume()
    client.messages()
    client.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk)
    client.read()
    client.send(1, m.BasicAck(2, True))
    client.nothing()


def test_the_dead_go_by_their_further_keys_where_the_address_has_none() -> None:
    client = World().connect()
    client.ask(m.ExchangeDeclare(exchange="x", type="direct"), m.ExchangeDeclareOk)
    for name, exchange in (("a", "x"), ("b", "")):
        client.declare(name, arguments={"x-dead-letter-exchange": exchange})
    client.declare("d")
    client.ask(m.QueueBind(queue="d", exchange="x", routing_key="d"), m.QueueBindOk)
    for name in ("a", "b"):
        client.publish(b"m", key=name, headers={"CC": ["d"]})
        assert client.get("d") is not None  # by its CC
        message = client.get(name, no_ack=False)
        assert message is not None
        client.send(1, m.BasicReject(message.method.delivery_tag, False))
        found = client.get("d")
        assert found is not None
        assert found.method.routing_key == name
        (death,) = found.properties.headers["x-death"].value
        assert [key.value for key in death.value["routing-keys"].value] == [name.encode(), b"d"]


def test_a_history_that_a_publisher_made_up_has_no_first_death() -> None:
    client = World().connect()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "d"}
    client.declare(arguments=arguments)
    client.declare("d")
    client.publish(b"m", headers={"x-death": "text"})
    assert client.get(no_ack=False) is not None
    client.send(1, m.BasicReject(1, False))
    found = client.get("d")
    assert found is not None
    assert "x-first-death-queue" not in found.properties.headers
    assert len(found.properties.headers["x-death"].value) == 1
