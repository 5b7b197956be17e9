"""Hostile bytes through real sockets: the broker closes or answers, says nothing on its error log, serves on."""

import logging
import random
import socket
from typing import Any

import pytest
from bench.generators.amqp_wire import AmqpSocket
from bench.generators.kafka_wire import KafkaSocket
from tests.fuzz.doors import DOORS

from dragoman.testing import broker

INPUTS = 2_000
INPUTS_PER_CONNECTION = 4
SEED = 11
ANSWER_S_MAX = 10.0


def feed(port: int, door: Any, chance: random.Random, count: int) -> bytes:
    """One connection: greeting, `count` inputs, end; everything it answers."""
    out = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX) as sock:
        try:
            sock.sendall(b"".join(door.greeting))
            for _ in range(count):
                sock.sendall(door.hostile(chance))
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(1 << 16):
                out += data
        except OSError:
            pass  # the broker has closed it: bytes on their way are lost
    return bytes(out)


@pytest.mark.parametrize("name", DOORS)
def test_two_thousand_hostile_inputs_through_sockets_leave_a_broker_that_serves(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    door = DOORS[name]()
    chance = random.Random(SEED)
    with caplog.at_level(logging.DEBUG, "asyncio"), broker() as running:
        port = getattr(running, door.endpoint).port
        for _ in range(INPUTS // INPUTS_PER_CONNECTION):
            feed(port, door, chance, INPUTS_PER_CONNECTION)
        amqp = AmqpSocket.connect("127.0.0.1", running.amqp.port)
        assert amqp.declare("healthy", durable=True) == 0
        amqp.close()
        kafka = KafkaSocket.connect("127.0.0.1", running.kafka.port)
        assert kafka.broker_count() == 1
        kafka.close()
    faults = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in faults] == []
