"""Peers that stop reading, or stop in the middle of what they say: memory stays within bounds, others are served.

Each test leaves such peers connected and measures two things: how far the broker's resident memory grows, and how long
a healthy client waits for its confirms meanwhile, beside how long it waited before. A wait that the machine's other work
may have caused is measured once more.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence

import psutil
import pytest
from bench.generators.amqp_wire import AmqpSocket
from bench.generators.kafka_wire import KafkaSocket
from tests.crash.broker import BrokerProcess

from bench.generators import amqp_wire, kafka_wire

MESSAGE_BYTES = 1_000_000
MESSAGES = 300
REQUESTS = 2_000
GROWTH_BYTES_MAX = 96 << 20  # the cache of bodies is a third of it; 2,000 answers would be 2 GB
QUIET_S = 1.0
WATCH_S = 2.5
CONFIRM_S_MAX = 0.25
CONFIRM_GROWTH_MAX = 3.0  # where even before there were waits of that order
ATTEMPTS = 2
RECEIVE_BUFFER_BYTES = 4096
PART_BYTES = 100_000
QUEUE, TOPIC = "stuck", "stuck-topic"

pytestmark = [pytest.mark.crash, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """With MESSAGES large messages in a queue and in a topic, on disk."""
    with BrokerProcess(tmp_path_factory.mktemp("stuck") / "data") as process:
        process.start()
        amqp = AmqpSocket.connect("127.0.0.1", process.port)
        amqp.declare(QUEUE, durable=True)
        kafka = KafkaSocket.connect("127.0.0.1", process.port)
        kafka.create_topic(TOPIC, 1, {})
        for number in range(MESSAGES):
            amqp.sock.sendall(large(bytes([number % 251]) * MESSAGE_BYTES))
            batch = kafka_wire.record_batch([bytes([number % 251]) * MESSAGE_BYTES], 1)
            kafka.fill(TOPIC, 0, batch, 1)
        while amqp.declare(QUEUE, durable=True, passive=True) < MESSAGES:
            time.sleep(0.05)
        amqp.close()
        kafka.close()
        assert process.stop() == 0, process.tail()
        process.start()
        yield process


def large(body: bytes) -> bytes:
    """A persistent publish whose body takes many frames."""
    parts = [body[at : at + PART_BYTES] for at in range(0, len(body), PART_BYTES)]
    whole = amqp_wire.publish(QUEUE, b"", 2)
    head = whole.removesuffix(amqp_wire.frame(amqp_wire.BODY, amqp_wire.CHANNEL, b""))
    size_at = len(head) - 1 - 1 - 2 - 8
    head = head[:size_at] + len(body).to_bytes(8, "big") + head[size_at + 8 :]
    return head + b"".join(
        amqp_wire.frame(amqp_wire.BODY, amqp_wire.CHANNEL, part) for part in parts
    )


def resident_bytes(broker: BrokerProcess) -> int:
    size: int = psutil.Process(broker.pid).memory_info().rss
    return size


def unread(sock: socket.socket) -> socket.socket:
    """A socket whose owner never reads: as little as possible is taken on its behalf."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


def push(sock: socket.socket, data: bytes) -> None:
    """Send as much as the broker takes."""
    sock.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        sock.sendall(data)


def slowest_confirm_s(broker: BrokerProcess, seconds: float, sizes: list[int]) -> float:
    """The longest that a healthy publisher waits for a confirm, in so many seconds; `sizes` of memory seen meanwhile."""
    healthy = AmqpSocket.connect("127.0.0.1", broker.port)
    healthy.declare("healthy", durable=True)
    healthy.confirm_select()
    slowest_s = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        healthy.sock.sendall(amqp_wire.publish("healthy", b"h" * 100, 2))
        healthy.expect(60, 80)
        slowest_s = max(slowest_s, time.monotonic() - began)
        sizes.append(resident_bytes(broker))
        time.sleep(0.01)
    healthy.close()
    return slowest_s


def watch(broker: BrokerProcess, stick: Callable[[], Sequence[socket.socket]]) -> None:
    """While the peers that `stick` makes are stuck growth is bounded, and a healthy publisher waits no longer than before."""
    said = []
    for _ in range(ATTEMPTS):
        quiet_s = slowest_confirm_s(broker, QUIET_S, [])
        before = resident_bytes(broker)
        peaks: list[int] = []
        peers = stick()
        try:
            slowest_s = slowest_confirm_s(broker, WATCH_S, peaks)
        finally:
            for sock in peers:
                sock.close()
        assert max(peaks) - before < GROWTH_BYTES_MAX, f"{(max(peaks) - before) >> 20} MB"
        if slowest_s < max(CONFIRM_S_MAX, CONFIRM_GROWTH_MAX * quiet_s):
            return
        said.append(f"{slowest_s * 1000:.0f} ms, {quiet_s * 1000:.0f} ms before")
    raise AssertionError(said)


def kafka_fetches(broker: BrokerProcess) -> tuple[socket.socket, bytes]:
    """Fetch requests, each for another message."""
    sock = unread(KafkaSocket.connect("127.0.0.1", broker.port).sock)
    return sock, b"".join(
        kafka_wire.fetch_request(TOPIC, 0, number % MESSAGES, correlation=number)
        for number in range(REQUESTS)
    )


def amqp_gets(broker: BrokerProcess) -> tuple[socket.socket, bytes]:
    """basic.get, many more than there are messages."""
    sock = unread(AmqpSocket.connect("127.0.0.1", broker.port).sock)
    get = amqp_wire.method(60, 70, b"\x00\x00" + amqp_wire.short(QUEUE) + b"\x00")
    return sock, get * REQUESTS


def amqp_consumer(broker: BrokerProcess) -> tuple[socket.socket, bytes]:
    """A consumer without any limit to what it is handed."""
    sock = unread(AmqpSocket.connect("127.0.0.1", broker.port).sock)
    arguments = b"\x00\x00" + amqp_wire.short(QUEUE) + amqp_wire.short("c") + b"\x00"
    return sock, amqp_wire.method(60, 20, arguments + amqp_wire.long(b""))


def amqp_declares(broker: BrokerProcess) -> tuple[socket.socket, bytes]:
    """Replies that nobody reads."""
    sock = unread(AmqpSocket.connect("127.0.0.1", broker.port).sock)
    arguments = b"\x00\x00" + amqp_wire.short(QUEUE) + b"\x01" + amqp_wire.long(b"")
    return sock, amqp_wire.method(50, 10, arguments) * 500_000


@pytest.mark.parametrize("peer", [kafka_fetches, amqp_gets, amqp_consumer, amqp_declares])
def test_a_peer_that_reads_nothing_holds_little_memory_and_slows_nobody(
    broker: BrokerProcess, peer: Callable[[BrokerProcess], tuple[socket.socket, bytes]]
) -> None:
    def stick() -> list[socket.socket]:
        sock, data = peer(broker)
        push(sock, data)
        return [sock]

    watch(broker, stick)


@pytest.mark.parametrize("protocol", ["kafka", "amqp"])
def test_peers_that_stop_in_the_middle_hold_what_they_sent_and_slow_nobody(
    broker: BrokerProcess, protocol: str
) -> None:
    def stick() -> list[socket.socket]:
        return [half_said(broker, protocol) for _ in range(20)]

    watch(broker, stick)


def half_said(broker: BrokerProcess, protocol: str) -> socket.socket:
    """A connection that has sent most of a large message, in many small pieces."""
    if protocol == "kafka":
        sock = KafkaSocket.connect("127.0.0.1", broker.port).sock
        batch = kafka_wire.record_batch([b"x" * MESSAGE_BYTES], 1)
        data = kafka_wire.produce_request(TOPIC, 0, batch, correlation=1)
    else:
        sock = AmqpSocket.connect("127.0.0.1", broker.port).sock
        data = large(b"x" * MESSAGE_BYTES)
    for start in range(0, len(data) - 1000, 8_000):
        push(sock, data[start : min(start + 8_000, len(data) - 1000)])
    return sock
