"""azure-servicebus, unmodified, blocking and not, by an emulator's connection string."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pika
import pytest
from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusReceiveMode,
    ServiceBusReceiver,
    ServiceBusSubQueue,
)
from azure.servicebus.aio import ServiceBusClient as AsyncClient
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessagingEntityNotFoundError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusError,
    SessionCannotBeLockedError,
)
from tests.clients.servicebus_work import LOCK_MS, WAIT_S, connection_string, serving, written

from dragoman.app.servicebus import load
from dragoman.testing.broker import RunningBroker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[RunningBroker, str]]:
    with serving() as found:
        yield found


@pytest.fixture
def broker(running: tuple[RunningBroker, str]) -> RunningBroker:
    return running[0]


@pytest.fixture
def client(running: tuple[RunningBroker, str]) -> Iterator[ServiceBusClient]:
    with ServiceBusClient.from_connection_string(running[1], retry_total=0) as found:
        yield found


def send(client: ServiceBusClient, queue: str, *bodies: str, **options: object) -> None:
    with client.get_queue_sender(queue) as sender:
        sender.send_messages([ServiceBusMessage(body, **options) for body in bodies])  # type: ignore[arg-type]


def take(receiver: ServiceBusReceiver, count: int) -> list[ServiceBusReceivedMessage]:
    found: list[ServiceBusReceivedMessage] = []
    while len(found) < count:
        some = receiver.receive_messages(count - len(found), max_wait_time=WAIT_S)
        assert some, f"only {len(found)} of {count} came"
        found += some
    return found


def test_messages_lists_and_batches_are_received_in_order_and_completed(
    client: ServiceBusClient,
) -> None:
    with client.get_queue_sender("orders") as sender:
        message = ServiceBusMessage(
            "0",
            application_properties={"n": 1, "x": 1.5, "s": "text"},
            subject="label",
            correlation_id="c",
            content_type="text/plain",
            message_id="first",
        )
        sender.send_messages(message)
        sender.send_messages([ServiceBusMessage(str(number)) for number in (1, 2)])
        batch = sender.create_message_batch()
        for number in (3, 4):
            batch.add_message(ServiceBusMessage(str(number)))
        sender.send_messages(batch)
    with client.get_queue_receiver("orders") as receiver:
        found = take(receiver, 5)
        assert [str(message) for message in found] == ["0", "1", "2", "3", "4"]
        first = found[0]
        assert (first.message_id, first.subject, first.correlation_id) == ("first", "label", "c")
        assert first.application_properties == {b"n": 1, b"x": 1.5, b"s": b"text"}
        numbers = [message.sequence_number for message in found]
        assert numbers == sorted(set(numbers))  # type: ignore[type-var]
        assert all(message.delivery_count == 0 and message.message_id for message in found)
        for message in found:
            receiver.complete_message(message)
        assert receiver.receive_messages(1, max_wait_time=1) == []


def test_a_message_can_be_abandoned_deferred_and_dead_lettered(client: ServiceBusClient) -> None:
    send(client, "orders", "x")
    with client.get_queue_receiver("orders") as receiver:
        receiver.abandon_message(take(receiver, 1)[0])
        (again,) = take(receiver, 1)
        assert again.delivery_count == 1
        number = again.sequence_number
        assert number is not None
        receiver.defer_message(again)
        assert receiver.receive_messages(1, max_wait_time=1) == []
        (peeked,) = receiver.peek_messages(5, sequence_number=number)
        assert str(peeked) == "x"
        (deferred,) = receiver.receive_deferred_messages(number)
        receiver.abandon_message(deferred)
        assert receiver.receive_messages(1, max_wait_time=1) == []
        (deferred,) = receiver.receive_deferred_messages(number)
        assert deferred.delivery_count == 2
        receiver.dead_letter_message(deferred, reason="why", error_description="because")
    with client.get_queue_receiver("orders", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (dead,) = take(receiver, 1)
        assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("why", "because")
        assert dead.dead_letter_source == "orders"
        receiver.complete_message(dead)


def test_a_message_is_dead_lettered_by_its_link(client: ServiceBusClient) -> None:
    send(client, "orders", "x")
    with client.get_queue_receiver("orders") as receiver:
        receiver.dead_letter_message(take(receiver, 1)[0], reason="r", error_description="d")
    with client.get_queue_receiver("orders", sub_queue="deadletter") as receiver:
        (dead,) = take(receiver, 1)
        assert dead.dead_letter_reason == "r"
        receiver.complete_message(dead)


def test_receive_and_delete_leaves_nothing(client: ServiceBusClient) -> None:
    send(client, "orders", "x")
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    with client.get_queue_receiver("orders", receive_mode=mode) as receiver:
        assert [str(message) for message in take(receiver, 1)] == ["x"]


def test_a_lock_is_renewed_and_lost(client: ServiceBusClient, broker: RunningBroker) -> None:
    send(client, "short", "x")
    with client.get_queue_receiver("short") as receiver:
        (message,) = take(receiver, 1)
        receiver.renew_message_lock(message)
        broker.clock.advance(3)
        with pytest.raises(MessageLockLostError):
            receiver.renew_message_lock(message)
        (again,) = take(receiver, 1)
        assert again.delivery_count == 1
        receiver.complete_message(again)


def test_scheduled_messages_come_at_their_time_unless_cancelled(
    client: ServiceBusClient, broker: RunningBroker
) -> None:
    with client.get_queue_sender("orders") as sender:
        now = datetime.fromtimestamp(broker.clock.wall_ms() / 1_000, UTC)
        both = [ServiceBusMessage("gone"), ServiceBusMessage("later")]
        numbers = sender.schedule_messages(both, now + timedelta(seconds=60))
        sender.cancel_scheduled_messages(numbers[0])
        with pytest.raises(MessageNotFoundError):
            sender.cancel_scheduled_messages(numbers[0])
    with client.get_queue_receiver("orders") as receiver:
        assert receiver.receive_messages(1, max_wait_time=1) == []
        broker.clock.advance(61)
        (message,) = take(receiver, 1)
        assert str(message) == "later"
        receiver.complete_message(message)


def test_a_large_message_goes_in_many_frames(client: ServiceBusClient) -> None:
    body = bytes(range(256)) * 3_600
    with client.get_queue_sender("orders") as sender:
        sender.send_messages(ServiceBusMessage(body))
    with client.get_queue_receiver("orders") as receiver:
        (message,) = take(receiver, 1)
        assert b"".join(message.body) == body
        receiver.complete_message(message)


def test_sessions_have_an_order_a_lock_and_a_state(client: ServiceBusClient) -> None:
    send(client, "sessions", "a0", "a1", session_id="a")
    send(client, "sessions", "b0", session_id="b")
    with pytest.raises(ServiceBusError):
        send(client, "sessions", "none")
    assert list(client.list_queue_sessions("sessions")) == ["a", "b"]
    with client.get_queue_receiver("sessions", session_id="a") as receiver:
        assert [str(message) for message in take(receiver, 2)] == ["a0", "a1"]
        session = receiver.session
        assert session.session_id == "a"
        locked = session.locked_until_utc
        assert locked is not None
        session.set_state(b"state")
        assert session.get_state() == b"state"
        assert session.renew_lock() >= locked
        with (
            pytest.raises(SessionCannotBeLockedError),
            client.get_queue_receiver("sessions", session_id="a"),
        ):
            pass
        with client.get_queue_receiver("sessions", session_id=NEXT_AVAILABLE_SESSION) as other:
            assert other.session.session_id == "b"
            other.complete_message(take(other, 1)[0])
    assert list(client.list_queue_sessions("sessions")) == ["a"]
    with client.get_queue_receiver("sessions", session_id="a") as receiver:
        for message in take(receiver, 2):
            receiver.complete_message(message)
    with (
        pytest.raises(OperationTimeoutError),
        client.get_queue_receiver("sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1),
    ):
        pass


def test_every_subscription_has_its_own_copy(client: ServiceBusClient) -> None:
    with client.get_topic_sender("topic") as sender:
        sender.send_messages(ServiceBusMessage("t"))
    for name in ("a", "b"):
        with client.get_subscription_receiver("topic", name) as receiver:
            (message,) = take(receiver, 1)
            assert str(message) == "t"
            receiver.complete_message(message)


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[tuple[RunningBroker, str]]:
    """One for each test: what one leaves in a subscription is not the other's."""
    with serving(topology=load(written(tmp_path))) as found:
        yield found


def sale(body: str, label: str = "order", **properties: Any) -> ServiceBusMessage:
    return ServiceBusMessage(body, subject=label, application_properties=dict(properties.items()))


def taken(receiver: ServiceBusReceiver, count: int) -> list[str]:
    found = take(receiver, count)
    for message in found:
        receiver.complete_message(message)
    return [str(message) for message in found]


def test_the_emulators_file_makes_subscriptions_with_rules_and_forwarding(
    configured: tuple[RunningBroker, str],
) -> None:
    with ServiceBusClient.from_connection_string(configured[1], retry_total=0) as client:
        with client.get_topic_sender("sales") as sender:
            sender.send_messages(
                [
                    sale("eu", region="eu-west", amount=10),
                    sale("eu small", region="eu-west", amount=9),
                    sale("eu big", region="eu-west", amount=100),
                    sale("us note", label="note", region="us"),
                    sale("last", region="us", amount=100),
                ]
            )
        wanted = {
            "all": ["eu", "eu small", "eu big", "us note", "last"],
            "sql": ["eu", "eu big", "last"],
            "correlation": ["last"],
        }
        for name, bodies in wanted.items():
            with client.get_subscription_receiver("sales", name) as receiver:
                assert taken(receiver, len(bodies)) == bodies
        with client.get_queue_receiver("second") as receiver:
            (message,) = take(receiver, 1)
            assert str(message) == "last"
            receiver.dead_letter_message(message, reason="why")
        with client.get_queue_receiver("dead") as receiver:
            (message,) = take(receiver, 1)
            assert (str(message), message.dead_letter_reason) == ("last", "why")
            receiver.complete_message(message)


def test_rules_are_managed_by_requests(configured: tuple[RunningBroker, str]) -> None:
    """This client has rules in its administration only: its own requests are made to ask what other clients do."""

    def answered(status: int, answer: Any, *_: object, **__: object) -> tuple[int, Any]:
        return status, answer.value

    with (
        ServiceBusClient.from_connection_string(configured[1], retry_total=0) as client,
        client.get_subscription_receiver("sales", "managed") as receiver,
    ):

        def ask(operation: str, body: dict[str, Any]) -> Any:
            name = f"com.microsoft:{operation}".encode()
            return receiver._mgmt_request_response(name, body, answered)

        description = {"sql-filter": {"expression": "amount = 7"}}
        added = {"rule-name": "seven", "rule-description": description}
        assert ask("add-rule", added) == (200, {})
        assert ask("remove-rule", {"rule-name": "none"}) == (200, {})
        status, found = ask("enumerate-rules", {"top": 10, "skip": 0})
        assert status == 200
        assert [one[b"rule-description"][2] for one in found[b"rules"]] == [b"seven"]
        with client.get_topic_sender("sales") as sender:
            sender.send_messages([sale("8", amount=8), sale("7", amount=7)])
        assert taken(receiver, 1) == ["7"]


def test_duplicates_are_dropped(client: ServiceBusClient) -> None:
    for _ in range(3):
        send(client, "dedup", "d", message_id="same")
    with client.get_queue_receiver("dedup") as receiver:
        receiver.complete_message(take(receiver, 1)[0])
        assert receiver.receive_messages(1, max_wait_time=1) == []


def test_what_is_not_there_is_said_by_its_error(client: ServiceBusClient) -> None:
    with (
        pytest.raises(MessagingEntityNotFoundError),
        client.get_queue_receiver("missing", max_wait_time=1) as receiver,
    ):
        receiver.receive_messages(1)


def test_a_wrong_key_opens_nothing_and_the_right_one_does() -> None:
    with serving(keys={"RootManageSharedAccessKey": "right"}) as (broker, _):
        wrong = connection_string(broker, "wrong")
        with (
            ServiceBusClient.from_connection_string(wrong, retry_total=0) as client,
            pytest.raises(ServiceBusAuthenticationError),
        ):
            send(client, "orders", "x")
        right = connection_string(broker, "right")
        with ServiceBusClient.from_connection_string(right, retry_total=0) as client:
            send(client, "orders", "x")
            with client.get_queue_receiver("orders") as receiver:
                receiver.complete_message(take(receiver, 1)[0])


def test_rabbitmqs_clients_and_service_buss_share_a_queue(
    client: ServiceBusClient, broker: RunningBroker
) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker.amqp.url)) as connection:
        channel = connection.channel()
        properties = pika.BasicProperties(headers={"n": 7}, message_id="m", type="label")
        channel.basic_publish("", "orders", b"from rabbit", properties)
        with client.get_queue_receiver("orders") as receiver:
            (message,) = take(receiver, 1)
            assert (str(message), message.message_id, message.subject) == (
                "from rabbit",
                "m",
                "label",
            )
            assert message.application_properties == {b"n": 7}
            receiver.complete_message(message)
            channel.basic_publish("", "orders", b"nameless")
            (peeked,) = receiver.peek_messages(1)
            (message,) = take(receiver, 1)
            assert message.message_id == peeked.message_id != ""
            receiver.complete_message(message)
        send(client, "orders", "from azure", subject="label", application_properties={"n": 8})
        method, found, body = channel.basic_get("orders", auto_ack=True)
        assert method is not None
        assert (body, found.type, found.headers["n"]) == (b"from azure", "label", 8)


def test_numbers_times_and_locks_outlive_the_broker(tmp_path: Path) -> None:
    def seen(client: ServiceBusClient) -> list[tuple[object, ...]]:
        with client.get_queue_receiver("orders") as receiver:
            found = receiver.peek_messages(9)
        return [(str(one), one.sequence_number, one.enqueued_time_utc) for one in found]

    with (
        serving(data=str(tmp_path)) as (_, address),
        ServiceBusClient.from_connection_string(address, retry_total=0) as client,
    ):
        send(client, "orders", "0", "1", "2")
        with client.get_queue_receiver("orders") as receiver:
            receiver.complete_message(take(receiver, 1)[0])
            (locked,) = take(receiver, 1)
        before = seen(client)
    assert [one[:2] for one in before] == [("1", 2), ("2", 3)]
    with (
        serving(data=str(tmp_path)) as (broker, address),
        ServiceBusClient.from_connection_string(address, retry_total=0) as client,
    ):
        assert seen(client) == before
        with client.get_queue_receiver("orders") as receiver:
            (other,) = take(receiver, 1)
            assert other.sequence_number != locked.sequence_number, "it is locked still"
            locked._receiver = other._receiver  # as if this one had received it
            until = receiver.renew_message_lock(locked)
            now = datetime.fromtimestamp(broker.clock.wall_ms() / 1_000, UTC)
            assert timedelta(seconds=50) < until - now <= timedelta(milliseconds=LOCK_MS)
            broker.clock.advance(LOCK_MS / 1_000 + 1)
            with pytest.raises(MessageLockLostError):
                receiver.renew_message_lock(locked)
            (again,) = take(receiver, 1)
            assert (again.sequence_number, again.delivery_count) == (locked.sequence_number, 1)
            with pytest.raises(MessageLockLostError):
                receiver.renew_message_lock(locked)
            receiver.renew_message_lock(again)


def test_the_same_without_blocking(running: tuple[RunningBroker, str]) -> None:
    asyncio.run(_async_round(running[1]))


async def _async_round(address: str) -> None:
    async with AsyncClient.from_connection_string(address, retry_total=0) as client:
        async with client.get_queue_sender("orders") as sender:
            await sender.send_messages([ServiceBusMessage(str(n)) for n in range(20)])
        seen: list[str] = []
        async with client.get_queue_receiver("orders", prefetch_count=10) as receiver:
            async for message in receiver:
                seen.append(str(message))
                await receiver.renew_message_lock(message)
                await receiver.complete_message(message)
                if len(seen) == 20:
                    break
        assert seen == [str(n) for n in range(20)]
        async with client.get_queue_sender("sessions") as sender:
            await sender.send_messages(ServiceBusMessage("s", session_id="aio"))
        async with client.get_queue_receiver("sessions", session_id="aio") as receiver:
            (message,) = await receiver.receive_messages(1, max_wait_time=WAIT_S)
            await receiver.session.set_state("kept")
            await receiver.complete_message(message)
