"""The two ends of a lane, each wired to a socket pair instead of a broker."""

import socket
from collections.abc import Iterator

import pytest
from bench.generators.amqp_raw import BLOCK_MESSAGES, Consumer, Publisher
from bench.generators.amqp_wire import ACK_FRAME, AmqpError, DeliveryShape, ack, publish_block
from tests.bench.generators.test_amqp_wire import delivery

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, broker = socket.socketpair()
    ours.setblocking(False)
    broker.settimeout(5)
    with ours, broker:
        yield ours, broker


def consumer_of(sock: socket.socket, *, each: bool = False) -> Consumer:
    return Consumer(sock, DeliveryShape("q", "c", 32), ack_each=each)


def test_a_publisher_sends_whole_messages_up_to_what_is_allowed(pair: Pair) -> None:
    ours, broker = pair
    block = publish_block("q", 32, 1, BLOCK_MESSAGES)
    publisher = Publisher(ours, block, confirm=True)
    assert publisher.send(3)
    assert publisher.sent == 3
    assert broker.recv(1 << 20) == block[: 3 * len(block) // BLOCK_MESSAGES]


def test_a_publisher_is_done_when_its_last_message_is_confirmed(pair: Pair) -> None:
    ours, broker = pair
    publisher = Publisher(ours, publish_block("q", 32, 1, BLOCK_MESSAGES), confirm=True)
    publisher.send(3)
    publisher.end_here()
    broker.sendall(ack(2, multiple=True) + ack(3, multiple=False)[:5])
    publisher.receive()
    assert not publisher.done
    broker.sendall(ack(3, multiple=False)[5:])
    publisher.receive()
    assert publisher.done


def test_a_publisher_without_confirms_takes_no_word_from_the_broker(pair: Pair) -> None:
    ours, broker = pair
    publisher = Publisher(ours, publish_block("q", 32, 1, BLOCK_MESSAGES), confirm=False)
    broker.sendall(ack(1, multiple=False))
    with pytest.raises(AmqpError, match="was told"):
        publisher.receive()


@pytest.mark.parametrize("piece", [1, 7, 100, 1000])
def test_deliveries_count_however_they_are_cut(pair: Pair, piece: int) -> None:
    ours, broker = pair
    consumer = consumer_of(ours)
    data = b"".join(delivery(number + 1, number) for number in range(5))
    for at in range(0, len(data), piece):
        broker.sendall(data[at : at + piece])
        consumer.receive()
    assert consumer.received == 5
    assert consumer.finish()
    assert broker.recv(1000) == ack(5, multiple=True)


def test_deliveries_that_came_with_the_consume_answer_count(pair: Pair) -> None:
    ours, broker = pair
    consumer = consumer_of(ours)
    second = delivery(2, 1)
    consumer.start(delivery(1, 0) + second[:10])
    broker.sendall(second[10:])
    consumer.receive()
    assert consumer.received == 2


def test_ack_each_sends_one_frame_for_every_delivery(pair: Pair) -> None:
    ours, broker = pair
    consumer = consumer_of(ours, each=True)
    broker.sendall(delivery(1, 0) + delivery(2, 1))
    consumer.receive()
    assert broker.recv(1000) == ack(1, multiple=False) + ack(2, multiple=False)
    assert ACK_FRAME.size == len(ack(1, multiple=False))


def test_a_closed_connection_is_not_the_end_of_a_load(pair: Pair) -> None:
    ours, broker = pair
    broker.close()
    with pytest.raises(AmqpError, match="closed"):
        consumer_of(ours).receive()
