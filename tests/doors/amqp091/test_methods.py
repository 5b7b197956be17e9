"""Which methods are served, and the small ones."""

from tests.doors.amqp091.client import World, raw_key

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.outgoing import deliver_run, pack_entries
from dragoman.wire.amqp091.properties import encode_header


def test_flow_and_tickets_are_answered_as_rabbitmq_does() -> None:
    client = World().connect()
    assert client.ask(m.ChannelFlow(True), m.ChannelFlowOk).active
    assert client.ask(m.AccessRequest(), m.AccessRequestOk).ticket == 1
    client.send(1, m.ChannelFlow(False))
    assert client.ended() == (540, "NOT_IMPLEMENTED - active=false")


def test_a_servers_method_with_content_is_503() -> None:
    client = World().connect()
    entries = pack_entries(raw_key("", "q"), [encode_header(1, {})], [b"1"])
    client.give(deliver_run(1, b"t", 1, [False], entries, 4096))
    assert client.ended()[0] == 503
