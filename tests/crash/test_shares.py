"""How messages are shared out among consumers of a served broker, over both doors.

    equal      consumers with credit get shares within 5 % of each other's, over 100,000 messages
    stalled    one whose credit is used up costs the others at most 5 % of their throughput
    joining    one that comes later is at its share within a second

Over AMQP consumers compete for the messages of one queue. Over Kafka the members of a group share out a topic's
partitions, so what is measured there is how fast the group agrees, and that a member's silence is its own.
"""

import contextlib
import select
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from bench.generators.amqp_wire import AmqpSocket, DeliveryShape, ack, publish_block
from bench.generators.kafka_wire import KafkaSocket
from confluent_kafka import Consumer
from tests.crash.broker import BrokerProcess

from bench.generators import kafka_wire

MESSAGES = 100_000
BODY_BYTES = 100
BLOCK = 500
PREFETCH = 200
ACK_EVERY = 50
TOLERANCE = 0.05
RUNS_MIN = (
    3  # of each kind, in turn: the best of them is what the machine's other work has left alone
)
RUNS_MAX = 12  # a machine that others use needs more until both kinds had their quiet moment
DEADLINE_S = 30.0
JOIN_S_MAX = 1.0
PACE_PER_S = 10_000
PARTITIONS = 12
TOPIC_RECORDS = MESSAGES // (100 * PARTITIONS) * (100 * PARTITIONS)

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with BrokerProcess(tmp_path_factory.mktemp("shares") / "data") as process:
        process.options = ("--memory",)
        process.start()
        yield process


class Reader:
    """Consumes a queue, counts, and acknowledges; a stalled one does not acknowledge."""

    def __init__(
        self, port: int, queue: str, *, prefetch: int = PREFETCH, is_stalled: bool = False
    ) -> None:
        self.amqp = AmqpSocket.connect("127.0.0.1", port)
        self.amqp.consume(queue, "c", prefetch=prefetch, no_ack=False)
        self.taken = 0
        self.acked = 0
        self._is_stalled = is_stalled
        self._size = DeliveryShape(queue, "c", BODY_BYTES).size
        self._buffer = bytearray()
        self._take(self.amqp.take_buffered())

    def fileno(self) -> int:
        return self.amqp.sock.fileno()

    def read(self) -> None:
        self._take(self.amqp.sock.recv(1 << 16))

    def _take(self, data: bytes) -> None:
        self._buffer += data
        whole = len(self._buffer) // self._size
        del self._buffer[: whole * self._size]
        self.taken += whole
        if not self._is_stalled and self.taken - self.acked >= ACK_EVERY:
            self.acked = self.taken
            self.amqp.sock.sendall(ack(self.taken, multiple=True))


@contextlib.contextmanager
def readers_of(
    port: int, queue: str, count: int, prefetch: int = PREFETCH
) -> Iterator[list[Reader]]:
    readers = [Reader(port, queue, prefetch=prefetch) for _ in range(count)]
    try:
        yield readers
    finally:
        for reader in readers:
            reader.amqp.sock.close()


def take(readers: Sequence[Reader], seconds: float) -> None:
    """Whatever has come, or comes within `seconds`."""
    for reader in select.select(readers, [], [], seconds)[0]:
        reader.read()


def take_all(readers: Sequence[Reader], count: int) -> None:
    end = time.monotonic() + DEADLINE_S
    while (taken := sum(reader.taken for reader in readers)) < count:
        assert time.monotonic() < end, f"{taken} of {count} came"
        take(readers, 0.1)


def fresh_queue(port: int, name: str) -> AmqpSocket:
    publisher = AmqpSocket.connect("127.0.0.1", port)
    publisher.declare(name, durable=True)
    publisher.purge(name)
    return publisher


def is_near(part: float, whole: float) -> bool:
    return abs(part - whole) <= TOLERANCE * whole


def test_equal_consumers_get_equal_shares_of_a_queue(broker: BrokerProcess) -> None:
    publisher = fresh_queue(broker.port, "equal")
    block = publish_block("equal", BODY_BYTES, 1, BLOCK)
    under_way = 4 * BLOCK
    with readers_of(broker.port, "equal", 5, prefetch=under_way) as readers:
        for number in range(MESSAGES // BLOCK):
            publisher.sock.sendall(block)
            while sum(reader.taken for reader in readers) < number * BLOCK - under_way:
                take(readers, 0.1)
        take_all(readers, MESSAGES)
        shares = [reader.taken for reader in readers]
    publisher.close()
    assert sum(shares) == MESSAGES
    assert all(is_near(share, MESSAGES / len(shares)) for share in shares), shares


def drain_rate(port: int, *, with_stalled: bool) -> float:
    """Messages a second of three consumers that empty a queue, beside one that takes its credit and stops."""
    publisher = fresh_queue(port, "stalled")
    extra = PREFETCH if with_stalled else 0
    block = publish_block("stalled", BODY_BYTES, 1, BLOCK)
    count = 3 * MESSAGES
    stalled = Reader(port, "stalled", is_stalled=True) if with_stalled else None
    if stalled is not None:
        publisher.sock.sendall(publish_block("stalled", BODY_BYTES, 1, extra))
        take_all([stalled], extra)
    for _ in range(count // BLOCK):
        publisher.sock.sendall(block)
    publisher.declare("stalled", durable=True)  # answered behind all of them
    with readers_of(port, "stalled", 3) as readers:
        began = time.monotonic()
        take_all(readers, count)
        rate = count / (time.monotonic() - began)
    if stalled is not None:
        assert stalled.taken == extra, "it had no credit for more"
        stalled.amqp.sock.close()
    publisher.close()
    return rate


def costs_little(rate: Callable[[bool], float]) -> None:
    """Compare the best `rate(True)`, beside one that stalls, with the best `rate(False)`."""
    alone = beside = 0.0
    for run in range(RUNS_MAX):
        alone, beside = max(alone, rate(False)), max(beside, rate(True))
        if run + 1 >= RUNS_MIN and beside >= (1 - TOLERANCE) * alone:
            return
    raise AssertionError(f"{alone:.0f}/s alone, {beside:.0f}/s beside it")


def test_a_consumer_that_stalls_with_its_credit_used_up_costs_the_others_little(
    broker: BrokerProcess,
) -> None:
    costs_little(lambda with_stalled: drain_rate(broker.port, with_stalled=with_stalled))


def test_a_consumer_that_joins_is_at_its_share_within_a_second(broker: BrokerProcess) -> None:
    publisher = fresh_queue(broker.port, "joined")
    per_tick = PACE_PER_S // 100
    tick = publish_block("joined", BODY_BYTES, 1, per_tick)
    with readers_of(broker.port, "joined", 2) as readers:
        began = time.monotonic()
        sent_ticks = 0

        def pace(seconds: float) -> None:
            nonlocal sent_ticks
            end = time.monotonic() + seconds
            while (now := time.monotonic()) < end:
                if now - began >= sent_ticks / 100:
                    publisher.sock.sendall(tick)
                    sent_ticks += 1
                take(readers, 0.002)

        pace(1.0)
        readers.append(Reader(broker.port, "joined"))
        pace(JOIN_S_MAX / 2)
        before = [reader.taken for reader in readers]
        pace(JOIN_S_MAX / 2)
        got = [reader.taken - was for reader, was in zip(readers, before, strict=True)]
    publisher.close()
    assert is_near(got[2], sum(got) / 3), got


# --- Kafka ---


def fill_topic(port: int, topic: str, count: int) -> None:
    """The same number of records in every partition."""
    kafka = KafkaSocket.connect("127.0.0.1", port)
    kafka.create_topic(topic, PARTITIONS, {})
    batch = kafka_wire.record_batch([b"r" * BODY_BYTES] * 100, 100)
    for partition in range(PARTITIONS):
        kafka.fill(topic, partition, batch, count // 100 // PARTITIONS)
    kafka.close()


def member_of(port: int, group: str, topic: str) -> Consumer:
    member = Consumer(
        {
            "bootstrap.servers": f"127.0.0.1:{port}",
            "group.id": group,
            "auto.offset.reset": "earliest",
            "heartbeat.interval.ms": 100,
        }
    )
    member.subscribe([topic])
    return member


def agree(members: Sequence[Consumer]) -> None:
    """Poll until each has the same number of partitions."""
    end = time.monotonic() + DEADLINE_S
    while [len(member.assignment()) for member in members] != [PARTITIONS // len(members)] * len(
        members
    ):
        assert time.monotonic() < end
        for member in members:
            assert member.poll(0.01) is None, "nothing was produced yet"


def test_members_of_a_group_get_equal_shares_of_a_topic_and_one_that_joins_within_a_second(
    broker: BrokerProcess,
) -> None:
    kafka = KafkaSocket.connect("127.0.0.1", broker.port)
    kafka.create_topic("members", PARTITIONS, {})
    kafka.close()
    members = [member_of(broker.port, "members", "members") for _ in range(3)]
    agree(members)
    members.append(member_of(broker.port, "members", "members"))
    began = time.monotonic()
    agree(members)
    assert time.monotonic() - began <= JOIN_S_MAX
    fill_topic(broker.port, "members", TOPIC_RECORDS)
    shares = [0] * len(members)
    end = time.monotonic() + DEADLINE_S
    while sum(shares) < TOPIC_RECORDS:
        assert time.monotonic() < end, shares
        for index, member in enumerate(members):
            shares[index] += len(member.consume(2_000, 0.02))
    for member in members:
        member.close()
    assert all(is_near(share, sum(shares) / len(shares)) for share in shares), shares


def fetch_rate(port: int, topic: str, rounds: int) -> float:
    """Requests a second of one reader that takes a partition's records again and again."""
    kafka = KafkaSocket.connect("127.0.0.1", port)
    request = kafka_wire.fetch_request(topic, 0, 0, correlation=9)
    began = time.monotonic()
    for _ in range(rounds):
        kafka.sock.sendall(request)
        kafka.receive()
    rate = rounds / (time.monotonic() - began)
    kafka.close()
    return rate


def test_a_reader_of_kafka_that_takes_no_bytes_costs_the_others_little(
    broker: BrokerProcess,
) -> None:
    fill_topic(broker.port, "stalled-topic", 24_000)
    request = kafka_wire.fetch_request("stalled-topic", 1, 0, correlation=9)

    def rate(with_stalled: bool) -> float:
        stalled = KafkaSocket.connect("127.0.0.1", broker.port)
        stalled.sock.setblocking(False)
        if with_stalled:
            with contextlib.suppress(BlockingIOError):
                stalled.sock.sendall(request * 500)
        fetch_rate(broker.port, "stalled-topic", 100)  # until the broker has found out
        found = fetch_rate(broker.port, "stalled-topic", 2_000)
        stalled.close()
        return found

    costs_little(rate)
