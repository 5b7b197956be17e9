"""google-cloud-pubsub pointed at a broker: names, publishers and subscribers, and what they receive."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import PublisherOptions

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import RunningBroker, broker

PROJECT = "default"
DEADLINE_S = 20.0


def topic(name: str) -> str:
    return f"projects/{PROJECT}/topics/{name}"


def subscription(name: str) -> str:
    return f"projects/{PROJECT}/subscriptions/{name}"


def snapshot(name: str) -> str:
    return f"projects/{PROJECT}/snapshots/{name}"


class Google:
    """One client of each kind on one broker."""

    def __init__(self, running: RunningBroker) -> None:
        self.running = running
        self.address: str = running.pubsub.emulator_host
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBSUB_EMULATOR_HOST", self.address)
            self.publisher = PublisherClient(
                publisher_options=PublisherOptions(enable_message_ordering=True)
            )
            self.subscriber = SubscriberClient()

    def make(self, name: str, sub: str = "", **fields: Any) -> str:
        """A topic, and a subscription to it; the subscription's full name."""
        self.publisher.create_topic(name=topic(name))
        return self.subscribe(name, sub or f"{name}-sub", **fields)

    def subscribe(self, name: str, sub: str, **fields: Any) -> str:
        request = {"name": subscription(sub), "topic": topic(name), **fields}
        return str(self.subscriber.create_subscription(request=request).name)

    def publish(self, name: str, *data: bytes, key: str = "", **attributes: str) -> list[str]:
        futures = [
            self.publisher.publish(topic(name), one, ordering_key=key, **attributes) for one in data
        ]
        return [future.result(DEADLINE_S) for future in futures]

    def pull(self, sub: str, count: int = 1) -> list[Any]:
        """So many messages, acknowledged."""
        found: list[Any] = []
        while len(found) < count:
            answer = self.subscriber.pull(
                subscription=sub, max_messages=count - len(found), timeout=DEADLINE_S
            )
            assert answer.received_messages, f"{len(found)} of {count} came"
            ids = [one.ack_id for one in answer.received_messages]
            self.subscriber.acknowledge(subscription=sub, ack_ids=ids)
            found += answer.received_messages
        return found

    def close(self) -> None:
        self.publisher.transport.close()
        self.subscriber.close()


class Received:
    """What a streaming subscriber was called back with."""

    def __init__(self, count: int, on_message: Callable[[Message], None] | None = None) -> None:
        self.messages: list[Message] = []
        self._count = count
        self._on_message = on_message or Message.ack
        self._lock = threading.Lock()
        self._done = threading.Event()

    def __call__(self, message: Message) -> None:
        with self._lock:
            self.messages.append(message)
            is_done = len(self.messages) >= self._count
        self._on_message(message)
        if is_done:
            self._done.set()

    def wait(self) -> list[Message]:
        assert self._done.wait(DEADLINE_S), f"{len(self.messages)} of {self._count} came"
        return self.messages


@contextmanager
def streaming(google: Google, sub: str, received: Received, **options: Any) -> Iterator[None]:
    """Called back while the block runs."""
    future = google.subscriber.subscribe(sub, received, **options)
    yield
    future.cancel()
    future.result(DEADLINE_S)


@contextmanager
def serving(**options: Any) -> Iterator[Google]:
    settings = ServeOptions(memory=True, **options)
    settings.ports = dict.fromkeys(settings.ports, 0)
    with broker(settings) as running:
        google = Google(running)
        yield google
        google.close()
