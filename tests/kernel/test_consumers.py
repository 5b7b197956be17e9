"""Consumers come and go. A long poll is one that ends once it was handed something, or by Cancel."""

from collections import Counter

import pytest
from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import Cancel, Consume, DeclareQueue, DeleteQueue, OpenPool, SetCredit
from dragoman.kernel.consumers import hold_back
from dragoman.kernel.entities import Holder
from dragoman.model.errors import InvalidArgument, ResourceLocked

LEASE_MS = 1_000


class Polls(Queue):
    """A queue whose receivers park, each in a session of its own."""

    def park(self, count_max: int = 10) -> Holder:
        command = Consume(
            name=self.name, credit_max=count_max, lease_duration_ms=LEASE_MS, once=True
        )
        holder: Holder = self.kernel.submit(command, self.kernel.open_session())
        return holder


def test_a_poll_is_given_what_is_there_up_to_what_it_asked_for_and_no_more_comes_after_it() -> None:
    queue = Polls()
    queue.park(count_max=3)
    queue.publish(*[b"%d" % number for number in range(5)])
    assert bodies(queue.delivered()) == [b"0", b"1", b"2"]
    queue.publish(b"5")
    assert queue.delivered() == []
    assert (queue.info().ready, queue.info().leased, queue.info().consumers) == (3, 3, 0)


def test_what_a_poll_was_given_is_its_holders_until_it_is_settled() -> None:
    queue = Polls()
    holder = queue.park()
    queue.publish(b"1", b"2")
    (delivery,) = queue.delivered()
    assert holder.leased == 2
    assert queue.settle(delivery) == 2
    assert holder.id not in queue.kernel.state.holders
    assert queue.info().leased == 0


def test_what_a_poll_was_given_comes_back_at_its_deadline_though_its_connection_is_gone() -> None:
    queue = Polls()
    holder = queue.park()
    queue.publish(b"1")
    (delivery,) = queue.delivered()
    queue.kernel.close_session(holder.session)
    queue.pass_ms(LEASE_MS - 1)
    assert (queue.info().ready, queue.info().leased) == (0, 1)
    queue.pass_ms(1)
    assert (queue.info().ready, queue.info().leased) == (1, 0)
    assert queue.settle(delivery) == 0, "too late"
    queue.park()
    (again,) = queue.delivered()
    assert again.tries == [1]


def test_a_poll_that_was_given_nothing_leaves_nothing_behind() -> None:
    queue = Polls()
    holder = queue.park()
    queue.kernel.submit(Cancel(holder=holder.id), holder.session)
    state = queue.kernel.state
    assert (len(state.holders), len(state.holders_of), queue.info().consumers) == (0, 0, 0)
    queue.publish(b"1")
    assert queue.delivered() == []


def test_polls_are_answered_in_the_order_they_were_parked_one_message_each() -> None:
    queue = Polls()
    parked = [queue.park() for _ in range(20)]
    given = []
    for number in range(20):
        queue.publish(b"%d" % number)
        (delivery,) = queue.delivered()
        given.append(delivery.holder)
    assert given == parked


@pytest.mark.parametrize("keys", [1, 50])
def test_keys_are_served_one_message_at_a_time_however_many_receivers_are_parked(
    keys: int,
) -> None:
    queue = Polls(order="key")
    for _ in range(100):
        queue.park(count_max=1)
    queue.publish_keys(*[f"{number % keys}.{number}" for number in range(2 * keys)])
    first = queue.delivered()
    assert sorted(bodies(first)) == sorted(b"%d.%d" % (key, key) for key in range(keys))
    assert queue.delivered() == [], "their keys are locked"
    for delivery in first:
        queue.settle(delivery)
    second = queue.delivered()
    assert sorted(bodies(second)) == sorted(b"%d.%d" % (key, key + keys) for key in range(keys))


def test_who_holds_a_key_is_given_more_of_it_when_it_has_room_again() -> None:
    queue = Queue(order="key")
    mine, other = queue.consume(credit_max=2), queue.consume(credit_max=2)
    queue.publish_keys("a.1", "a.2", "a.3")
    deliveries = queue.delivered()
    assert {delivery.holder.id for delivery in deliveries} == {mine.id}
    assert bodies(deliveries) == [b"a.1", b"a.2"]
    queue.kernel.submit(SetCredit(holder=other.id, credit_max=9), queue.session)
    assert queue.delivered() == []
    queue.kernel.submit(SetCredit(holder=mine.id, credit_max=3), queue.session)
    (more,) = queue.delivered()
    assert (more.holder.id, bodies([more])) == (mine.id, [b"a.3"])


def test_keys_of_several_holders_are_handed_out_by_turns_not_one_after_the_other() -> None:
    queue = Queue(order="key")
    holders = [queue.consume(credit_max=1) for _ in range(2)]
    queue.publish_keys("a.0", "b.0", *[f"{key}.{n}" for n in range(1, 600) for key in "ab"])
    queue.delivered()
    for holder in holders:
        queue.kernel.submit(SetCredit(holder=holder.id, credit_max=0), queue.session)
    counts: Counter[int] = Counter()
    for delivery in queue.delivered()[:400]:
        counts[delivery.holder.id] += 1
    assert min(counts.values()) > 100, counts


def test_whoever_shares_a_full_pool_is_served_when_another_gives_back_even_by_losing_its_queue() -> (
    None
):
    queue = Queue()
    other = Queue()
    other.kernel, other.name = queue.kernel, "other"
    other.kernel.submit(DeclareQueue(name="other"), queue.session)
    pool = queue.kernel.submit(OpenPool(credit_max=1), queue.session)
    first = queue.consume(pool=pool)
    second = queue.kernel.submit(Consume(name="other", pool=pool), queue.session)
    queue.publish(b"1")
    (held,) = queue.delivered()
    assert held.holder is first
    other.publish(b"2", b"3")
    assert queue.delivered() == []
    queue.settle(held)
    (after,) = queue.delivered()
    assert (after.holder, bodies([after])) == (second, [b"2"])
    queue.publish(b"4")
    assert queue.delivered() == []
    queue.kernel.submit(DeleteQueue(name="other"), queue.session)
    assert bodies(queue.delivered()) == [b"4"]


def test_one_that_was_held_back_is_served_again() -> None:
    queue = Queue()
    queue.consume()
    hold_back(queue.kernel, queue.session, back=True)
    queue.publish(b"1")
    assert queue.delivered() == []
    hold_back(queue.kernel, queue.session, back=False)
    assert bodies(queue.delivered()) == [b"1"]


def test_a_session_takes_its_pools_along() -> None:
    queue = Queue()
    pools = [queue.kernel.submit(OpenPool(credit_max=1), session) for session in (50, 50, 51)]
    queue.kernel.close_session(50)
    assert list(queue.kernel.state.pools) == pools[2:]


def test_an_exclusive_consumer_is_alone() -> None:
    queue = Queue()
    holder = queue.consume(exclusive=True)
    with pytest.raises(ResourceLocked):
        queue.consume()
    queue.kernel.submit(Cancel(holder=holder.id), queue.session)
    queue.consume()
    with pytest.raises(ResourceLocked):
        queue.consume(exclusive=True)


def test_sessions_are_accepted_not_consumed() -> None:
    with pytest.raises(InvalidArgument):
        Queue(order="session").consume()


# One at a time, whatever protocols they speak: some are handed messages, some ask for them


def test_who_asks_is_given_nothing_while_somebody_else_is_the_active_one() -> None:
    queue = Queue(single_active=True)
    active = queue.consume(credit_max=1)
    queue.publish(b"1", b"2")
    (first,) = queue.delivered()
    mine, queue.session = queue.session, queue.kernel.open_session()
    assert queue.take(10, lease_duration_ms=LEASE_MS) == []
    queue.kernel.submit(Cancel(holder=active.id), mine)
    assert queue.take(10, lease_duration_ms=LEASE_MS) == [b"2"], "what was held is held"
    assert queue.settle(first) == 1


def test_who_was_given_messages_for_a_time_is_the_active_one_until_they_are_settled() -> None:
    queue = Polls(single_active=True)
    queue.publish(b"1", b"2", b"3")
    (batch,) = queue.lease(1, lease_duration_ms=LEASE_MS)
    assert queue.take(1, lease_duration_ms=LEASE_MS) == [b"2"], "the same session"
    queue.session = queue.kernel.open_session()
    assert queue.take(10, lease_duration_ms=LEASE_MS) == []
    queue.consume(credit_max=10)
    assert queue.delivered() == []
    assert queue.settle(batch) == 1
    assert queue.delivered() == []
    queue.pass_ms(LEASE_MS)
    assert bodies(queue.delivered()) == [b"2", b"3"]


def test_one_that_waits_for_messages_stands_in_nobodys_way() -> None:
    queue = Polls(single_active=True)
    queue.park()
    queue.publish(b"1")
    assert bodies(queue.delivered()) == [b"1"]
    queue.park()
    assert queue.delivered() == [], "the first holds it"
    queue.pass_ms(LEASE_MS)
    assert bodies(queue.delivered()) == [b"1"]
