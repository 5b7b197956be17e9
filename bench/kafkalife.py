"""What groups and topics of Kafka cost: rebalances, many topics, consumers that wait.

    life/kafka-rebalance   seconds until members that came have what is theirs: the second of two, and fifty at once
    life/kafka-topics      1,000 topics of six partitions: a Metadata answer about all of them, memory
    life/kafka-idle        100 consumers in ten groups that fetch what does not come: the broker's share of a core

Members are confluent-kafka's, in this process; only the broker's CPU and memory are counted.
"""

import time
from typing import Any

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from bench import measure
from bench.generators.kafka_wire import KafkaSocket
from bench.peers import Peer

Figures = dict[str, float]

PAIRS = 5  # rebalances of two members: the median counts
MANY_MEMBERS = 50
TOPICS = 1_000
PARTITIONS = 6
METADATA_VERSION = 7
ALL_TOPICS = b"\xff\xff\xff\xff\x01"  # null array, may be created
METADATA_ASKED = 50
IDLE_CONSUMERS = 100
IDLE_GROUPS = 10
SETTLE_S = 8.0
WATCHED_S = 10.0
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
    """Metadata of all topics, asked for on one connection, one after the other."""
    peer.start()
    _topics(_servers(peer), [NewTopic(f"topic-{number}", PARTITIONS) for number in range(TOPICS)])
    connection = KafkaSocket.connect(*peer.endpoint("kafka"))
    taken: list[float] = []
    for _ in range(METADATA_ASKED):
        since = time.monotonic()
        connection.ask(3, METADATA_VERSION, ALL_TOPICS)
        taken.append((time.monotonic() - since) * 1000)
    connection.close()
    return {
        "topics": TOPICS,
        "metadata_ms": measure.percentile(taken, 0.5),
        "rss_mb": measure.rss_mb(peer.pids[:1]),
    }


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


LIFE = {
    "life/kafka-rebalance": rebalance,
    "life/kafka-topics": topics,
    "life/kafka-idle": idle,
}
