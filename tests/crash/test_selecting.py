"""A broker killed while receivers select from a queue: what they passed over is ready, in order, and nothing is lost."""

from pathlib import Path

import pika
import pytest
from bench.generators.amqp10_wire import OPENING, TRANSFER, Wire
from tests.crash.broker import BrokerProcess

from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.messaging import ACCEPTED, Source
from dragoman.wire.amqp10.performatives import Attach, Disposition
from dragoman.wire.amqp10.values import Described, Symbol

SELECTOR = Symbol("apache.org:selector-filter:string")
QUEUE = "selected"
COUNT = 300
KINDS = "abc"
LASTING = 2

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]


def select(port: int, kind: str, credit: int) -> Wire:
    wire = Wire("127.0.0.1", port, "test")
    wanted = {SELECTOR: Described(SELECTOR, f"kind = '{kind}'")}
    wire.attach(Attach(kind, 0, True, source=Source(f"/queues/{QUEUE}", filter=wanted)))
    wire.flow(0, credit)
    return wire


def deliveries(wire: Wire, count: int) -> list[int]:
    """Their numbers on the session."""
    found: list[int] = []
    while len(found) < count:
        frames = [each for each in wire.frames() if each[OPENING : OPENING + 3] == TRANSFER]
        found += [from_bytes(each, OPENING)[0].delivery_id for each in frames]
    return found


def publish(port: int) -> None:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True)
    channel.confirm_delivery()
    for number in range(COUNT):
        headers = {"kind": KINDS[number % len(KINDS)]}
        properties = pika.BasicProperties(delivery_mode=LASTING, headers=headers)
        channel.basic_publish("", QUEUE, str(number).encode(), properties)
    connection.close()


def drained(port: int) -> list[int]:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    found = []
    while (message := channel.basic_get(QUEUE, auto_ack=True))[0] is not None:
        found.append(int(message[2]))
    connection.close()
    return found


def test_a_kill_loses_nothing_that_was_passed_over(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        publish(broker.port)
        b, c = select(broker.port, "b", 60), select(broker.port, "c", 10)
        numbers = deliveries(b, 60)
        deliveries(c, 10)
        b.say(Disposition(True, numbers[0], numbers[39], False, ACCEPTED))
        while not any(type(each) is Disposition and each.settled for each in b.read()):
            pass
        broker.kill()
        b.close()
        c.close()
        broker.start()
        done = set(range(1, 3 * 40, 3))  # the first forty of the kind b
        assert drained(broker.port) == [n for n in range(COUNT) if n not in done]
