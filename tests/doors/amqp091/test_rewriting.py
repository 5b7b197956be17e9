"""Messages that are not stored as they came: CC, BCC, direct reply-to."""

from tests.doors.amqp091.client import World, field, table

from dragoman.wire.amqp091 import methods as m


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
