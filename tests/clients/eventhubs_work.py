"""What the tests of Event Hubs' clients share: a broker, its connection string, and receivers that end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as ThreadEvent
from threading import Thread
from typing import Any

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import RunningBroker, broker

WAIT_S = 20
LOOK_S = 0.01
KEY = "SAS_KEY_VALUE"


@contextmanager
def serving(**more: Any) -> Iterator[RunningBroker]:
    """A broker in this process, in memory."""
    options = ServeOptions(memory=True, **more)
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running:
        yield running


def connection_string(port: int, hub: str = "", key: str = KEY) -> str:
    path = f"EntityPath={hub};" if hub else ""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        f"SharedAccessKey={key};UseDevelopmentEmulator=true;{path}"
    )


def kafka_options(port: int, string: str) -> dict[str, Any]:
    """What Event Hubs' documentation has Kafka's clients say."""
    return {
        "bootstrap.servers": f"127.0.0.1:{port}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "$ConnectionString",
        "sasl.password": string,
    }


class Hub:
    """One hub, and the clients of a test."""

    def __init__(self, running: RunningBroker, name: str) -> None:
        self.running = running
        self.name = name
        self.string = connection_string(running.amqp.port, name)
        self.producer = EventHubProducerClient.from_connection_string(self.string, retry_total=0)

    def send(self, *events: EventData, **where: Any) -> None:
        """One batch."""
        batch = self.producer.create_batch(**where)
        for event in events:
            batch.add(event)
        self.producer.send_batch(batch)

    def consumer(self, group: str = "$Default", **more: Any) -> EventHubConsumerClient:
        return EventHubConsumerClient.from_connection_string(
            self.string, group, retry_total=0, **more
        )

    def read(self, count: int, partition: str | None = None, **more: Any) -> list[EventData]:
        """So many events, of one partition or all, from the beginning unless it is said otherwise."""
        found: list[EventData] = []
        consumer = self.consumer()

        def on_event(context: Any, event: EventData) -> None:
            found.append(event)
            event.came_from = context.partition_id  # type: ignore[attr-defined]

        more.setdefault("starting_position", "-1")
        with receiving(consumer, on_event, partition_id=partition, **more):
            until(lambda: len(found) >= count)
        return found

    def close(self) -> None:
        self.producer.close()


@contextmanager
def receiving(
    consumer: EventHubConsumerClient, on_event: Callable[[Any, Any], None], **more: Any
) -> Iterator[None]:
    """Events come while the block runs."""
    thread = Thread(target=lambda: consumer.receive(on_event=on_event, **more), daemon=True)
    thread.start()
    try:
        yield
    finally:
        consumer.close()
        thread.join(WAIT_S)


def until(is_so: Callable[[], bool], within_s: float = WAIT_S) -> None:
    """Wait until something has come about on another thread."""
    moment = ThreadEvent()  # that never comes
    for _ in range(int(within_s / LOOK_S)):
        if is_so():
            return
        moment.wait(LOOK_S)
    raise AssertionError("it has not come about")
