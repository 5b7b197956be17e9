import pytest
from bench.generators.amqp_wire import AmqpSocket, long, method, publish, short

from dragoman.app.config import ServeOptions
from dragoman.app.errors import StartError
from dragoman.testing import broker

TTL_S = 60


def mortal_queue(amqp: AmqpSocket, name: str) -> None:
    """Its messages live for a minute."""
    ttl = short("x-message-ttl") + b"I" + (TTL_S * 1000).to_bytes(4, "big")
    arguments = b"\x00\x00" + short(name) + b"\x02" + long(ttl)
    amqp.sock.sendall(method(50, 10, arguments))
    amqp.expect(50, 11)
    amqp.confirm_select()
    amqp.sock.sendall(publish(name, b"mortal", 2))
    amqp.expect(60, 80)


def test_each_protocol_is_an_attribute_and_others_are_not() -> None:
    with broker() as running:
        assert running.kafka.bootstrap == f"127.0.0.1:{running.kafka.port}"
        assert running.amqp.url == f"amqp://guest:guest@127.0.0.1:{running.amqp.port}/"
        with pytest.raises(AttributeError):
            _ = running.telegraph


def test_two_brokers_stand_beside_each_other() -> None:
    with broker() as one, broker() as other:
        assert one.kafka.port != other.kafka.port


def test_what_waits_for_time_waits_no_longer_once_the_clock_is_advanced() -> None:
    with broker() as running:
        amqp = AmqpSocket.connect("127.0.0.1", running.amqp.port)
        mortal_queue(amqp, "mortal")
        running.clock.advance(TTL_S - 5)
        assert amqp.declare("mortal", durable=True, passive=True) == 1
        running.clock.advance(10)
        assert amqp.declare("mortal", durable=True, passive=True) == 0
        amqp.close()


def test_connections_outlive_any_advance_though_nobody_spoke_meanwhile() -> None:
    with broker() as running:
        amqp = AmqpSocket.connect("127.0.0.1", running.amqp.port, heartbeat_s=60)
        amqp.declare("q", durable=True)
        for _ in range(10):
            running.clock.advance(3600)
        assert amqp.declare("q", durable=True, passive=True) == 0
        amqp.close()


def test_a_clock_may_be_moved_when_its_broker_is_gone() -> None:
    with broker() as running:
        pass
    before_ms = running.clock.elapsed_ms()
    running.clock.advance(60)
    assert running.clock.elapsed_ms() >= before_ms + 60_000


def test_what_keeps_it_from_serving_is_raised_where_it_was_asked_for() -> None:
    options = ServeOptions(memory=True, tls_cert="/nowhere/server.pem")
    with pytest.raises(StartError, match=r"server\.pem"), broker(options):
        raise AssertionError
