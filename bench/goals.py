"""The goals, as a table over a results document: what is asked, what was found, by how much.

Every goal is one number against one limit. Its margin is how many times better than the limit it
is (below 1: missed); the aim is a margin of 2. A goal whose figures, or whose peer's, are missing
is 'not compared' and met by nobody; one with only some of its figures, or measured at a smaller
size than it asks for, is 'partial' and not met either.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bench import rabbitlife
from bench.lookup import Document, Found, Lookup
from bench.scenarios import (
    ELASTICMQ,
    ENGINES,
    EVENT_SCHEMAS,
    GOOGLE,
    GRPC_AIO,
    GRPC_RELAY,
    KAFKA,
    MOTO,
    RABBITMQ,
    SQS_CONNECTIONS,
    SQS_MODES,
)

AIM = 2.0
BACKLOG_MESSAGES = 10_000_000
IDLE_QUEUES = PARKED_RECEIVES = 10_000
SYNC_US_MAX = 300.0  # of the median fdatasync where the goal about synced sends holds
BAD_ENDPOINTS = 10_000
SCHEDULED_TASKS = 1_000_000


class Status(Enum):
    """How a goal stands."""

    MET = "met"
    MISSED = "missed"
    PARTIAL = "partial"  # some figures are missing, or the load was smaller than the goal's
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table."""

    name: str
    limit: float
    lower_is_better: bool
    find: Callable[["Lookup"], Found]
    unit: str = "x"


@dataclass(frozen=True, slots=True)
class Judged:
    """A goal with its outcome. `margin` >= 1 is met, >= 2 reaches the aim."""

    goal: Goal
    status: Status
    value: float | None
    margin: float | None
    lacking: str


def _collect(values: list[float | None], fold: Callable[[list[float]], float]) -> Found:
    present = [value for value in values if value is not None and value > 0]
    if not present:
        return Found(None, "no figures")
    lacking = "" if len(present) == len(values) else f"{len(present)} of {len(values)} measured"
    return Found(fold(present), lacking)


def _geometric_mean(values: list[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def mean_ratio(names: list[str], figure: str, peer: str) -> Callable[[Lookup], Found]:
    """The geometric mean of the ratios."""
    return lambda look: _collect([look.ratio(n, figure, peer) for n in names], _geometric_mean)


def worst_ratio(names: list[str], figure: str, peer: str) -> Callable[[Lookup], Found]:
    """The largest ratio (of figures of which less is better)."""
    return lambda look: _collect([look.ratio(name, figure, peer) for name in names], max)


def own_worst(
    names: list[str], figure: str, fold: Callable[[list[float]], float]
) -> Callable[[Lookup], Found]:
    """Dragoman's own figure, the worst of these scenarios."""
    return lambda look: _collect([look.own(name, figure) for name in names], fold)


def at_size(
    scenario: str, size: str, wanted: int, figures: list[str], fold: Callable[[list[float]], float]
) -> Callable[[Lookup], Found]:
    """As `own_worst` for one scenario, counted only when it was run at the size asked for."""

    def find(look: Lookup) -> Found:
        found = _collect([look.own(scenario, figure) for figure in figures], fold)
        ran = look.own(scenario, size)
        if found.value is not None and ran is not None and ran < wanted:
            return Found(found.value, f"measured at {ran:,.0f} of {wanted:,}")
        return found

    return find


def _worst_of(scenario: str, figures: tuple[str, ...]) -> Callable[[Lookup], Found]:
    """The largest of one scenario's own figures, whoever else was measured."""
    return lambda look: _collect([look.alone(scenario, figure) for figure in figures], max)


def _across(look: Lookup) -> Found:
    """p99 across protocols to the p99 of the slower protocol alone, the worse way."""
    alone = [look.own(f"cross/{c}-{c}", "p99_us") for c in ("pika", "confluent")]
    ways = [look.own(f"cross/{way}", "p99_us") for way in ("confluent-pika", "pika-confluent")]
    if None in alone or None in ways:
        return Found(None, "needs the four rows of cross/")
    return Found(max(v for v in ways if v) / max(v for v in alone if v))


def _amqp(modes: list[str], size: str, durability: str) -> list[str]:
    return [f"amqp/{mode}/{size}/{durability}/{n}c" for mode in modes for n in (1, 4)]


TRANSIENT_100B = _amqp(["publish", "ack300", "confirm"], "100B", "transient")
TRANSIENT_1KIB = _amqp(["publish", "ack300", "confirm"], "1KiB", "transient")
PERSISTENT = _amqp(["confirm", "confirm-ack300"], "100B", "persistent")
LATENCIES = [
    f"amqp-latency/{mode}/{durability}"
    for mode in ("confirm", "deliver")
    for durability in ("transient", "persistent")
]
PIKA = [f"pika/{mode}" for mode in ("publish", "consume", "confirm")]
CPU, CPU_MB = "cpu_us_per_message", "cpu_ms_per_mb"


def _amqp_goals() -> list[Goal]:
    rows = {
        "transient 100 B": (TRANSIENT_100B, 1 / 4),
        "transient 1 KiB": (TRANSIENT_1KIB, 1 / 3),
        "persistent 100 B, confirm after sync": (PERSISTENT, 1 / 8),
    }
    found = [
        Goal(f"AMQP CPU per message, {what}", limit, True, mean_ratio(names, CPU, RABBITMQ))
        for what, (names, limit) in rows.items()
    ]
    every = TRANSIENT_100B + TRANSIENT_1KIB + PERSISTENT
    found.append(
        Goal("AMQP CPU per message, worst mode", 1 / 2.5, True, worst_ratio(every, CPU, RABBITMQ))
    )
    found += [
        Goal(f"AMQP throughput, {what}", 2.0, False, mean_ratio(names, "rate", RABBITMQ))
        for what, (names, _limit) in rows.items()
    ]
    found += [
        Goal(
            f"AMQP latency {figure[:3]} at low load, worst of confirm and delivery",
            0.9,
            True,
            worst_ratio(LATENCIES, figure, RABBITMQ),
        )
        for figure in ("p50_us", "p99_us")
    ]
    found.append(Goal("pika: CPU per message", 1 / 2, True, mean_ratio(PIKA, CPU, RABBITMQ)))
    return found


def _kafka_goals() -> list[Goal]:
    singles = ["kafka/single/1c", "kafka/single/4c"]
    return [
        Goal(
            "Kafka CPU per MB produced, confluent-kafka, linger 5 ms",
            1.5,
            True,
            mean_ratio(["confluent/produce"], CPU_MB, KAFKA),
        ),
        Goal(
            "Kafka CPU per MB produced, raw 128 KiB batches",
            1.5,
            True,
            mean_ratio(["kafka/produce/128KiB/1c"], CPU_MB, KAFKA),
        ),
        Goal(
            "Kafka single-record requests, worse of 1 and 4 connections",
            15_000,
            False,
            own_worst(singles, "requests_per_s", min),
            "/s",
        ),
        Goal("Kafka fetch", 1000, False, own_worst(["kafka/fetch/1c"], "mb_per_s", min), "MB/s"),
        Goal(
            "Kafka produce to consume p99 at 1,000/s",
            2000,
            True,
            own_worst(["kafka-latency/paced"], "p99_us", max),
            "us",
        ),
        Goal("Kafka to AMQP and back: p99 to the slower alone", 1.5, True, _across),
        *_kafka_group_goals(),
    ]


def _kafka_group_goals() -> list[Goal]:
    many = ("many_classic_s", "many_consumer_s")
    rows: list[tuple[str, float, str, tuple[str, ...], str]] = [
        ("a second member has its part", 0.5, "rebalance", ("pair_s",), "s"),
        ("fifty members have theirs", 3.0, "rebalance", many, "s"),
        ("Metadata of 1,000 topics of 6 partitions", 5.0, "topics", ("metadata_ms",), "ms"),
        ("the same under access lists", 5.0, "topics", ("metadata_guarded_ms",), "ms"),
        ("memory with 1,000 topics of 6 partitions", 250, "topics", ("rss_mb",), "MB"),
        ("100 idle consumers, share of a core", 0.03, "idle", ("cpu_share",), ""),
        ("p99 of produce while compacting, to that before", 2.0, "compaction", ("p99_ratio",), "x"),
    ]
    found = [
        Goal(f"Kafka: {what}", limit, True, _worst_of(f"life/kafka-{row}", figures), unit)
        for what, limit, row, figures, unit in rows
    ]
    rate = _worst_of("life/kafka-transactions", ("transactions_per_s",))
    return [*found, Goal("Kafka: transactions", 1_000, False, rate, "/s")]


def _life_goals() -> list[Goal]:
    found = []
    for protocol in ("amqp", "kafka"):
        name = f"life/backlog-{protocol}"
        rows: list[tuple[str, float, bool, list[str], str]] = [
            ("peak memory", 300, True, ["rss_peak_mb"], "MB"),
            ("rates to an empty queue's", 0.8, False, ["send_share", "drain_share"], "x"),
            (
                "restart, the slower of stop and kill",
                10,
                True,
                ["restart_s", "restart_after_kill_s"],
                "s",
            ),
        ]
        for what, limit, lower, figures, unit in rows:
            find = at_size(name, "messages", BACKLOG_MESSAGES, figures, max if lower else min)
            found.append(Goal(f"backlog over {protocol}: {what}", limit, lower, find, unit))
    queues = at_size("life/idle-queues", "queues", IDLE_QUEUES, ["rss_idle_mb"], max)
    found.append(Goal("10,000 idle queues: memory", 100, True, queues, "MB"))
    start = ["life/start"]
    found.append(Goal("start to ready", 0.7, True, own_worst(start, "ready_s", max), "s"))
    found.append(Goal("memory idle", 80, True, own_worst(start, "rss_idle_mb", max), "MB"))
    return found


SQS = [f"sqs/{mode}/{count}c" for mode in SQS_MODES for count in SQS_CONNECTIONS]


def _sqs_goals() -> list[Goal]:
    parked = at_size("life/parked-receives", "parked", PARKED_RECEIVES, ["rss_peak_mb"], max)
    woken = at_size("life/parked-receives", "parked", PARKED_RECEIVES, ["p99_us"], max)
    return [
        Goal("SQS CPU per message to ElasticMQ's", 1 / 3, True, mean_ratio(SQS, CPU, ELASTICMQ)),
        Goal("SQS CPU per message to moto's", 1 / 15, True, mean_ratio(SQS, CPU, MOTO)),
        Goal("SQS SendMessage", 12_000, False, own_worst(["sqs/send/64c"], "rate", min), "/s"),
        Goal(
            "SQS SendMessageBatch, messages",
            60_000,
            False,
            own_worst(["sqs/send-batch/64c"], "rate", min),
            "/s",
        ),
        Goal("SQS SendMessage synced to written", 0.6, False, _synced("sqs/send/64c")),
        Goal(
            "SQS send to waiting receive p99",
            5_000,
            True,
            own_worst(["sqs-wake/8c"], "p99_us", max),
            "us",
        ),
        Goal("10,000 receives that wait: memory", 150, True, parked, "MB"),
        Goal("10,000 receives that wait: wake p99", 20_000, True, woken, "us"),
    ]


EVENTS_PUBLISHED = [f"eventgrid/publish/{schema}/{n}c" for schema in EVENT_SCHEMAS for n in (1, 4)]
STORM = ("life/bad-endpoints",)


def _eventgrid_goals() -> list[Goal]:
    storm = at_size(*STORM, "bad", BAD_ENDPOINTS, ["p99_ratio"], max)
    return [
        Goal(
            "Event Grid: events in batches of 100, worst of schemas and connections",
            20_000,
            False,
            own_worst(EVENTS_PUBLISHED, "rate", min),
            "/s",
        ),
        Goal("Event Grid: webhook deliveries per core", 3_000, False, _delivered, "/s"),
        Goal("Event Grid: p99 beside 10,000 bad endpoints to calm", 1.2, True, storm),
    ]


PUBSUB = {name: f"pubsub/{name}/1KiB/1c" for name in ("publish-100", "publish-1", "pull")}


def _pubsub_goals() -> list[Goal]:
    rates = {name: own_worst([scenario], "rate", min) for name, scenario in PUBSUB.items()}
    return [
        Goal("Pub/Sub: published in batches of 100", 60_000, False, rates["publish-100"], "/s"),
        Goal("Pub/Sub: published one by one", 8_000, False, rates["publish-1"], "/s"),
        Goal("Pub/Sub: streamed and acknowledged", 60_000, False, rates["pull"], "/s"),
        *(
            Goal(f"Pub/Sub: p99 at 1,000/s, {who}", bound_us, True, _p99(client), "us")
            for who, client, bound_us in (
                ("publish to callback", "client", 10_000),
                ("last byte in to first byte out", "raw", 3_000),
            )
        ),
        Goal(
            "Pub/Sub: p99 publish to callback to grpc.aio's that only relays",
            1.0,
            True,
            mean_ratio(["pubsub-latency/client"], "p99_us", GRPC_RELAY),
        ),
        *(
            Goal(f"Pub/Sub: CPU of {name} to {whose}", 1.0, True, mean_ratio([scenario], CPU, peer))
            for whose, peer in (
                ("grpc.aio's that does nothing", GRPC_AIO),
                ("Google's emulator's", GOOGLE),
            )
            for name, scenario in PUBSUB.items()
        ),
    ]


def _tasks_goals() -> list[Goal]:
    name = "life/scheduled-tasks"
    memory = at_size(name, "scheduled", SCHEDULED_TASKS, ["rss_peak_mb", "rss_idle_mb"], max)
    restart = at_size(
        name, "scheduled", SCHEDULED_TASKS, ["restart_s", "restart_after_kill_s"], max
    )
    create = own_worst(["tasks/create/64"], "rate", min)
    dispatch = own_worst(["tasks/dispatch/8q"], "rate", min)
    pace = own_worst(["tasks/pace/500"], "off_share", max)
    due = own_worst(["tasks/due"], "p99_us", max)
    return [
        Goal("Cloud Tasks: created", 6_000, False, create, "/s"),
        Goal("Cloud Tasks: dispatched over 8 queues", 2_000, False, dispatch, "/s"),
        Goal("Cloud Tasks: off a rate of 500/s, over 30 s", 0.02, True, pace),
        Goal("Cloud Tasks: from its time to its arrival, p99", 50_000, True, due, "us"),
        Goal("1,000,000 scheduled tasks: memory", 200, True, memory, "MB"),
        Goal("1,000,000 scheduled tasks: restart", 10, True, restart, "s"),
    ]


def _servicebus_goals() -> list[Goal]:
    rows: list[tuple[str, float, str]] = [
        ("unsettled sends, written", 25_000, "send"),
        ("locked and completed", 20_000, "receive"),
        ("locked and completed, told again", 20_000, "receive-echoed"),
    ]
    shares = own_worst(SERVICEBUS_CLIENTS, "broker_share", max)
    links = own_worst(["life/amqp10-links"], "rss_idle_mb", max)
    turns = own_worst(["life/azure-sessions"], "last_to_first", max)
    correlation = own_worst(["life/azure-correlation"], "many_to_few", max)
    return [
        *(
            Goal(f"Service Bus: {what}", limit, False, own_worst([_sb(name)], "rate", min), "/s")
            for what, limit, name in rows
        ),
        *(
            Goal(f"Service Bus: {name} synced to written", 0.7, False, _synced(_sb(name)))
            for name in ("send", "receive")
        ),
        Goal("Service Bus by Python's client: broker's share of a core", 0.7, True, shares),
        Goal("10,000 idle links of AMQP 1.0: memory", 100, True, links, "MB"),
        Goal("100,000 correlation filters to 1,000: CPU of a message", 1.5, True, correlation),
        Goal("Service Bus: the last of 1,000 sessions opened to the first", 2.0, True, turns),
    ]


def _sb(name: str) -> str:
    return f"servicebus/{name}/1c"


SERVICEBUS_CLIENTS = [f"servicebus-client/{mode}" for mode in ("send", "batch", "receive")]


def _rabbit_goal(what: str, limit: float, less: bool, row: str, figure: str, unit: str) -> Goal:
    row = f"life/rabbit-{row}"
    to_peer = mean_ratio([row], figure, RABBITMQ)
    find = to_peer if unit == "x" else _worst_of(row, (figure,))
    return Goal(f"RabbitMQ: {what}", limit, less, find, unit)


def _p99(client: str) -> Callable[[Lookup], Found]:
    return own_worst([f"pubsub-latency/{client}"], "p99_us", max)


def _delivered(look: Lookup) -> Found:
    """Deliveries in a second of the broker's CPU, publishing them included."""
    cost_us = look.own("eventgrid/deliver/cloudevents/1c", CPU)
    return Found(None, "no figures") if not cost_us else Found(1e6 / cost_us)


def _synced(written: str) -> Callable[[Lookup], Found]:
    """The rate with a sync before each answer to that without, on a disk that syncs fast enough."""
    protocol, mode, connections = written.split("/")
    synced = f"{protocol}/{mode}-synced/{connections}"

    def find(look: Lookup) -> Found:
        rates = look.own(synced, "rate"), look.own(written, "rate")
        if rates[0] is None or rates[1] is None:
            return Found(None, f"needs {synced} and {written}")
        slow = f"a sync takes {look.sync_us:,.0f} us here, {SYNC_US_MAX:,.0f} at most are meant"
        return Found(rates[0] / rates[1], slow if look.sync_us > SYNC_US_MAX else "")

    return find


GRPC = ["grpc/unary/1", "grpc/unary/32"]


def _grpc_goals() -> list[Goal]:
    name = "gRPC: CPU per call that does nothing to grpc.aio's"
    return [Goal(name, 1 / 4, True, mean_ratio(GRPC, CPU, GRPC_AIO))]


def _rules_goals() -> list[Goal]:
    rows = [
        ("a filter of headers", 0.5, "headers_us", "us"),
        ("a filter of a JSON body of 1 KB, past the parse", 1.0, "body_us", "us"),
        ("a JSON-to-JSON transform, bytes to bytes", 10.0, "transform_us", "us"),
        ("the same within a publish", 10.0, "publish_transform_us", "us"),
        ("JSON Schema of 1 KB", 5.0, "schema_us", "us"),
        ("1,000 bindings with an equality to 10", 2.0, "bindings_ratio", "x"),
        ("a Kafka batch beside rules to one without, in process", 1.05, "batch_ratio", "x"),
    ]
    found = [
        Goal(f"Rules: {what}", limit, True, _worst_of("life/rules", (figure,)), unit)
        for what, limit, figure, unit in rows
    ]
    beside = _worst_of("life/rules-kafka", ("cost_ratio",))
    found.append(Goal("Rules: CPU per MB of a Kafka topic without to none", 1.05, True, beside))
    return found + [
        Goal(f"Rules: {what} to {peer}'s", 1.0, True, mean_ratio(["life/rules"], figure, peer))
        for peer in ENGINES
        for what, figure in (("filter of headers", "headers_us"), ("transform", "transform_us"))
    ]


GOALS: tuple[Goal, ...] = (
    *_amqp_goals(),
    *_kafka_goals(),
    *_sqs_goals(),
    *_eventgrid_goals(),
    *_pubsub_goals(),
    *_tasks_goals(),
    *_grpc_goals(),
    *_servicebus_goals(),
    *(_rabbit_goal(*row) for row in rabbitlife.GOALS),
    *_rules_goals(),
    *_life_goals(),
)


def judge(goal: Goal, look: Lookup) -> Judged:
    """One goal against a document."""
    found = goal.find(look)
    if found.value is None:
        return Judged(goal, Status.NOT_COMPARED, None, None, found.lacking)
    margin = goal.limit / found.value if goal.lower_is_better else found.value / goal.limit
    status = Status.MET if margin >= 1.0 else Status.MISSED
    if found.lacking:
        status = Status.PARTIAL
    return Judged(goal, status, found.value, margin, found.lacking)


def judge_all(doc: Document) -> list[Judged]:
    """Every goal against a document."""
    look = Lookup(doc)
    return [judge(goal, look) for goal in GOALS]


def as_json(judged: list[Judged]) -> list[dict[str, Any]]:
    """For the results file."""
    return [
        {
            "goal": j.goal.name,
            "limit": j.goal.limit,
            "lower_is_better": j.goal.lower_is_better,
            "unit": j.goal.unit,
            "status": j.status.value,
            "value": j.value,
            "margin": j.margin,
            "lacking": j.lacking,
        }
        for j in judged
    ]
