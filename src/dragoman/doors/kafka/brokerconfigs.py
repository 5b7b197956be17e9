"""The broker's own configuration (resource type BROKER), as it is described: nothing of it can be altered by clients.

Kafka has a name for the default of most of a topic's configurations: `synonym_of` says which. All have Kafka's default
here but for what stands in `OWN`, what the operator has configured, and configurations that one node gives no sense to,
which are not there.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from dragoman.doors.kafka.auth import MECHANISMS
from dragoman.doors.kafka.clientlimits import KAFKA
from dragoman.doors.kafka.configs import BOOLEAN, INT, LIST, LONG, STRING, TABLE
from dragoman.doors.kafka.talk import NODE_ID, Talk

_SYNONYMS: Final[Mapping[str, str]] = {
    "cleanup.policy": "log.cleanup.policy",
    "compression.gzip.level": "compression.gzip.level",
    "compression.lz4.level": "compression.lz4.level",
    "compression.type": "compression.type",
    "compression.zstd.level": "compression.zstd.level",
    "delete.retention.ms": "log.cleaner.delete.retention.ms",
    "file.delete.delay.ms": "log.segment.delete.delay.ms",
    "flush.messages": "log.flush.interval.messages",
    "flush.ms": "log.flush.interval.ms",
    "index.interval.bytes": "log.index.interval.bytes",
    "local.retention.bytes": "log.local.retention.bytes",
    "local.retention.ms": "log.local.retention.ms",
    "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
    "max.message.bytes": "message.max.bytes",
    "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
    "message.timestamp.type": "log.message.timestamp.type",
    "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio",
    "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
    "min.insync.replicas": "min.insync.replicas",
    "preallocate": "log.preallocate",
    "retention.bytes": "log.retention.bytes",
    "retention.ms": "log.retention.ms",
    "segment.bytes": "log.segment.bytes",
    "segment.index.bytes": "log.index.size.max.bytes",
    "segment.jitter.ms": "log.roll.jitter.ms",
    "segment.ms": "log.roll.ms",
    "unclean.leader.election.enable": "unclean.leader.election.enable",
}


class Row(NamedTuple):
    """One configuration. `is_set`: the operator did; else it is the default."""

    name: str
    value: str | None
    kind: int
    documentation: str
    is_set: bool = False


OWN: Final = (
    Row(
        "authorizer.class.name",
        "dragoman.kernel.permissions",
        STRING,
        "access lists are kept, and held to from the first one on",
    ),
    Row("auto.create.topics.enable", "true", BOOLEAN, "made when Metadata asks for them"),
    Row("broker.id", str(NODE_ID), INT, "there is one"),
    Row("default.replication.factor", "1", INT, "one node"),
    Row("delete.topic.enable", "true", BOOLEAN, "topics can be deleted"),
    Row(
        "group.initial.rebalance.delay.ms",
        "50",
        INT,
        "begun anew by each that follows, 1 s at most",
    ),
    Row("group.max.session.timeout.ms", "1800000", INT, "of members of classic groups"),
    Row("group.min.session.timeout.ms", "1000", INT, "of members of classic groups"),
    Row("node.id", str(NODE_ID), INT, "there is one"),
    Row("num.partitions", "1", INT, "of a topic that is made without saying"),
    Row(
        "offsets.retention.minutes",
        "10080",
        INT,
        "since a group's last commit, when nobody is in it",
    ),
    Row("offsets.topic.replication.factor", "1", INT, "one node"),
    Row("process.roles", "broker,controller", LIST, "one node is both"),
    Row("sasl.enabled.mechanisms", ",".join(MECHANISMS), LIST, "of all listeners"),
    Row("socket.request.max.bytes", "104857600", INT, "once a client has said who it is"),
    Row("transaction.max.timeout.ms", "900000", INT, "that a producer may ask for"),
    Row("transaction.state.log.replication.factor", "1", INT, "one node"),
    Row("transactional.id.expiration.ms", "604800000", INT, "since its last transaction"),
)


def synonym_of(name: str) -> str | None:
    """The broker's configuration that a topic has by default, if there is one."""
    return _SYNONYMS.get(name)


def rows(talk: Talk) -> list[Row]:
    """All of them, by name."""
    return sorted((*OWN, *_of_topics(), *_configured(talk)))


def _of_topics() -> Iterator[Row]:
    for name, broker_name in _SYNONYMS.items():
        config = TABLE[name]
        yield Row(broker_name, config.default, config.kind, f"of topics that do not say {name}")


def _configured(talk: Talk) -> Iterator[Row]:
    """What the operator may have set."""
    node = talk.session.node()
    told = node.advertised("kafka")
    told_as = "where clients are told to connect to; unset, where they did"
    yield Row(
        "advertised.listeners",
        None if told is None else f"PLAINTEXT://{told[0]}:{told[1]}",
        STRING,
        told_as,
        told is not None,
    )
    most = talk.limits.metadata_bytes_max
    yield Row(
        "offset.metadata.max.bytes",
        str(most),
        INT,
        "of what is said with a committed offset",
        most != KAFKA.metadata_bytes_max,
    )
    limit_ms = node.reauthenticate_ms
    yield Row(
        "connections.max.reauth.ms",
        str(limit_ms),
        LONG,
        "how long a login holds; 0 as long as its connection",
        limit_ms != 0,
    )
