import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, ack, declare, publish

from dragoman.kernel.commands import Consume, DescribeQueue, Lease, PurgeQueue, Settle
from dragoman.model.errors import InvalidArgument
from dragoman.runtime.session import BrokerSession


def prepared(engine: Engine) -> tuple[TestNode, BrokerSession]:
    """b"0" leased, b"1" waiting, b"2" deferred, b"3" returned (second reader gone), b"4" and b"5" ready."""
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", *[b"%d" % number for number in range(6)])
    gone = node.connect()
    session.submit(Consume(name="q", credit_max=3))
    node.settle()
    (delivery,) = node.deliveries(session)
    for offset, outcome, delay_ms in ((1, "release", 5000), (2, "defer", 0)):
        command = Settle(
            delivery.holder.subscription.id,
            0,
            delivery.holder.id,
            [(offset, offset + 1)],
            outcome,  # type: ignore[arg-type]
        )
        command.delay_ms = delay_ms
        delivery.holder.credit_max = 1
        session.settle(command)
    holder = gone.submit(Consume(name="q", credit_max=1, priority=5))
    node.settle()
    assert [each.bodies for each in node.deliveries(gone)] == [[b"3"]]
    node.broker.close(gone)
    assert holder.id not in node.kernel.state.holders
    node.settle()
    node.deliveries(session)
    return node, session


def ready(session: BrokerSession) -> tuple[int, int]:
    info = session.submit(DescribeQueue(name="q"))
    return info.ready, info.leased


def test_a_purge_of_what_is_ready_leaves_what_is_held() -> None:
    engine = Engine()
    node, session = prepared(engine)
    assert ready(session) == (3, 1)
    assert session.submit(PurgeQueue(name="q")) == 3
    assert ready(session) == (0, 1)
    node.settle()
    node = engine.start()
    assert ready(node.connect()) == (1, 0), "the leased one is back, the other goes on waiting"
    node.settle()
    node.clock.now_ms += 5_000
    node.settle()
    assert ready(node.connect()) == (2, 0)


def test_a_purge_of_all_leaves_nothing_and_gives_credit_back() -> None:
    engine = Engine()
    node, session = prepared(engine)
    assert session.submit(PurgeQueue(name="q", mode="all")) == 6
    assert ready(session) == (0, 0)
    publish(session, "q", b"new")
    node.settle()
    (delivery,) = node.deliveries(session)
    assert delivery.bodies == [b"new"], "the consumer has room again"
    ack(session, delivery)
    node.settle()
    node.clock.now_ms += 10_000
    node.settle()
    assert ready(session) == (0, 0), "the waiting one does not come back"
    assert ready(engine.start().connect()) == (0, 0)


def test_a_settlement_after_a_purge_of_all_finds_nothing() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0")
    session.submit(Consume(name="q"))
    node.settle()
    (delivery,) = node.deliveries(session)
    session.submit(PurgeQueue(name="q", mode="all"))
    command = Settle(delivery.holder.subscription.id, 0, delivery.holder.id, [(0, 1)], "ack")
    assert session.settle(command).missing == 1


def test_a_purge_before_a_time_drops_what_was_stored_earlier_also_from_disk() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    for number in range(6):
        publish(session, "q", b"%d" % number)
        node.settle()
        node.clock.now_ms += 10
        node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    time_ms = 1_000_000 + 35
    assert session.submit(PurgeQueue(name="q", mode="before", before_ms=time_ms)) == 4
    session.submit(Consume(name="q", credit_max=10))
    node.settle()
    found = [body for each in node.deliveries(session) for body in each.bodies]
    assert found == [b"4", b"5"]
    assert session.submit(PurgeQueue(name="q", mode="before", before_ms=1)) == 0


def test_a_purge_of_what_is_old_and_ready_takes_the_oldest_and_leaves_what_is_held() -> None:
    engine = Engine()
    node, session = prepared(engine)
    before_ms = node.clock.now_ms + 1
    assert session.submit(PurgeQueue(name="q", mode="old", before_ms=0, count_max=9)) == 0
    assert session.submit(PurgeQueue(name="q", mode="old", before_ms=before_ms, count_max=2)) == 2
    assert ready(session) == (1, 1)
    node.settle()
    (taken,) = session.submit(Lease(name="q", count_max=9))
    assert taken.bodies == [b"5"]


def test_only_who_orders_by_keys_can_be_purged_by_key() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    with pytest.raises(InvalidArgument):
        session.submit(PurgeQueue(name="q", key=b"a"))
