"""Deliveries: frames, marks, counts."""

from tests.doors.amqp091.client import World, field, raw_key

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def test_large_bodies_are_split_at_the_tuned_frame_size() -> None:
    world = World()
    client = world.connect(frame_max=4096)
    client.declare()
    body = bytes(range(256)) * 100
    header = encode_header(len(body), {})
    client.wire.send_frames(publish_run(1, raw_key("", "q"), False, [header], [body], 4096))
    client.flush()
    client.consume()
    assert client.bodies() == [body]


def test_a_quorum_queue_counts_deliveries_and_gives_up_at_its_limit() -> None:
    client = World().connect()
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "dead",
    }
    client.declare(durable=True, arguments=arguments)
    client.declare("dead")
    client.publish(b"poison", headers={"n": 1})
    client.consume(prefetch=1)
    for tag, headers in (
        (1, {"n": 1}),
        (2, {"n": 1, "x-delivery-count": 1}),
        (3, {"n": 1, "x-delivery-count": 2}),
    ):
        (message,) = client.messages()
        found = {name: value.value for name, value in message.properties.headers.items()}
        assert (message.method.delivery_tag, found) == (tag, headers)
        client.send(1, m.BasicNack(tag))
    client.nothing()
    dead = client.get("dead")
    assert dead is not None
    death = dead.properties.headers["x-death"].value[0].value
    assert death["reason"] == field("delivery_limit")


def test_a_message_that_kills_its_readers_is_dead_lettered_at_the_limit_of_a_quorum_queue() -> None:
    world = World()
    client = world.connect()
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "dead",
    }
    client.declare(durable=True, arguments=arguments)
    client.declare("dead")
    client.publish(b"poison", b"fine")
    for _ in range(3):
        assert client.get("dead") is None
        victim = world.connect()
        victim.consume(prefetch=1)
        assert victim.bodies() == [b"poison"]
        victim.close()
    dead = client.get("dead")
    assert dead is not None
    assert dead.body == b"poison"
    assert client.get().body == b"fine"  # type: ignore[union-attr]


def test_messages_of_mixed_priorities_come_by_priority_and_are_settled_in_any_way() -> None:
    client = World().connect()
    client.declare(arguments={"x-max-priority": 9})
    for number in range(12):
        client.publish(b"%d" % number, priority=[1, 9, 5][number % 3])
    client.consume(prefetch=0)
    assert [one.body for one in client.messages()] == [
        b"%d" % number for number in (1, 4, 7, 10, 2, 5, 8, 11, 0, 3, 6, 9)
    ]
    client.send(1, m.BasicAck(2, True))  # 1 and 4
    client.send(1, m.BasicAck(4, False))  # 10, before 7
    client.send(1, m.BasicNack(6, False, True))  # 5 comes back
    (again,) = client.messages()
    assert (again.body, again.method.redelivered, again.method.delivery_tag) == (b"5", True, 13)
    client.send(1, m.BasicNack(0, True, True))  # all the rest
    assert sorted(int(one.body) for one in client.messages()) == [0, 2, 3, 5, 6, 7, 8, 9, 11]
    client.send(1, m.BasicAck(0, True))
    client.nothing()
    assert client.get("q") is None


def test_a_transaction_settles_messages_of_mixed_priorities_by_their_tags() -> None:
    client = World().connect()
    client.declare(arguments={"x-max-priority": 9})
    for number in range(6):
        client.publish(b"%d" % number, priority=number % 2)
    client.consume(prefetch=0)
    assert [one.body for one in client.messages()] == [b"1", b"3", b"5", b"0", b"2", b"4"]
    client.ask(m.TxSelect(), m.TxSelectOk)
    client.send(1, m.BasicAck(2, True))
    client.send(1, m.BasicReject(4, True))
    client.send(1, m.TxCommit())
    ok, again = [found for _, found in client.read()]
    assert isinstance(ok, m.TxCommitOk)
    assert (again.body, again.method.redelivered) == (b"0", True)
