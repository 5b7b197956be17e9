"""The table of loads: what is sent, how large, by how many, how durable, and to whom.

    name                                  halves                                  targets
    amqp/confirm/100B/persistent/4c       amqp_raw {mode: confirm, ...}           dragoman rabbitmq
    cross/confluent-pika                  confluent_client + pika_client          dragoman

A scenario is one line of the report. Each half is one generator process; most have one. `group`
says when it runs: always ('quick' and up), in the whole run ('whole'), or only when named by
--only or asked for by --full ('full'). How results are judged stands in `goals`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

DRAGOMAN, RABBITMQ, KAFKA = "dragoman", "rabbitmq", "kafka"
ELASTICMQ, MOTO = "elasticmq", "moto"
GRPC_AIO, GRPC_RELAY, GOOGLE = "grpcaio", "grpcrelay", "google"
AMQP_TARGETS = (DRAGOMAN, RABBITMQ)
KAFKA_TARGETS = (DRAGOMAN, KAFKA)
KAFKA_AND_TANSU = (*KAFKA_TARGETS, "tansu")
ENGINES = ("cel-expr-python", "jsonata", "jq")
SQS_TARGETS = (DRAGOMAN, ELASTICMQ, MOTO)

RECORD_BYTES = 1024
PACED_RATE_PER_S = 1000
WINDOW = 1000
PREFETCH = 300

SERVICEBUS_BYTES = 256
SERVICEBUS_WINDOW = 100
SYNCED_AZURE = "synced-azure"  # a queue that Dragoman is configured with
SERVICEBUS_LOADS: dict[str, dict[str, Any]] = {
    "send": {"mode": "send"},
    "send-synced": {"mode": "send", "synced": SYNCED_AZURE},
    "receive": {"mode": "receive"},
    "receive-synced": {"mode": "receive", "synced": SYNCED_AZURE},
    "receive-echoed": {"mode": "receive", "echoed": True},
}
EVENTHUBS_WINDOW = 100
EVENTHUBS_LOADS = {
    "send-50/1KiB": ("send", RECORD_BYTES, 50),
    "send-1/100B": ("send", 100, 1),
    "receive/1KiB": ("receive", RECORD_BYTES, 50),
}
SIZES = {"100B": 100, "1KiB": 1024}
CONNECTIONS = (1, 4)
# The report's word for a mode, and what amqp_raw is told.
AMQP_MODES: dict[str, dict[str, Any]] = {
    "publish": {"mode": "publish"},
    "ack300": {"mode": "consume", "ack": "multiple"},
    "ackeach": {"mode": "consume", "ack": "each"},
    "confirm": {"mode": "confirm"},
    "confirm-ack300": {"mode": "confirm_consume", "ack": "multiple"},
}


class Group(Enum):
    """When a scenario runs; each group includes those before it."""

    QUICK = 0
    WHOLE = 1
    FULL = 2


class Kind(Enum):
    """Which figures a scenario yields."""

    COST = "cost"  # rate, broker CPU per message or megabyte
    LATENCY = "latency"  # p50 and p99
    LIFE = "life"  # start, memory, backlog: see lifecycle.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One generator process: a module of bench.generators and what it is told."""

    module: str
    protocol: str
    parameters: dict[str, Any]
    sends: bool = False  # to another half, which has to listen first


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One line of the table."""

    name: str
    kind: Kind
    targets: tuple[str, ...]
    halves: tuple[Half, ...] = ()
    group: Group = Group.WHOLE
    rounds_max: int | None = None  # long scenarios run fewer rounds
    durability: str = "memory"  # what a confirm has waited for
    notes: dict[str, Any] = field(default_factory=dict)


def _amqp_group(mode: str, size: str, durability: str, connections: int) -> Group:
    """Quick: one connection of the plain modes. Whole: what the goals name. Full: the rest."""
    if durability == "persistent":
        wanted = mode in {"confirm", "confirm-ack300"} and size == "100B"
    else:
        wanted = mode in {"publish", "ack300", "confirm"} or (mode, size, connections) == (
            "ackeach",
            "100B",
            1,
        )
    if not wanted:
        return Group.FULL
    quick = size == "100B" and connections == 1
    return Group.QUICK if quick and mode != "ackeach" else Group.WHOLE


def _amqp() -> Iterator[Scenario]:
    for mode, told in AMQP_MODES.items():
        for size, size_bytes in SIZES.items():
            for durability in ("transient", "persistent"):
                for connections in CONNECTIONS:
                    parameters = {
                        **told,
                        "size_bytes": size_bytes,
                        "persistent": durability == "persistent",
                        "connections": connections,
                        "window": WINDOW,
                        "prefetch": PREFETCH,
                    }
                    yield Scenario(
                        name=f"amqp/{mode}/{size}/{durability}/{connections}c",
                        kind=Kind.COST,
                        targets=AMQP_TARGETS,
                        halves=(Half(module="amqp_raw", protocol="amqp", parameters=parameters),),
                        group=_amqp_group(mode, size, durability, connections),
                        durability="synced before the confirm"
                        if durability == "persistent"
                        else "memory",
                    )


def _latency_group(mode: str, durability: str) -> Group:
    if durability == "persistent":
        return Group.FULL if mode == "paced" else Group.QUICK
    return Group.WHOLE


def _amqp_latency() -> Iterator[Scenario]:
    for mode in ("confirm", "deliver", "paced"):
        for durability in ("transient", "persistent"):
            parameters = {
                "mode": mode,
                "size_bytes": 100,
                "persistent": durability == "persistent",
                "rate_per_s": PACED_RATE_PER_S,
            }
            yield Scenario(
                name=f"amqp-latency/{mode}/{durability}",
                kind=Kind.LATENCY,
                targets=AMQP_TARGETS,
                halves=(Half(module="amqp_latency", protocol="amqp", parameters=parameters),),
                group=Group.QUICK
                if durability == "persistent" and mode != "paced"
                else Group.WHOLE,
            )


def _pika() -> Iterator[Scenario]:
    for mode in ("publish", "consume", "confirm"):
        parameters = {"mode": mode, "size_bytes": 100, "persistent": False}
        yield Scenario(
            name=f"pika/{mode}",
            kind=Kind.COST,
            targets=AMQP_TARGETS,
            halves=(Half(module="pika_client", protocol="amqp", parameters=parameters),),
            group=Group.QUICK if mode == "publish" else Group.WHOLE,
        )


def _kafka_raw(name: str, group: Group, **parameters: Any) -> Scenario:
    told = {"record_bytes": RECORD_BYTES, "acks": 1, "batch_records": 1, "in_flight": 5}
    half = Half(module="kafka_raw", protocol="kafka", parameters={**told, **parameters})
    return Scenario(
        name=f"kafka/{name}",
        kind=Kind.COST,
        targets=KAFKA_TARGETS,
        halves=(half,),
        group=group,
        durability="page cache, as Kafka's default",
    )


def _kafka() -> Iterator[Scenario]:
    yield _kafka_raw(
        "produce/16KiB/1c", Group.WHOLE, mode="produce", batch_records=15, connections=1
    )
    yield _kafka_raw(
        "produce/128KiB/1c", Group.QUICK, mode="produce", batch_records=127, connections=1
    )
    for connections in CONNECTIONS:
        yield _kafka_raw(
            f"single/{connections}c",
            Group.QUICK if connections == 1 else Group.WHOLE,
            mode="produce",
            connections=connections,
            in_flight=64,
        )
    for connections in CONNECTIONS:
        yield _kafka_raw(
            f"fetch/{connections}c",
            Group.QUICK if connections == 1 else Group.FULL,
            mode="fetch",
            connections=connections,
        )
    for mode in ("produce", "consume"):
        parameters = {"mode": mode, "record_bytes": RECORD_BYTES}
        yield Scenario(
            name=f"confluent/{mode}",
            kind=Kind.COST,
            targets=KAFKA_AND_TANSU,
            halves=(Half(module="confluent_client", protocol="kafka", parameters=parameters),),
            group=Group.QUICK if mode == "produce" else Group.WHOLE,
            durability="page cache, as Kafka's default",
        )
    for mode in ("produce", "paced"):
        told = {"mode": mode, "record_bytes": RECORD_BYTES, "rate_per_s": PACED_RATE_PER_S}
        yield Scenario(
            name=f"kafka-latency/{mode}",
            kind=Kind.LATENCY,
            targets=KAFKA_TARGETS,
            halves=(Half(module="kafka_latency", protocol="kafka", parameters=told),),
            group=Group.QUICK if mode == "paced" else Group.WHOLE,
        )


def _official_half(client: str, mode: str, *, shared: bool) -> Half:
    sends = mode == "paced_publish"
    told: dict[str, Any] = {"mode": mode, "rate_per_s": PACED_RATE_PER_S, "shared": shared}
    if client == "pika":
        told |= {"size_bytes": RECORD_BYTES, "persistent": False, "durable": True}
        return Half(module="pika_client", protocol="amqp", parameters=told, sends=sends)
    return Half(
        module="confluent_client",
        protocol="kafka",
        parameters={**told, "record_bytes": RECORD_BYTES},
        sends=sends,
    )


def _cross() -> Iterator[Scenario]:
    """Each protocol alone and both ways across, all with the official clients, at one rate.

    Opened consumer first, unless the producer speaks Kafka and the consumer does not: the topic
    has to be there before a queue is opened on it. Whoever sends is told to go last.
    """
    both = {("pika", "pika"): AMQP_TARGETS, ("confluent", "confluent"): KAFKA_TARGETS}
    pairs = [*both, ("confluent", "pika"), ("pika", "confluent")]
    for sender, receiver in pairs:
        topic_first = (sender, receiver) == ("confluent", "pika")
        halves = (
            _official_half(receiver, "paced_consume", shared=topic_first),
            _official_half(sender, "paced_publish", shared=not topic_first),
        )
        yield Scenario(
            name=f"cross/{sender}-{receiver}",
            kind=Kind.LATENCY,
            targets=both.get((sender, receiver), (DRAGOMAN,)),
            halves=halves[::-1] if topic_first else halves,
            group=Group.QUICK if topic_first else Group.WHOLE,
        )


SQS_MODES = ("send", "send-batch", "receive", "receive-batch")
SQS_CONNECTIONS = (1, 8, 64)
SQS_BODY_BYTES = 256
# What a queue is filled with before it is received from: a slow server is not filled for minutes.
SQS_FILL = {"receive": 30_000, "receive-batch": 120_000}
SYNCED = "synced"  # a queue that Dragoman is configured with: what it answers is on the disk


def _sqs() -> Iterator[Scenario]:
    for mode in SQS_MODES:
        for connections in SQS_CONNECTIONS:
            parameters = {
                "mode": mode,
                "size_bytes": SQS_BODY_BYTES,
                "connections": connections,
                "fill": SQS_FILL.get(mode, 0),
            }
            yield Scenario(
                name=f"sqs/{mode}/{connections}c",
                kind=Kind.COST,
                targets=SQS_TARGETS,
                halves=(Half(module="sqs_raw", protocol="sqs", parameters=parameters),),
                group=Group.QUICK if mode == "send" else Group.WHOLE,
                durability="written before the answer; the peers keep nothing",
            )
    parameters = {"mode": "send", "size_bytes": SQS_BODY_BYTES, "connections": 64, "name": SYNCED}
    yield Scenario(
        name="sqs/send-synced/64c",
        kind=Kind.COST,
        targets=(DRAGOMAN,),
        halves=(Half(module="sqs_raw", protocol="sqs", parameters=parameters),),
        durability="synced before the answer",
    )
    yield Scenario(
        name="sqs-wake/8c",
        kind=Kind.LATENCY,
        targets=(DRAGOMAN, ELASTICMQ),
        halves=(Half(module="sqs_parked", protocol="sqs", parameters={"parked": 8}),),
        durability="written before the answer; the peer keeps nothing",
    )


EVENT_BYTES = 256
EVENTS_BATCH = 100
EVENT_SCHEMAS = {"cloudevents": "CloudEventSchemaV1_0", "eventgrid": "EventGridSchema"}


def _eventgrid() -> Iterator[Scenario]:
    rows = [("publish", schema, count) for schema in EVENT_SCHEMAS for count in CONNECTIONS]
    for mode, schema, connections in [*rows, ("deliver", "cloudevents", 1)]:
        parameters = {
            "mode": mode,
            "schema": EVENT_SCHEMAS[schema],
            "size_bytes": EVENT_BYTES,
            "batch": EVENTS_BATCH,
            "connections": connections,
        }
        yield Scenario(
            name=f"eventgrid/{mode}/{schema}/{connections}c",
            kind=Kind.COST,
            targets=(DRAGOMAN,),
            halves=(Half(module="eventgrid_raw", protocol="eventgrid", parameters=parameters),),
            group=Group.QUICK if schema == "cloudevents" and connections == 1 else Group.WHOLE,
            durability="written before the answer",
        )


PUBSUB_LOADS = {
    "publish-100": ("publish", 100, 8),
    "publish-1": ("publish", 1, 64),
    "pull": ("pull", 1, 1),
}
"""By what the report calls them: mode, messages in a request, requests under way."""


def _pubsub() -> Iterator[Scenario]:
    for name, (mode, batch, window) in PUBSUB_LOADS.items():
        parameters = {"mode": mode, "size_bytes": RECORD_BYTES, "batch": batch, "window": window}
        yield Scenario(
            name=f"pubsub/{name}/1KiB/1c",
            kind=Kind.COST,
            targets=(DRAGOMAN, GRPC_AIO, GOOGLE),
            halves=(Half(module="pubsub_raw", protocol="pubsub", parameters=parameters),),
            group=Group.QUICK if name == "publish-100" else Group.WHOLE,
            durability="written before the answer",
        )
    for mode in ("publish", "pull"):
        parameters = {"mode": mode, "size_bytes": RECORD_BYTES}
        yield Scenario(
            name=f"pubsub-client/{mode}",
            kind=Kind.COST,
            targets=(DRAGOMAN, GOOGLE),
            halves=(Half(module="pubsub_client", protocol="pubsub", parameters=parameters),),
            durability="written before the answer",
        )
    told = {"mode": "paced", "size_bytes": RECORD_BYTES, "rate_per_s": PACED_RATE_PER_S}
    for client, module in (("raw", "pubsub_latency"), ("client", "pubsub_client")):
        yield Scenario(
            name=f"pubsub-latency/{client}",
            kind=Kind.LATENCY,
            targets=(DRAGOMAN, GRPC_RELAY, GOOGLE),
            halves=(Half(module=module, protocol="pubsub", parameters=told),),
            group=Group.WHOLE,
        )


def _eventhubs() -> Iterator[Scenario]:
    """Frames of one connection to one partition; a batch has one outcome."""
    for name, (mode, size, batch) in EVENTHUBS_LOADS.items():
        parameters = {"mode": mode, "size_bytes": size, "batch": batch, "window": EVENTHUBS_WINDOW}
        yield Scenario(
            name=f"eventhubs/{name}/1c",
            kind=Kind.COST,
            targets=(DRAGOMAN,),
            halves=(Half(module="eventhubs_raw", protocol="amqp", parameters=parameters),),
            durability="written before the outcome",
        )


def _servicebus() -> Iterator[Scenario]:
    """One connection, one queue. What settles without being told again has no answer to wait for."""
    for name, told in SERVICEBUS_LOADS.items():
        parameters = {**told, "size_bytes": SERVICEBUS_BYTES, "window": SERVICEBUS_WINDOW}
        is_synced = "synced" in told
        yield Scenario(
            name=f"servicebus/{name}/1c",
            kind=Kind.COST,
            targets=(DRAGOMAN,),
            halves=(Half(module="servicebus_raw", protocol="amqp", parameters=parameters),),
            group=Group.QUICK if name in ("send", "receive") else Group.WHOLE,
            durability=f"{'synced' if is_synced else 'written'} before the outcome",
        )
    for mode in ("send", "batch", "receive"):
        parameters = {"mode": mode, "size_bytes": SERVICEBUS_BYTES}
        yield Scenario(
            name=f"servicebus-client/{mode}",
            kind=Kind.COST,
            targets=(DRAGOMAN,),
            halves=(Half(module="servicebus_client", protocol="amqp", parameters=parameters),),
            durability="written before the outcome",
        )


def _grpc() -> Iterator[Scenario]:
    """Calls whose handlers do nothing: what lies below those of Pub/Sub and Cloud Tasks."""
    for in_flight in (1, 32):
        parameters = {"in_flight": in_flight}
        yield Scenario(
            name=f"grpc/unary/{in_flight}",
            kind=Kind.COST,
            targets=(DRAGOMAN, GRPC_AIO),
            halves=(Half(module="grpc_raw", protocol="pubsub", parameters=parameters),),
            group=Group.QUICK if in_flight > 1 else Group.WHOLE,
        )


TASKS_LOADS: dict[str, dict[str, Any]] = {
    "create/64": {"mode": "create", "window": 64},
    "dispatch/8q": {"mode": "dispatch"},
    "pace/500": {"mode": "pace"},
    "due": {"mode": "due"},
}


def _tasks() -> Iterator[Scenario]:
    """Cloud Tasks. The target of its tasks is in the generator."""
    for name, parameters in TASKS_LOADS.items():
        mode = parameters["mode"]
        yield Scenario(
            name=f"tasks/{name}",
            kind=Kind.LATENCY if mode == "due" else Kind.COST,
            targets=(DRAGOMAN,),
            halves=(Half(module="tasks_raw", protocol="cloudtasks", parameters=parameters),),
            rounds_max=1 if mode == "pace" else None,
            durability="written before the answer",
        )


def _life() -> Iterator[Scenario]:
    every = (DRAGOMAN, RABBITMQ, KAFKA)
    yield Scenario(name="life/start", kind=Kind.LIFE, targets=every, group=Group.QUICK)
    yield Scenario(name="life/parked-receives", kind=Kind.LIFE, targets=(DRAGOMAN,), rounds_max=1)
    yield Scenario(name="life/bad-endpoints", kind=Kind.LIFE, targets=(DRAGOMAN,), rounds_max=1)
    for name in ("rebalance", "topics", "idle", "transactions", "compaction"):
        yield Scenario(
            name=f"life/kafka-{name}", kind=Kind.LIFE, targets=KAFKA_TARGETS, rounds_max=1
        )
    yield Scenario(name="life/scheduled-tasks", kind=Kind.LIFE, targets=(DRAGOMAN,), rounds_max=1)
    for name in ("amqp10-links", "azure-sessions", "azure-rules", "azure-correlation"):
        yield Scenario(name=f"life/{name}", kind=Kind.LIFE, targets=(DRAGOMAN,), rounds_max=1)
    for name in ("topic", "fanout", "queues", "connections", "calls", "dressed"):
        yield Scenario(
            name=f"life/rabbit-{name}", kind=Kind.LIFE, targets=AMQP_TARGETS, rounds_max=1
        )
    yield Scenario(name="life/rules", kind=Kind.LIFE, targets=(DRAGOMAN, *ENGINES), rounds_max=3)
    yield Scenario(name="life/rules-kafka", kind=Kind.LIFE, targets=(DRAGOMAN,), rounds_max=1)
    yield Scenario(name="life/idle-queues", kind=Kind.LIFE, targets=AMQP_TARGETS, rounds_max=1)
    yield Scenario(
        name="life/backlog-amqp",
        kind=Kind.LIFE,
        targets=AMQP_TARGETS,
        rounds_max=1,
        durability="synced before the confirm",
    )
    yield Scenario(name="life/backlog-kafka", kind=Kind.LIFE, targets=KAFKA_TARGETS, rounds_max=1)


SCENARIOS: tuple[Scenario, ...] = (
    *_amqp(),
    *_pika(),
    *_amqp_latency(),
    *_kafka(),
    *_cross(),
    *_sqs(),
    *_eventgrid(),
    *_pubsub(),
    *_servicebus(),
    *_eventhubs(),
    *_tasks(),
    *_grpc(),
    *_life(),
)


def choose(*, group: Group, only: list[str]) -> list[Scenario]:
    """The scenarios of a group; or, when patterns are given, all that match one of them."""
    if only:
        return [s for s in SCENARIOS if any(fnmatchcase(s.name, pattern) for pattern in only)]
    return [s for s in SCENARIOS if s.group.value <= group.value]
