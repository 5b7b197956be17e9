"""The metrics by name: what each tells, its labels and its kind. `docs/metrics.md` is made from this table.

python -m dragoman.console.meters > docs/metrics.md
"""

import sys
from typing import Final, Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """One family."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


QUEUE: Final = ("namespace", "stream", "subscription")
STATES: Final = ("ready", "leased", "waiting", "deferred", "dead", "delayed")

METRICS: Final = (
    Metric("dragoman_build", "gauge", ("version", "build"), "Always 1; which build runs"),
    Metric("dragoman_ready", "gauge", (), "1 when the broker is ready, as /health/ready says"),
    Metric("dragoman_messages_published", "counter", ("protocol",), "Messages taken from clients"),
    Metric(
        "dragoman_published_bytes",
        "counter",
        ("protocol",),
        "Bytes of their bodies as stored, each once",
    ),
    Metric(
        "dragoman_messages_delivered",
        "counter",
        ("protocol",),
        "Messages handed to clients; one that is delivered again counts again",
    ),
    Metric("dragoman_delivered_bytes", "counter", ("protocol",), "Bytes of their bodies as stored"),
    Metric(
        "dragoman_messages_settled",
        "counter",
        ("protocol", "outcome"),
        "Deliveries settled by clients: ack, release, reject, defer",
    ),
    Metric(
        "dragoman_commands_refused",
        "counter",
        ("protocol", "code"),
        "Commands that the broker refused, by the code of the error",
    ),
    Metric(
        "dragoman_messages_given_up",
        "counter",
        ("reason",),
        "Messages that a subscription gave up: expired, over its limit, rejected, tried too often",
    ),
    Metric(
        "dragoman_messages_dead_lettered",
        "counter",
        ("reason",),
        "Those of them that went to a dead-letter address",
    ),
    Metric("dragoman_connections", "gauge", ("protocol",), "Connections open now"),
    Metric("dragoman_connections_opened", "counter", ("protocol",), "Connections opened so far"),
    Metric("dragoman_streams", "gauge", (), "Streams there are"),
    Metric("dragoman_subscriptions", "gauge", (), "Leased subscriptions, queues among them"),
    Metric("dragoman_routes", "gauge", (), "Routes, which clients of RabbitMQ know as exchanges"),
    Metric("dragoman_pumps", "gauge", (), "Pumps"),
    Metric("dragoman_consumers", "gauge", (), "Consumers that are handed messages as they come"),
    Metric(
        "dragoman_messages",
        "gauge",
        ("state",),
        f"Messages of all leased subscriptions by state: {', '.join(STATES)}",
    ),
    Metric("dragoman_stored_bytes", "gauge", (), "Bytes of the bodies of all entries kept"),
    Metric(
        "dragoman_resident_bytes",
        "gauge",
        (),
        "Bytes of memory, about, of entries that no checkpoint has written yet",
    ),
    Metric(
        "dragoman_queue_messages",
        "gauge",
        (*QUEUE, "state"),
        "Messages of the deepest leased subscriptions by state",
    ),
    Metric(
        "dragoman_queue_oldest_seconds",
        "gauge",
        QUEUE,
        "Age, about, of the oldest message that is not done, of the deepest ones",
    ),
    Metric("dragoman_queue_consumers", "gauge", QUEUE, "Consumers of the deepest ones"),
    Metric(
        "dragoman_journal_sync_seconds",
        "histogram",
        (),
        "How long the disk took to make a frame of the journal durable",
    ),
    Metric(
        "dragoman_checkpoint_seconds",
        "histogram",
        (),
        "How long checkpoints took, from their begin",
    ),
    Metric(
        "dragoman_loop_lag_seconds",
        "histogram",
        (),
        "How late a timer of the broker's one thread rang: what every client waits at most",
    ),
    Metric("dragoman_push_requests", "counter", (), "Requests sent to URLs"),
    Metric(
        "dragoman_push_answers",
        "counter",
        ("status",),
        "Answers to them by class of status: 2xx, 4xx, 5xx ...",
    ),
    Metric(
        "dragoman_push_failures",
        "counter",
        ("kind",),
        "Requests without an answer: blocked, refused, unresolved, tls, timeout, broken, busy",
    ),
    Metric("dragoman_push_under_way", "gauge", (), "Requests sent and not answered yet"),
    Metric("dragoman_push_waiting", "gauge", (), "Requests that wait for their target's turn"),
    Metric("dragoman_push_seconds", "histogram", (), "How long answers took"),
    Metric("dragoman_turns", "counter", (), "Turns of the broker: rounds with something to do"),
    Metric("dragoman_faults", "counter", (), "Faults of the broker's own while it served a client"),
)

BEFORE: Final = """\
# Metrics

`GET /metrics`, on any port: Prometheus' text format, or OpenMetrics for who asks for it. Where users or keys are
configured it wants one, by `Authorization: Basic` or `Bearer`. Counters begin at 0 with the process; in the text their
names end in `_total`. Beside these there are Prometheus' usual `process_*`.

Series per queue are those of the 100 with the most messages; `/metrics?queues=N` takes N (0 to 10,000) instead.
`protocol` is the service that the client spoke: `kafka`, `amqp`, `sqs`, `eventgrid`, `admin` ...; connections over HTTP
are counted as `http`.

This page is generated from the code.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def page() -> str:
    """docs/metrics.md."""
    return BEFORE + "".join(
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)}"
        f" | {metric.help} |\n"
        for metric in METRICS
    )


if __name__ == "__main__":
    sys.stdout.write(page())
