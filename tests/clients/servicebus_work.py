"""What the tests of Service Bus's client share: a broker with entities, and its connection string."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dragoman.app.config import ServeOptions
from dragoman.kernel.api import (
    Address,
    CreateStream,
    CreateSubscription,
    DeclareQueue,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.testing.broker import RunningBroker, broker

WAIT_S = 5
LOCK_MS = 60_000


def entity(name: str, stream: StreamSettings | None = None, **settings: Any) -> list[Any]:
    """A queue with its dead letters."""
    settings = {"lease_duration_ms": LOCK_MS, "attempts_max": 10, **settings}
    made = SubscriptionSettings(dead_letter=Address(f"{name}/dead"), **settings)
    return [
        DeclareQueue(name=f"{name}/dead"),
        DeclareQueue(name=name, settings=made, stream=stream or StreamSettings()),
    ]


def subscription(name: str) -> CreateSubscription:
    settings = SubscriptionSettings(lease_duration_ms=LOCK_MS)
    return CreateSubscription(name="topic", subscription=name, settings=settings)


ENTITIES = (
    *entity("orders"),
    *entity("short", lease_duration_ms=2_000),
    *entity("sessions", order="session"),
    *entity("dedup", StreamSettings(dedup_window_ms=60_000)),
    CreateStream(name="topic", attach=True),
    subscription("a"),
    subscription("b"),
)


@contextmanager
def serving(**more: Any) -> Iterator[tuple[RunningBroker, str]]:
    """A broker, and the string by which its clients connect."""
    options = ServeOptions(memory="data" not in more, **{"topology": ENTITIES, **more})
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running:
        yield running, connection_string(running)


def connection_string(running: RunningBroker, key: str = "SAS_KEY_VALUE") -> str:
    return (
        f"Endpoint=sb://127.0.0.1:{running.amqp.port};SharedAccessKeyName=RootManageSharedAccessKey;"
        f"SharedAccessKey={key};UseDevelopmentEmulator=true;"
    )


def written(folder: Path) -> str:
    """A file of the emulator's with rules, forwarding and dead letters."""

    def rule(name: str, **properties: Any) -> dict[str, Any]:
        return {"Name": name, "Properties": properties}

    sql = {"SqlExpression": "region LIKE 'eu%' AND amount >= 10 AND sys.Label = 'order'"}
    rules = [
        rule("sql", FilterType="Sql", SqlFilter=sql),
        rule("big", FilterType="Sql", SqlFilter={"SqlExpression": "amount > 99"}),
    ]
    correlation = {"Label": "order", "Properties": {"region": "us"}}
    us = rule("c", FilterType="Correlation", CorrelationFilter=correlation)
    subscriptions = [
        {"Name": "all"},
        {"Name": "managed", "Rules": [rule("none", FilterType="False")]},
        {"Name": "sql", "Rules": rules},
        {"Name": "correlation", "Rules": [us]},
        {"Name": "carried", "Rules": [us], "Properties": {"ForwardTo": "first"}},
    ]
    queues = [
        {"Name": "first", "Properties": {"ForwardTo": "second"}},
        {"Name": "second", "Properties": {"ForwardDeadLetteredMessagesTo": "dead"}},
        {"Name": "dead"},
    ]
    topics = [{"Name": "sales", "Subscriptions": subscriptions}]
    namespace = {"Name": "sbemulatorns", "Queues": queues, "Topics": topics}
    file = folder / "Config.json"
    file.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))
    return str(file)
