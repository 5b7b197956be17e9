"""tx and confirm.select: what becomes of a channel's publishes and acks."""

import pytest
from tests.doors.amqp091.client import Client, Message, World, raw_key

from dragoman.kernel.api import DescribeQueue
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def transacting(world: World | None = None) -> Client:
    client = (world or World()).connect()
    client.declare()
    client.ask(m.TxSelect(), m.TxSelectOk)
    return client


def ready(client: Client, name: str = "q") -> tuple[int, int]:
    info = client.session.submit(DescribeQueue(name=name))
    return info.ready, info.leased


def commit(client: Client) -> None:
    client.ask(m.TxCommit(), m.TxCommitOk)


def test_publishes_are_seen_at_the_commit_and_not_before() -> None:
    client = transacting()
    client.publish(b"1", b"2", delivery_mode=2)
    client.publish(b"3")
    assert ready(client) == (0, 0)
    commit(client)
    assert ready(client) == (3, 0)
    commit(client)
    assert ready(client) == (3, 0)


def test_a_rollback_forgets_publishes_and_leaves_deliveries_unsettled() -> None:
    client = transacting()
    client.publish(b"1", b"2")
    commit(client)
    client.consume()
    client.messages()
    client.publish(b"3")
    client.send(1, m.BasicAck(1))
    client.ask(m.TxRollback(), m.TxRollbackOk)
    assert ready(client) == (0, 2)
    client.send(1, m.BasicAck(2, True))
    assert ready(client) == (0, 2)
    commit(client)
    assert ready(client) == (0, 0)


def test_acks_and_publishes_are_one_set() -> None:
    client = transacting()
    client.declare("r")
    client.publish(b"1", b"2", b"3", b"4")
    commit(client)
    client.consume()
    client.messages()
    client.publish(b"done", key="r")
    client.send(1, m.BasicAck(1), m.BasicNack(2, requeue=True), m.BasicReject(3, False))
    assert (ready(client), ready(client, "r")) == ((0, 4), (0, 0))
    client.send(1, m.TxCommit())
    client.expect(m.TxCommitOk)
    assert [message.body for message in client.messages()] == [b"2"]
    assert ready(client) == (0, 2)
    assert ready(client, "r") == (1, 0)


def test_a_message_for_no_queue_refuses_nothing_and_comes_back_if_mandatory() -> None:
    client = transacting()
    client.publish(b"lost", key="nowhere", mandatory=True)
    client.publish(b"kept")
    client.nothing()
    client.send(1, m.TxCommit())
    assert client.expect(Message).body == b"lost"
    client.expect(m.TxCommitOk)
    assert ready(client) == (1, 0)


def test_a_commit_is_answered_when_it_is_safe() -> None:
    world = World(slow=True)
    client = world.connect()
    client.send(1, m.QueueDeclare(queue="q", durable=True), m.TxSelect())
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.expect(m.TxSelectOk)
    client.publish(b"1", delivery_mode=2)
    client.send(1, m.TxCommit())
    client.nothing()
    world.journal()
    client.expect(m.TxCommitOk)


def test_an_exchange_that_is_not_there_closes_the_channel_at_the_publish() -> None:
    client = transacting()
    client.publish(b"1", exchange="nope")
    assert client.closed()[0] == 404


@pytest.mark.parametrize(
    "method", [m.BasicAck(5), m.BasicAck(5, True), m.BasicNack(5), m.BasicReject(5)]
)
def test_an_unknown_tag_is_406_at_once(method: tuple[object, ...]) -> None:
    client = transacting()
    assert client.refused(method) == (406, "PRECONDITION_FAILED - unknown delivery tag 5")


def test_a_channel_that_closes_forgets_what_it_gathered() -> None:
    client = transacting()
    client.publish(b"1")
    client.ask(m.ChannelClose(), m.ChannelCloseOk)
    client.open_channel()
    assert ready(client) == (0, 0)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (m.ConfirmSelect(), m.TxSelect(), "cannot switch from confirm to tx mode"),
        (m.TxSelect(), m.ConfirmSelect(), "cannot switch from tx to confirm mode"),
        (m.BasicQos(), m.TxCommit(), "channel is not transactional"),
        (m.BasicQos(), m.TxRollback(), "channel is not transactional"),
    ],
)
def test_a_channel_has_one_mode(
    first: tuple[object, ...], second: tuple[object, ...], text: str
) -> None:
    client = World().connect()
    client.send(1, first)
    client.read()
    assert client.refused(second) == (406, f"PRECONDITION_FAILED - {text}")


def test_a_transaction_has_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.doors.amqp091.transactions.ATOMIC_BYTES_MAX", 10)
    client = transacting()
    client.publish(b"12345")
    client.publish(b"67890")
    client.publish(b"!")
    assert client.closed() == (406, "PRECONDITION_FAILED - transaction too large")
    assert ready(client) == (0, 0)


def test_selecting_confirms_again_does_not_start_the_count_again() -> None:
    client = World().connect()
    client.send(1, m.ConfirmSelect(True), m.ConfirmSelect())
    client.expect(m.ConfirmSelectOk)
    client.publish(b"1", key="x")
    client.expect(m.BasicAck)
    client.ask(m.ConfirmSelect(), m.ConfirmSelectOk)
    headers = [encode_header(0, {})]
    client.wire.send_frames(publish_run(1, raw_key("", "x"), False, headers, [b""], 4096))
    client.flush()
    assert client.expect(m.BasicAck) == m.BasicAck(2, False)
