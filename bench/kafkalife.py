"""What groups and topics of Kafka cost: rebalances, many topics, consumers that wait.

    life/kafka-rebalance   seconds until members that came have what is theirs: the second of two, and fifty at once
    life/kafka-topics      1,000 topics of six partitions: a Metadata answer about all of them, memory
    life/kafka-idle        100 consumers in ten groups that fetch what does not come: the broker's share of a core
    life/kafka-transactions  transactions of one record a second, by one producer and by eight
    life/kafka-compaction  p99 of single records while keys are written over and over, not compacted and compacted

Clients are confluent-kafka's, in this process; only the broker's CPU and memory are counted.
"""

import threading
import time
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from bench import measure
from bench.generators.kafka_wire import KafkaSocket, produce_request, record_batch
from bench.peers import Peer

Figures = dict[str, float]

PAIRS = 3  # rebalances of two members: the median counts
MANY_MEMBERS = 50
TOPICS = 1_000
PARTITIONS = 6
METADATA_VERSION = 7
ALL_TOPICS = b"\xff\xff\xff\xff\x01"  # null array, may be created
METADATA_ASKED = 50
IDLE_CONSUMERS = 100
IDLE_GROUPS = 10
SETTLE_S = 4.0
WATCHED_S = 5.0
PRODUCERS = 8
TRANSACTIONS_S = 3.0
KEYS = 10_000
KEYED_BYTES = 2_000
KEYED_PER_TICK = 50  # each 10 ms: 10 MB/s, and a checkpoint every five seconds
TICK_S = 0.01
PLAIN_S = 6.0
COMPACTED_S = 18.0  # Kafka looks every fifteen at what is dirty
LEFT_SHARE_MAX = 0.9  # of what was written: else next to nothing was compacted
PROBES_PER_S = 200
COMPACT = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.bytes": "4194304",
    "segment.ms": "5000",
}
DEADLINE_S = 30.0


def _servers(peer: Peer) -> str:
    host, port = peer.endpoint("kafka")
    return f"{host}:{port}"


def _topics(servers: str, topics: list[NewTopic]) -> None:
    admin = AdminClient({"bootstrap.servers": servers})
    for made in admin.create_topics(topics).values():
        made.result(DEADLINE_S)


def _member(servers: str, group: str, topic: str, protocol: str) -> Any:
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": group, "group.protocol": protocol}
    )
    consumer.subscribe([topic])
    return consumer


def _settled_s(members: list[Any], partitions: int, since: float) -> float:
    """Seconds until each member has a part and all have all. Raises TimeoutError."""
    while time.monotonic() < since + DEADLINE_S:
        for each in members:
            each.poll(0.002)
        counts = [len(each.assignment()) for each in members]
        if all(counts) and sum(counts) == partitions:
            return time.monotonic() - since
    raise TimeoutError(f"{len(members)} members do not share {partitions} partitions")


def rebalance(peer: Peer, _options: object, _generate: object) -> Figures:
    """The second member of a group that the broker assigns, and fifty at once in groups of either protocol."""
    peer.start()
    servers = _servers(peer)
    pairs: list[float] = []
    for number in range(PAIRS):
        topic = f"pair-{number}"
        _topics(servers, [NewTopic(topic, 2)])
        members = [_member(servers, topic, topic, "consumer")]
        _settled_s(members, 2, time.monotonic())
        since = time.monotonic()
        members.append(_member(servers, topic, topic, "consumer"))
        pairs.append(_settled_s(members, 2, since))
        for each in members:
            each.close()
    figures = {"pair_s": measure.percentile(pairs, 0.5)}
    for protocol in ("classic", "consumer"):
        topic = f"many-{protocol}"
        _topics(servers, [NewTopic(topic, MANY_MEMBERS)])
        since = time.monotonic()
        members = [_member(servers, topic, topic, protocol) for _ in range(MANY_MEMBERS)]
        figures[f"many_{protocol}_s"] = _settled_s(members, MANY_MEMBERS, since)
        for each in members:
            each.close()
    return figures


def topics(peer: Peer, _options: object, _generate: object) -> Figures:
    """Metadata of all topics, asked for on one connection, one after the other; and again under access lists."""
    peer.start()
    _topics(_servers(peer), [NewTopic(f"topic-{number}", PARTITIONS) for number in range(TOPICS)])
    open_ms = _metadata_ms(peer)
    rss_mb = measure.rss_mb(peer.pids[:1])
    figures = {"topics": TOPICS, "metadata_ms": open_ms, "rss_mb": rss_mb}
    try:
        _allow(_servers(peer))
    except KafkaException:
        return figures  # a broker that was not told to authorize keeps no access lists
    return figures | {"metadata_guarded_ms": _metadata_ms(peer)}


def _metadata_ms(peer: Peer) -> float:
    connection = KafkaSocket.connect(*peer.endpoint("kafka"))
    taken: list[float] = []
    for _ in range(METADATA_ASKED):
        since = time.monotonic()
        connection.ask(3, METADATA_VERSION, ALL_TOPICS)
        taken.append((time.monotonic() - since) * 1000)
    connection.close()
    return measure.percentile(taken, 0.5)


def _allow(servers: str) -> None:
    """Everybody may describe the topics, by the first access list there is. Raises KafkaException."""
    kind, pattern = ResourceType.TOPIC, ResourcePatternType.PREFIXED
    operation, permission = AclOperation.DESCRIBE, AclPermissionType.ALLOW
    one = AclBinding(kind, "topic-", pattern, "User:*", "*", operation, permission)
    admin = AdminClient({"bootstrap.servers": servers})
    for made in admin.create_acls([one]).values():
        made.result(DEADLINE_S)


def idle(peer: Peer, _options: object, _generate: object) -> Figures:
    """Consumers that have nothing to read."""
    peer.start()
    servers = _servers(peer)
    _topics(servers, [NewTopic(f"idle-{number}", PARTITIONS) for number in range(IDLE_GROUPS)])
    names = [f"idle-{number % IDLE_GROUPS}" for number in range(IDLE_CONSUMERS)]
    members = [_member(servers, name, name, "classic") for name in names]
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        for each in members:
            each.poll(0)
        time.sleep(0.05)
    before = measure.usage(peer.pids[:1])
    time.sleep(WATCHED_S)
    spent = measure.usage(peer.pids[:1]).since(before)
    for each in members:
        each.close()
    return {"consumers": IDLE_CONSUMERS, "cpu_share": spent.cpu_s / spent.at_s}


def _transact(servers: str, number: int, all_ready: threading.Barrier, done: list[int]) -> None:
    producer = Producer(
        {"bootstrap.servers": servers, "transactional.id": f"bench-{number}", "linger.ms": 0}
    )
    producer.init_transactions(DEADLINE_S)
    all_ready.wait(DEADLINE_S)
    until = time.monotonic() + TRANSACTIONS_S
    while time.monotonic() < until:
        producer.begin_transaction()
        producer.produce("transactions", b"value", partition=number)
        producer.commit_transaction(DEADLINE_S)
        done[number] += 1


def _transactions_per_s(servers: str, producers: int) -> float:
    done = [0] * producers
    all_ready = threading.Barrier(producers + 1)
    threads = [
        threading.Thread(target=_transact, args=(servers, at, all_ready, done))
        for at in range(producers)
    ]
    for each in threads:
        each.start()
    all_ready.wait(DEADLINE_S)
    since = time.monotonic()
    for each in threads:
        each.join()
    return sum(done) / (time.monotonic() - since)


def transactions(peer: Peer, _options: object, _generate: object) -> Figures:
    """Begin, one record, commit; each waits for the one before."""
    peer.start()
    servers = _servers(peer)
    _topics(servers, [NewTopic("transactions", PRODUCERS)])
    one = _transactions_per_s(servers, 1)
    return {"one_per_s": one, "transactions_per_s": _transactions_per_s(servers, PRODUCERS)}


class Overwriting:
    """Somebody writes the same keys over and over while the block runs."""

    def __init__(self, servers: str, topic: str) -> None:
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 5})
        self._topic = topic
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.written = 0

    def _run(self) -> None:
        while not self._is_over.wait(TICK_S):
            for _ in range(KEYED_PER_TICK):
                key = f"key-{self.written % KEYS}"
                self._producer.produce(self._topic, b"v" * KEYED_BYTES, key)
                self.written += 1
            self._producer.poll(0)
        self._producer.flush(DEADLINE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()


def _p99_ms(peer: Peer, topic: str, duration_s: float) -> tuple[float, int]:
    """Of single records to another topic, on a schedule, answer by answer; and how many were written to `topic`."""
    connection = KafkaSocket.connect(*peer.endpoint("kafka"))
    batch = record_batch([b"v" * 100], int(time.time() * 1000))
    request = produce_request("probe", 0, batch, correlation=3)
    taken: list[float] = []
    with Overwriting(_servers(peer), topic) as overwriting:
        since = time.monotonic()
        for number in range(int(duration_s * PROBES_PER_S)):
            due = since + number / PROBES_PER_S
            time.sleep(max(due - time.monotonic(), 0))
            if time.monotonic() > since + duration_s:
                break  # those before were late, and counted so
            connection.sock.sendall(request)
            connection.receive()
            taken.append((time.monotonic() - due) * 1000)
    connection.close()
    return measure.percentile(taken, 0.99), overwriting.written


def compaction(peer: Peer, _options: object, _generate: object) -> Figures:
    """The same load twice. Raises RuntimeError when nothing was compacted."""
    peer.start()
    servers = _servers(peer)
    _topics(servers, [NewTopic("probe", 1), NewTopic("plain", 1)])
    _topics(servers, [NewTopic("compacted", 1, config=COMPACT)])
    plain_ms, _ = _p99_ms(peer, "plain", PLAIN_S)
    compacted_ms, written = _p99_ms(peer, "compacted", COMPACTED_S)
    left_share = _size(servers, "compacted") / written
    if left_share > LEFT_SHARE_MAX:
        raise RuntimeError(f"{left_share:.0%} are left: next to nothing was compacted")
    return {
        "p99_plain_ms": plain_ms,
        "p99_compacted_ms": compacted_ms,
        "p99_ratio": compacted_ms / plain_ms,
        "left_share": left_share,
    }


def _size(servers: str, topic: str) -> int:
    """Records that are there."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "sizes",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    count = 0
    while True:
        messages = consumer.consume(10_000, DEADLINE_S)
        count += sum(message.error() is None for message in messages)
        if not messages or any(message.error() is not None for message in messages):
            break
    consumer.close()
    return count


LIFE = {
    "life/kafka-rebalance": rebalance,
    "life/kafka-topics": topics,
    "life/kafka-idle": idle,
    "life/kafka-transactions": transactions,
    "life/kafka-compaction": compaction,
}
