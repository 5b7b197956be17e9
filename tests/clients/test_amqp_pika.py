"""pika, unmodified, over TCP: blocking, and asynchronous on its own loop."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.select_connection import SelectConnection
from pika.exceptions import (
    ChannelClosedByBroker,
    NackError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    UnroutableError,
)
from tests.clients.amqp_work import DEADLINE_S, ENGINES, serving

pytestmark = pytest.mark.clients
PERSISTENT = pika.BasicProperties(delivery_mode=2)


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def connect(url: str) -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(url))


def take(channel: BlockingChannel, queue: str, count: int, **options: Any) -> list[Any]:
    """(method, properties, body) of `count` messages, acknowledged one by one."""
    found: list[Any] = []
    for method, properties, body in channel.consume(
        queue, inactivity_timeout=DEADLINE_S, **options
    ):
        assert method is not None, f"only {len(found)} of {count} came"
        if not options.get("auto_ack"):
            channel.basic_ack(method.delivery_tag)
        found.append((method, properties, body))
        if len(found) == count:
            channel.cancel()
            return found
    raise AssertionError(found)


def test_confirmed_messages_are_consumed_in_order_and_acknowledged(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("orders", durable=True)
        for number in range(50):
            properties = pika.BasicProperties(
                delivery_mode=2, headers={"n": number}, message_id=f"{number}", content_type="a/b"
            )
            channel.basic_publish("", "orders", b"%d" % number, properties, mandatory=True)
        found = take(channel, "orders", 50)
        assert [body for _, _, body in found] == [b"%d" % number for number in range(50)]
        assert [properties.headers["n"] for _, properties, _ in found] == list(range(50))
        assert found[7][1].message_id == "7"
        assert channel.queue_declare("orders", passive=True).method.message_count == 0


def test_what_is_confirmed_survives_a_restart(tmp_path: Path) -> None:
    with serving("files", tmp_path) as url, connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.exchange_declare("events", "topic", durable=True)
        channel.queue_declare("kept", durable=True, arguments={"x-max-length": 1000})
        channel.queue_bind("kept", "events", "a.#")
        channel.queue_declare("lost")
        for number in range(20):
            channel.basic_publish("events", "a.b", b"%d" % number, PERSISTENT, mandatory=True)
        take(channel, "kept", 5)
    with serving("files", tmp_path) as url, connect(url) as connection:
        channel = connection.channel()
        again = channel.queue_declare("kept", durable=True, arguments={"x-max-length": 1000})
        assert again.method.message_count == 15
        channel.confirm_delivery()
        channel.basic_publish("events", "a.c", b"20", PERSISTENT, mandatory=True)
        found = take(channel, "kept", 16)
        assert [body for _, _, body in found] == [b"%d" % number for number in range(5, 21)]
        with pytest.raises(ChannelClosedByBroker, match="no queue 'lost'"):
            channel.queue_declare("lost", passive=True)


def test_large_bodies_pass_whole(url: str) -> None:
    body = bytes(range(256)) * 8192  # 2 MiB
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("q")
        channel.basic_publish("", "q", body)
        channel.basic_publish("", "q", b"")
        assert [found for _, _, found in take(channel, "q", 2)] == [body, b""]


def test_unroutable_and_refused_messages_raise(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(UnroutableError):
            channel.basic_publish("", "nowhere", b"1", mandatory=True)
        channel.queue_declare("full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        channel.basic_publish("", "full", b"1")
        with pytest.raises(NackError):
            channel.basic_publish("", "full", b"2")
        channel.queue_declare("q")
        channel.basic_publish("", "q", b"goes on", mandatory=True)


def test_a_channel_error_leaves_the_connection_alone(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        with pytest.raises(ChannelClosedByBroker) as caught:
            channel.queue_declare("missing", passive=True)
        assert (caught.value.reply_code, caught.value.reply_text) == (
            404,
            "NOT_FOUND - no queue 'missing' in vhost '/'",
        )
        connection.channel().queue_declare("there")


def test_prefetch_requeue_and_dead_letters(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        channel.exchange_declare("dlx", "fanout")
        channel.queue_declare("dead")
        channel.queue_bind("dead", "dlx")
        channel.queue_declare("work", arguments={"x-dead-letter-exchange": "dlx"})
        channel.basic_qos(prefetch_count=2)
        for number in range(3):
            channel.basic_publish("", "work", b"%d" % number)
        messages = channel.consume("work", inactivity_timeout=DEADLINE_S)
        first, _, _ = next(messages)
        second, _, _ = next(messages)
        channel.basic_nack(first.delivery_tag, requeue=True)
        channel.basic_reject(second.delivery_tag, requeue=False)
        again, _, body = next(messages)
        assert (again.redelivered, body) == (True, b"0")
        ((_, properties, body),) = take(connection.channel(), "dead", 1)
        assert body == b"1"
        assert properties.headers["x-death"][0]["reason"] == "rejected"


def test_exclusive_queues_go_with_their_connection(url: str) -> None:
    with connect(url) as other:
        with connect(url) as connection:
            name = connection.channel().queue_declare("", exclusive=True).method.queue
            with pytest.raises(ChannelClosedByBroker, match="cannot obtain exclusive access"):
                other.channel().queue_declare(name, passive=True)
        with pytest.raises(ChannelClosedByBroker, match="no queue"):
            other.channel().queue_declare(name, passive=True)


def test_a_question_is_answered_by_direct_reply_to(url: str) -> None:
    with connect(url) as connection:
        channel, server = connection.channel(), connection.channel()
        server.queue_declare("rpc")

        def answer(ch: Any, method: Any, properties: Any, body: bytes) -> None:
            ch.basic_publish("", properties.reply_to, body + b"!")
            ch.basic_ack(method.delivery_tag)

        server.basic_consume("rpc", answer)
        answers: list[bytes] = []
        channel.basic_consume(
            "amq.rabbitmq.reply-to", lambda *found: answers.append(found[3]), auto_ack=True
        )
        properties = pika.BasicProperties(reply_to="amq.rabbitmq.reply-to")
        channel.basic_publish("", "rpc", b"hello", properties)
        while not answers:
            connection.process_data_events(DEADLINE_S)
        assert answers == [b"hello!"]


def test_a_transaction_is_committed_or_rolled_back(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        channel.queue_declare("q", durable=True)
        channel.tx_select()
        channel.basic_publish("", "q", b"no", PERSISTENT)
        channel.tx_rollback()
        channel.basic_publish("", "q", b"yes", PERSISTENT)
        channel.tx_commit()
        method, _, body = channel.basic_get("q", auto_ack=True)
        assert body == b"yes"
        assert method is not None
        assert method.message_count == 0


def test_the_wrong_password_and_the_wrong_virtual_host_are_told(tmp_path: Path) -> None:
    with serving("memory", tmp_path, users={"guest": "guest"}) as url:
        connect(url).close()
        with pytest.raises(ProbableAuthenticationError, match="403"):
            connect(url.replace("guest:guest", "guest:wrong"))
        with pytest.raises(ProbableAccessDeniedError, match="vhost other not found"):
            connect(url + "other")


def test_a_consumer_is_told_when_its_queue_goes(url: str) -> None:
    with connect(url) as connection, connect(url) as other:
        channel = connection.channel()
        channel.queue_declare("q")
        gone: list[Any] = []
        channel.add_on_cancel_callback(gone.append)
        channel.basic_consume("q", lambda *_: None)
        other.channel().queue_delete("q")
        while not gone:
            connection.process_data_events(DEADLINE_S)
        assert channel.consumer_tags == []


def test_acks_of_many_at_once_and_a_thousand_messages_a_second_connection_shares(url: str) -> None:
    with connect(url) as connection, connect(url) as other:
        channel = connection.channel()
        channel.queue_declare("q")
        for number in range(1000):
            channel.basic_publish("", "q", b"%d" % number)
        got: list[bytes] = []
        for each in (connection, other):
            consumer = each.channel()
            consumer.basic_qos(prefetch_count=100)

            def seen(ch: Any, method: Any, properties: Any, body: bytes) -> None:
                got.append(body)
                if method.delivery_tag % 50 == 0:
                    ch.basic_ack(method.delivery_tag, multiple=True)

            consumer.basic_consume("q", seen)
        while len(got) < 1000:
            connection.process_data_events(0.01)
            other.process_data_events(0.01)
        assert sorted(map(int, got)) == list(range(1000))


class Asynchronous:
    """A SelectConnection on its own thread: publishes with confirms, consumes, stops when all is seen."""

    def __init__(self, url: str, count: int) -> None:
        self.count = count
        self.confirmed = 0
        self.seen: list[bytes] = []
        self.failure: BaseException | None = None
        self.connection = SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(
                on_open_callback=self.on_channel
            ),
            on_open_error_callback=self.on_failure,
            on_close_callback=lambda connection, reason: connection.ioloop.stop(),
        )

    def on_failure(self, connection: Any, error: BaseException) -> None:
        self.failure = error
        self.connection.ioloop.stop()

    def on_channel(self, channel: Any) -> None:
        self.channel = channel
        channel.confirm_delivery(self.on_confirm)
        channel.queue_declare("async", callback=self.on_declared)

    def on_declared(self, frame: Any) -> None:
        for number in range(self.count):
            self.channel.basic_publish("", "async", b"%d" % number)
        self.channel.basic_consume("async", self.on_message, auto_ack=True)

    def on_confirm(self, frame: Any) -> None:
        assert isinstance(frame.method, pika.spec.Basic.Ack)
        self.confirmed = frame.method.delivery_tag
        self.look()

    def on_message(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self.seen.append(body)
        self.look()

    def look(self) -> None:
        if self.confirmed == self.count == len(self.seen):
            self.connection.close()


def test_the_asynchronous_client_pipelines(url: str) -> None:
    client = Asynchronous(url, 500)
    thread = threading.Thread(target=client.connection.ioloop.start, daemon=True)
    thread.start()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    client.connection.ioloop.close()
    assert client.failure is None
    assert client.seen == [b"%d" % number for number in range(500)]


def test_a_stream_is_read_by_offset_as_often_as_anybody_likes(url: str) -> None:
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        arguments: dict[str, Any] = {"x-queue-type": "stream", "x-max-age": "7D"}
        channel.queue_declare("log", durable=True, arguments=arguments)
        for number in range(30):
            properties = pika.BasicProperties(
                delivery_mode=2, headers={"x-stream-filter-value": "eu" if number % 3 else "us"}
            )
            channel.basic_publish("", "log", b"%d" % number, properties)
        channel.basic_qos(prefetch_count=10)
        for place, wanted in (
            ({"x-stream-offset": "first"}, list(range(30))),
            ({"x-stream-offset": 25}, list(range(25, 30))),
            ({"x-stream-offset": "1h", "x-stream-filter": "us"}, list(range(0, 30, 3))),
        ):
            found = take(channel, "log", len(wanted), arguments=place)
            assert [int(body) for _, _, body in found] == wanted
            offsets = [properties.headers["x-stream-offset"] for _, properties, _ in found]
            assert offsets == wanted
        with pytest.raises(pika.exceptions.ConnectionClosed, match=r"basic\.get not supported"):
            channel.basic_get("log")
