# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined"
"""kombu over py-amqp, unmodified, over TCP."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.pools import connections
from tests.clients.amqp_work import DEADLINE_S, ENGINES, serving

pytestmark = pytest.mark.clients


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def test_a_producer_with_confirms_and_a_consumer(url: str) -> None:
    events = Exchange("events", "topic", durable=True)
    queue = Queue("orders", events, routing_key="order.#", max_length=1000)
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        producer = Producer(connection)
        for number in range(50):
            body = {"number": number, "text": "ü"}
            producer.publish(
                body, exchange=events, routing_key="order.made", declare=[queue], retry=True
            )
        found: list[Any] = []

        def seen(body: Any, message: Any) -> None:
            found.append(body["number"])
            message.ack()

        with Consumer(connection, queue, callbacks=[seen], prefetch_count=10):
            while len(found) < 50:
                connection.drain_events(timeout=DEADLINE_S)
    assert found == list(range(50))


def test_a_simple_queue_is_emptied(url: str) -> None:
    with Connection(url) as connection:
        queue = connection.SimpleQueue("simple")
        for number in range(5):
            queue.put({"n": number})
        assert queue.qsize() == 5
        messages = [queue.get(timeout=DEADLINE_S) for _ in range(5)]
        assert [message.payload["n"] for message in messages] == list(range(5))
        for message in messages:
            message.ack()
        with pytest.raises(queue.Empty):
            queue.get(block=False)
        queue.close()


def test_a_requeued_message_comes_again_and_a_priority_queue_keeps_its_order(url: str) -> None:
    with Connection(url) as connection:
        queue = Queue("urgent", max_priority=10)
        producer = Producer(connection)
        for priority in (1, 9, 5):
            producer.publish(priority, routing_key="urgent", priority=priority, declare=[queue])
        bound = queue(connection.channel())
        first = bound.get()
        assert first.payload == 9
        first.requeue()
        again = bound.get()
        assert (again.payload, again.delivery_info["redelivered"]) == (9, True)
        again.ack()
        assert [bound.get(no_ack=True).payload for _ in range(2)] == [5, 1]


def test_heartbeats_keep_a_connection(url: str) -> None:
    with Connection(url, heartbeat=4) as connection:
        connection.ensure_connection(max_retries=1)
        assert connection.supports_heartbeats
        connection.heartbeat_check()
        with pytest.raises(socket.timeout):
            connection.drain_events(timeout=0.05)
        connection.heartbeat_check()


def test_pooled_connections_are_used_again(url: str) -> None:
    pool = connections[Connection(url)]
    for _ in range(3):
        with pool.acquire(block=True) as connection:
            connection.default_channel.queue_declare("pooled")
    pool.force_close_all()
