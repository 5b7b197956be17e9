import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, ack, declare, pass_ms, publish

from dragoman.kernel.commands import (
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    DescribeQueue,
    Lease,
    Publish,
    PurgeQueue,
    Settle,
)
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.quotas import Quotas
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings
from dragoman.model.errors import MessageTooLarge, QuotaExceeded
from dragoman.model.levels import CANONICAL


def test_a_message_larger_than_the_node_takes_is_refused_whatever_its_stream_allows() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    node.kernel.state.quotas = Quotas(message_bytes_max=3)
    publish(session, "q", b"123")
    with pytest.raises(MessageTooLarge):
        publish(session, "q", b"1", b"1234")
    node.kernel.state.quotas = Quotas(message_bytes_max=0)
    publish(session, "q", b"1234")


def test_a_namespace_has_so_many_streams_and_queues_and_others_are_not_touched_by_it() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "a")
    session.submit(CreateStream(name="b"))
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    node.kernel.state.quotas = Quotas(streams_max=2, queues_max=2)
    with pytest.raises(QuotaExceeded):
        declare(session, "c")
    with pytest.raises(QuotaExceeded):
        session.submit(CreateStream(name="c"))
    declare(session, "a")  # is there already
    session.submit(CreateStream(namespace="other", name="c"))
    session.submit(CreateSubscription(name="b", subscription="s"))
    with pytest.raises(QuotaExceeded):
        session.submit(CreateSubscription(name="b", subscription="t"))
    session.submit(DeleteStream(name="b"))
    declare(session, "c")
    session.submit(DeleteQueue(name="a"))
    assert node.kernel.state.usage.streams == {"default": 1, "other": 1}
    assert node.kernel.state.usage.queues == {"default": 1}


def test_no_more_is_stored_than_may_be_until_something_goes() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    node.kernel.state.quotas = Quotas(stored_bytes_max=10)
    publish(session, "q", b"12345")
    with pytest.raises(QuotaExceeded):
        publish(session, "q", b"123", b"456")
    publish(session, "q", b"12345")
    node.settle()
    session.submit(PurgeQueue(name="q"))
    node.settle()
    publish(session, "q", b"1234567890")


def recount(node: TestNode) -> int:
    return sum(
        partition.size
        for stream in node.kernel.state.streams.values()
        for partition in stream.partitions
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["publish", "take", "checkpoint", "restart", "purge"]), max_size=20)
)
def test_what_is_counted_is_what_is_there(steps: list[str]) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    for name in ("q", "r"):
        declare(session, name)
    for at, step in enumerate(steps):
        if step == "publish":
            body = b"x" * (at + 1)
            session.publish(Publish("default", Address("qr"[at % 2]), CANONICAL, [body, body]))
        elif step == "take":
            for delivery in session.submit(Lease(name="q", count_max=3)):
                ack(session, delivery)
        elif step == "purge":
            session.submit(PurgeQueue(name="r"))
        else:
            node.settle()
            if step == "checkpoint":
                node.checkpoint()
            else:
                node = engine.start()
                session = node.connect()
        node.settle()
        assert node.kernel.state.usage.stored_bytes == recount(node)


def test_a_dead_letter_and_a_message_whose_time_has_come_are_lost_to_no_quota() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "q", dead_letter=Address("dead"))
    publish(session, "q", b"1234")
    later = Publish("default", Address("dead"), CANONICAL, [b"5678"])
    later.due_ms = session.wall_ms() + 100
    session.publish(later)
    node.kernel.state.quotas = Quotas(message_bytes_max=1, stored_bytes_max=1)
    (delivery,) = session.submit(Lease(name="q"))
    session.settle(
        Settle(delivery.holder.subscription.id, 0, delivery.holder.id, [(0, 1)], "reject")
    )
    pass_ms(node, 200)
    assert session.submit(DescribeQueue(name="dead")).ready == 2


def test_a_dead_letter_is_kept_on_a_full_disk() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "q", dead_letter=Address("dead"))
    publish(session, "q", b"1234")
    node.kernel.state.is_full = True
    (delivery,) = session.submit(Lease(name="q"))
    session.settle(
        Settle(delivery.holder.subscription.id, 0, delivery.holder.id, [(0, 1)], "reject")
    )
    assert session.submit(DescribeQueue(name="dead")).ready == 1


def test_a_stream_takes_so_many_bytes_from_those_that_send_to_it_and_more_once_it_has_room() -> (
    None
):
    node = Engine().start()
    session = node.connect()
    session.submit(DeclareQueue(name="q", stream=StreamSettings(stored_bytes_max=10)))
    publish(session, "q", b"12345", b"1234")
    with pytest.raises(QuotaExceeded, match="q stores 10 bytes"):
        publish(session, "q", b"12")
    node.settle()
    (delivery,) = session.submit(Lease(name="q", count_max=9))
    ack(session, delivery)
    node.settle()
    publish(session, "q", b"1234567890")


def test_a_pump_waits_for_a_stream_that_is_full() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "from")
    session.submit(DeclareQueue(name="to", stream=StreamSettings(stored_bytes_max=4)))
    settings = PumpSettings(targets=(Address("to"),), retry_ms=10)
    session.submit(CreatePump(name="p", source="from", subscription="from", settings=settings))
    publish(session, "from", b"123", b"45")
    node.settle()
    (delivery,) = session.submit(Lease(name="to", count_max=9))
    assert delivery.bodies == [b"123"]
    ack(session, delivery)
    node.settle()
    pass_ms(node, 2_000)
    assert [one.bodies for one in session.submit(Lease(name="to", count_max=9))] == [[b"45"]]
