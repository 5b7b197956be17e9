"""Messages that are not stored as they came: CC, BCC, direct reply-to."""

from tests.doors.amqp091.client import Client, World, field, raw_key, table

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def test_cc_and_bcc_route_by_more_keys_and_bcc_is_taken_off() -> None:
    client = World().connect()
    for name in ("a", "b", "c"):
        client.declare(name)
        client.ask(m.QueueBind(queue=name, exchange="amq.direct", routing_key=name), m.QueueBindOk)
    headers = {"CC": ["b", "a"], "BCC": ["c"], "n": 1}
    for exchange in ("", "amq.direct"):
        client.publish(b"x", exchange=exchange, key="a", headers=headers)
        for name in ("a", "b", "c"):
            message = client.get(name)
            assert message is not None
            assert message.properties.headers == table({"CC": ["b", "a"], "n": 1})
            assert message.method.routing_key == "a"
            assert client.get(name) is None


def test_copies_that_are_no_list_are_406() -> None:
    client = World().connect()
    client.publish(b"x", headers={"BCC": "a"})
    text = 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"BCC",longstr}'
    assert client.closed() == (406, text)


def test_a_copy_key_that_is_no_text_is_passed_over() -> None:
    client = World().connect()
    client.declare("a")
    client.publish(b"x", headers={"CC": field([5, "a"])})
    assert client.get("a") is not None


def test_a_question_without_a_reply_consumer_is_406() -> None:
    client = World().connect()
    client.declare()
    client.publish(b"1", reply_to="amq.rabbitmq.reply-to")
    assert client.closed() == (
        406,
        "PRECONDITION_FAILED - fast reply consumer does not exist",
    )


def delaying(world: World) -> Client:
    client = world.connect()
    arguments = table({"x-delayed-type": "topic"})
    method = m.ExchangeDeclare(exchange="e", type="x-delayed-message", arguments=arguments)
    client.ask(method, m.ExchangeDeclareOk)
    client.declare()
    client.ask(m.QueueBind(queue="q", exchange="e", routing_key="a.#"), m.QueueBindOk)
    return client


def test_a_delay_holds_a_message_back_and_is_told_negative() -> None:
    world = World()
    client = delaying(world)
    client.publish(b"late", exchange="e", key="a.b", headers={"x-delay": 5_000, "n": 1})
    client.publish(b"now", exchange="e", key="a.b")
    client.publish(b"too", exchange="e", key="a.b", headers={"x-delay": "soon"})
    assert [client.get().body, client.get().body] == [b"now", b"too"]  # type: ignore[union-attr]
    assert client.get() is None
    world.advance(4_999)
    assert client.get() is None
    world.advance(1)
    message = client.get()
    assert message is not None
    assert message.properties.headers == table({"x-delay": -5_000, "n": 1})
    assert (message.method.exchange, message.method.routing_key) == ("e", "a.b")


def test_a_delayed_messages_life_begins_when_it_is_due() -> None:
    world = World()
    client = delaying(world)
    client.publish(b"x", exchange="e", key="a", headers={"x-delay": 5_000}, expiration="1000")
    world.advance(5_000)
    assert client.get() is not None


def test_a_delay_means_nothing_to_another_exchange() -> None:
    client = World().connect()
    client.declare()
    client.ask(m.QueueBind(queue="q", exchange="amq.fanout"), m.QueueBindOk)
    client.publish(b"x", exchange="amq.fanout", headers={"x-delay": 5_000})
    client.publish(b"y", headers={"x-delay": 5_000})
    message = client.get()
    assert message is not None
    assert message.properties.headers == table({"x-delay": 5_000})
    assert client.get() is not None


def test_a_delayed_publish_is_confirmed() -> None:
    client = delaying(World())
    client.ask(m.ConfirmSelect(), m.ConfirmSelectOk)
    client.publish(b"x", exchange="e", key="a", headers={"x-delay": 5_000}, mandatory=True)
    assert client.expect(m.BasicAck).delivery_tag == 1


def test_a_delaying_exchange_says_how_it_routes() -> None:
    client = World().connect()
    for arguments in ({}, {"x-delayed-type": "fancy"}, {"x-delayed-type": "x-delayed-message"}):
        method = m.ExchangeDeclare(
            exchange="e", type="x-delayed-message", arguments=table(dict(arguments))
        )
        text = "Invalid argument, 'x-delayed-type' must be an existing exchange type"
        assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


def test_what_is_to_wait_is_part_of_a_transaction() -> None:
    world = World()
    client = delaying(world)
    client.ask(m.TxSelect(), m.TxSelectOk)
    client.publish(b"x", exchange="e", key="a", headers={"x-delay": 5_000})
    client.ask(m.TxCommit(), m.TxCommitOk)
    assert client.get() is None
    world.advance(5_000)
    assert client.get() is not None


def test_questions_of_one_read_are_answered_each_at_the_channels_own_queue() -> None:
    client = World().connect()
    client.declare()
    client.consume("amq.rabbitmq.reply-to", no_ack=True)
    headers = [
        encode_header(1, {"reply_to": name, "correlation_id": f"{number}", "priority": number % 2})
        for number, name in enumerate(("amq.rabbitmq.reply-to", "q", "amq.rabbitmq.reply-to"))
    ]
    frames = publish_run(1, raw_key("", "q"), False, headers, [b"0", b"1", b"2"], 4096)
    client.wire.send_frames(frames)
    client.flush()
    found = [client.get() for _ in range(3)]
    told = [one.properties.reply_to or "" for one in found if one is not None]
    assert told[0] == told[2]
    assert told[0].startswith("amq.rabbitmq.reply-to.")
    assert told[1] == "q"
    assert [one.properties.correlation_id for one in found if one is not None] == ["0", "1", "2"]
    client.publish(b"answer", key=told[0])
    assert client.bodies() == [b"answer"]
