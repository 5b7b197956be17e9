"""Consumers by AMQP 1.0's credit: so many more, whatever they hold; and whether more would help them."""

from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import IsDry, SetCredit
from dragoman.kernel.entities import Holder
from dragoman.kernel.leases.commands import AcceptSession, SessionLock


def allow(queue: Queue, holder: Holder, credit: int) -> None:
    queue.kernel.submit(SetCredit(holder=holder.id, credit_max=credit), queue.session)


def is_dry(queue: Queue, holder: Holder) -> bool:
    answer: bool = queue.kernel.submit(IsDry(holder=holder.id), queue.session)
    return answer


def test_a_metered_consumer_is_handed_nothing_before_it_is_allowed_some() -> None:
    queue = Queue()
    holder = queue.consume(metered=True)
    queue.publish(b"1", b"2", b"3")
    assert queue.delivered() == []
    allow(queue, holder, 2)
    assert bodies(queue.delivered()) == [b"1", b"2"]
    assert queue.delivered() == []


def test_what_it_holds_does_not_count_against_it() -> None:
    queue = Queue()
    holder = queue.consume(metered=True, credit_max=1)
    queue.publish(b"1", b"2", b"3")
    assert bodies(queue.delivered()) == [b"1"]
    allow(queue, holder, 1)
    assert bodies(queue.delivered()) == [b"2"]
    assert holder.leased == 2


def test_a_settlement_does_not_give_credit_back() -> None:
    queue = Queue()
    queue.consume(metered=True, credit_max=1)
    queue.publish(b"1", b"2")
    (delivery,) = queue.delivered()
    queue.settle(delivery)
    assert queue.delivered() == []


def test_messages_that_are_done_when_handed_over_use_credit_too() -> None:
    queue = Queue()
    queue.consume(metered=True, credit_max=2, no_ack=True)
    queue.publish(b"1", b"2", b"3")
    assert bodies(queue.delivered()) == [b"1", b"2"]


def test_credit_can_be_taken_back() -> None:
    queue = Queue()
    holder = queue.consume(metered=True, credit_max=5)
    allow(queue, holder, 0)
    queue.publish(b"1")
    assert queue.delivered() == []


def test_a_consumer_is_dry_while_nothing_is_ready() -> None:
    queue = Queue()
    holder = queue.consume(metered=True)
    assert is_dry(queue, holder)
    queue.publish(b"1")
    assert not is_dry(queue, holder)
    allow(queue, holder, 1)
    queue.delivered()
    assert is_dry(queue, holder)


def test_one_that_stands_behind_the_active_one_is_dry() -> None:
    queue = Queue(single_active=True)
    first = queue.consume(metered=True)
    second = queue.consume(metered=True)
    queue.publish(b"1")
    assert not is_dry(queue, first)
    assert is_dry(queue, second)


def test_one_that_may_hold_no_more_is_dry() -> None:
    queue = Queue(leased_max=1)
    holder = queue.consume(metered=True, credit_max=1)
    queue.publish(b"1", b"2")
    queue.delivered()
    assert is_dry(queue, holder)


def test_a_session_is_dry_though_another_one_has_messages() -> None:
    queue = Queue(order="session")
    queue.publish_keys("a.1", "b.2", "a.3")
    lock: SessionLock = queue.kernel.submit(
        AcceptSession(name="q", key=b"a", consume=True, metered=True), queue.session
    )
    assert not is_dry(queue, lock.holder)
    assert queue.delivered() == []
    allow(queue, lock.holder, 5)
    assert bodies(queue.delivered()) == [b"a.1", b"a.3"]
    assert is_dry(queue, lock.holder)


def test_nobodys_consumer_is_dry() -> None:
    queue = Queue()
    assert queue.kernel.submit(IsDry(holder=99), queue.session)
