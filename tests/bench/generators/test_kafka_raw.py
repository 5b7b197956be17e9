"""The producer's pipeline, wired to a socket pair instead of a broker."""

import socket
import struct
from collections.abc import Iterator

import pytest
from bench.generators.kafka_raw import Producer
from tests.bench.generators.test_kafka_wire import produce_answer

from bench.generators import kafka_wire as wire

Pair = tuple[socket.socket, socket.socket]
IN_FLIGHT = 16


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, broker = socket.socketpair()
    ours.setblocking(False)
    broker.settimeout(5)
    with ours, broker:
        yield ours, broker


def producer_of(sock: socket.socket) -> Producer:
    told = {"batch_records": 2, "record_bytes": 10, "in_flight": IN_FLIGHT, "topic": "t"}
    return Producer(sock, told, 0)


def requests_in(data: bytes) -> list[int]:
    """The correlation ids of whole requests, end to end."""
    found = []
    while data:
        size, key, _version, correlation = struct.unpack_from(">ihhi", data)
        assert key == wire.PRODUCE
        found.append(correlation)
        data = data[4 + size :]
    return found


def answers(numbers: range) -> bytes:
    return b"".join(
        produce_answer("t", correlation=n % IN_FLIGHT, error=0, offset=n * 2) for n in numbers
    )


def test_a_pipeline_is_filled_and_refilled_an_eighth_at_a_time(pair: Pair) -> None:
    ours, broker = pair
    producer = producer_of(ours)
    assert producer.send()
    assert requests_in(broker.recv(1 << 16)) == list(range(IN_FLIGHT))
    broker.sendall(answers(range(1)))
    producer.receive()
    producer.send()
    assert producer.sent == IN_FLIGHT
    broker.sendall(answers(range(1, 2)))
    producer.receive()
    producer.send()
    assert requests_in(broker.recv(1 << 16)) == [0, 1]


def test_the_last_requests_are_sent_however_few_they_are(pair: Pair) -> None:
    ours, _broker = pair
    producer = producer_of(ours)
    producer.requests_final = 1
    producer.send()
    assert producer.sent == 1
    assert not producer.done


def test_a_producer_is_done_when_all_is_answered(pair: Pair) -> None:
    ours, broker = pair
    producer = producer_of(ours)
    producer.send()
    producer.end_here()
    data = answers(range(IN_FLIGHT))
    broker.sendall(data[:-3])
    producer.receive()
    assert producer.answered == IN_FLIGHT - 1
    broker.sendall(data[-3:])
    producer.receive()
    assert producer.done


def test_an_offset_that_leaves_a_gap_is_refused(pair: Pair) -> None:
    ours, broker = pair
    producer = producer_of(ours)
    producer.send()
    broker.sendall(produce_answer("t", correlation=0, error=0, offset=2))
    with pytest.raises(wire.KafkaError, match="was given offset 2"):
        producer.receive()
