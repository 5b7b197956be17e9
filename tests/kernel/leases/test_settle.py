import pytest
from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import Settle
from dragoman.kernel.settings import Address
from dragoman.model.errors import LeaseExpired, SubscriptionNotFound


def test_what_is_acknowledged_is_gone_and_only_once() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    (delivery,) = queue.lease(2)
    assert queue.settle(delivery) == 2
    assert queue.settle(delivery) == 0
    assert (queue.info().ready, queue.info().leased) == (0, 0)


def test_what_is_no_longer_held_is_passed_over_or_refused_as_a_whole() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1", b"2")
    (delivery,) = queue.lease(3)
    number, holder = delivery.holder.subscription.id, delivery.holder.id
    queue.kernel.settle(Settle(number, 0, holder, [(1, 2)], "ack"))
    strict = Settle(number, 0, holder, [(0, 3)], "ack")
    strict.strict = True
    with pytest.raises(LeaseExpired):
        queue.kernel.settle(strict)
    assert queue.info().leased == 2
    reply = queue.kernel.settle(Settle(number, 0, holder, [(0, 3)], "ack"))
    assert (reply.settled, reply.missing) == (2, 1)


def test_nobody_settles_what_another_holds() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    (mine,), (theirs,) = queue.lease(1), queue.lease(1)
    wrong = Settle(mine.holder.subscription.id, 0, mine.holder.id, [(1, 2)], "ack")
    assert queue.kernel.settle(wrong).missing == 1
    assert queue.settle(theirs) == 1


def test_a_released_message_goes_back_before_those_never_delivered_and_is_marked() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1", b"2")
    (delivery,) = queue.lease(2)
    queue.settle(delivery, "release")
    first, rest = queue.lease(3)
    assert (first.bodies, first.tries) == ([b"0", b"1"], [1, 1])
    assert (rest.bodies, rest.tries) == ([b"2"], None)


def test_a_delayed_message_comes_back_at_its_time_and_to_its_place() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    (delivery,) = queue.lease(1)
    queue.settle(delivery, "release", delay_ms=100)
    queue.pass_ms(99)
    assert queue.info().ready == 1
    queue.pass_ms(1)
    assert queue.take(2) == [b"0", b"1"]


def test_the_policys_delay_holds_where_the_reader_says_none() -> None:
    queue = Queue(early=True, retry_ms=50)
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "release")
    assert queue.info().ready == 0
    queue.pass_ms(50)
    assert queue.info().ready == 1


@pytest.mark.parametrize(
    ("counted", "failed", "lives"),
    [("failed", False, 99), ("failed", True, 3), ("leased", False, 3)],
)
def test_attempts_are_spent_by_what_the_policy_counts(
    counted: str, failed: bool, lives: int
) -> None:
    queue = Queue(early=True, attempts_max=3, attempts_counted=counted)
    queue.publish(b"0")
    tries = 0
    while tries < 10 and (taken := queue.lease(1)):
        queue.settle(taken[0], "release", failed=failed)
        tries += 1
    assert tries == min(lives, 10)


def test_a_rejected_message_goes_to_the_dead_letter_address_in_the_same_set() -> None:
    queue = Queue(early=True, dead_letter=Address("q"))
    queue.publish(b"0")
    queue.kernel.drain_records()
    queue.settle(queue.lease(1)[0], "reject")
    assert [type(record).__name__ for record in queue.kernel.drain_records()][-2:] == [
        "Published",
        "Settled",
    ]
    assert queue.take(1) == [b"0|rejected"]


def test_without_an_address_a_rejected_message_is_dropped() -> None:
    queue = Queue(early=True)
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "reject")
    assert (queue.info().ready, queue.info().leased) == (0, 0)


def test_settling_gives_credit_back() -> None:
    queue = Queue(early=True)
    holder = queue.consume(credit_max=2)
    queue.publish(b"0", b"1", b"2", b"3")
    (delivery,) = queue.delivered()
    assert holder.leased == 2
    queue.settle(delivery)
    assert bodies(queue.delivered()) == [b"2", b"3"]


def test_a_subscription_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(SubscriptionNotFound):
        Queue().kernel.settle(Settle(999, 0, 1, [(0, 1)], "ack"))


def late(queue: Queue, attempts: list[int], runs: list[tuple[int, int]], holder: int = 0) -> int:
    command = Settle(queue.info().id, 0, holder, runs, "ack")
    command.attempts = attempts
    return queue.kernel.settle(command).settled


@pytest.mark.parametrize("order", ["none", "fair", "key"])
def test_a_reader_who_is_late_settles_what_nobody_was_handed_since(order: str) -> None:
    queue = Queue(early=True, order=order)
    queue.publish(b"0", b"1", keys=[b"a", b"b"])
    first = queue.lease(2, lease_duration_ms=100)
    holder = first[0].holder.id
    queue.pass_ms(100)
    again = queue.lease(1)
    assert bodies(again) == [b"0"]
    assert late(queue, [1, 1], [(0, 2)], holder) == 1
    assert (queue.info().ready, queue.info().leased) == (0, 1)
    assert late(queue, [1], [(0, 1)], holder) == 0
    assert late(queue, [1], [(1, 2)], holder) == 0


def test_a_reader_who_is_late_settles_what_waits_for_its_retry() -> None:
    queue = Queue(early=True, retry_ms=1_000)
    queue.publish(b"0", b"1")
    queue.lease(2, lease_duration_ms=100)
    queue.pass_ms(100)
    assert queue.info().waiting == 2
    assert late(queue, [1, 2], [(0, 2)]) == 1
    queue.pass_ms(1_000)
    assert queue.take(2) == [b"1"]
