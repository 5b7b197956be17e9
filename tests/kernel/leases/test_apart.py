"""Messages that lie apart are handed out as one: to who takes that, as far as they may go together."""

from typing import Any

from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import Settle
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.levels import AMQP091, CANONICAL

MIXED = [1, 9, 1, 9, 1, 9]


def make(**settings: Any) -> Queue:
    return Queue(order="priority", priorities=9, **settings)


def publish(queue: Queue, *numbers: int, **columns: Any) -> None:
    columns.setdefault("priorities", [MIXED[number % 6] for number in numbers])
    queue.publish(*[b"%d" % number for number in numbers], **columns)


def settle(queue: Queue, delivery: Delivery, offsets: list[int], outcome: Any = "ack") -> int:
    holder = delivery.holder
    command = Settle(holder.subscription.id, 0, holder.id, [], outcome)
    command.offsets = offsets
    return queue.kernel.settle(command).settled


def test_those_of_one_priority_come_together_from_whichever_blocks() -> None:
    queue = make()
    queue.consume(passes_on=CANONICAL)
    publish(queue, 0, 1, 2, 3)
    queue.kernel.now_ms += 1  # another block
    publish(queue, 4, 5)
    first, second = queue.delivered()
    assert (first.offsets, first.bodies) == ([1, 3, 5], [b"1", b"3", b"5"])
    assert (second.offsets, second.bodies) == ([0, 2, 4], [b"0", b"2", b"4"])
    assert (first.start, first.end, first.count(), first.tries) == (1, 6, 3, None)
    assert (queue.info().ready, queue.info().leased) == (0, 6)


def test_who_does_not_ask_for_it_gets_runs() -> None:
    queue = make()
    queue.consume()
    publish(queue, 0, 1, 2, 3)
    assert [(one.start, one.end, one.offsets) for one in queue.delivered()] == [
        (1, 2, None),
        (3, 4, None),
        (0, 1, None),
        (2, 3, None),
    ]


def test_what_it_cannot_pass_on_comes_as_runs() -> None:
    queue = make()
    queue.consume(passes_on=AMQP091)
    publish(queue, 0, 1, 2, 3)
    assert [one.offsets for one in queue.delivered()] == [None] * 4


def test_prefetch_is_kept_and_each_has_its_share() -> None:
    queue = make()
    for _ in range(2):
        queue.consume(passes_on=CANONICAL, credit_max=2)
    publish(queue, *range(20))
    found = queue.delivered()
    assert [one.count() for one in found] == [2, 2]
    assert bodies(found) == [b"1", b"3", b"5", b"7"]
    assert settle(queue, found[0], [1]) == 1
    (again,) = queue.delivered()
    assert (again.holder, again.bodies) == (found[0].holder, [b"9"])


def test_they_are_settled_in_part_in_their_order_or_in_any_other() -> None:
    queue = make()
    queue.consume(passes_on=CANONICAL)
    publish(queue, *range(12))
    first, second = queue.delivered()
    assert settle(queue, first, [1, 3]) == 2
    assert settle(queue, first, [11]) == 1
    assert settle(queue, first, [1, 11]) == 0
    assert settle(queue, second, [0, 2, 4, 6, 8, 10]) == 6
    assert settle(queue, first, [5, 7, 9]) == 3
    assert (queue.info().ready, queue.info().leased) == (0, 0)
    queue.kernel.release()
    assert not queue.kernel.state.streams_named["default", "q"].partitions[0].blocks


def test_what_is_given_back_is_ready_in_its_place_and_was_tried() -> None:
    queue = make()
    queue.consume(passes_on=CANONICAL, credit_max=3)
    publish(queue, 0, 1, 2, 3, 4, 5, 6, 7)
    (first,) = queue.delivered()
    assert settle(queue, first, [3], "release") == 1
    again = queue.delivered()
    assert [(one.bodies, one.tries) for one in again] == [([b"3"], [1])]
    assert settle(queue, again[0], [1, 3, 5]) == 3
    assert bodies(queue.delivered()) == [b"7", b"0", b"2"]


def test_a_connection_that_closes_returns_them_in_place() -> None:
    queue = make()
    queue.consume(passes_on=CANONICAL)
    publish(queue, 0, 1, 2, 3)
    queue.delivered()
    queue.kernel.close_session(queue.session)
    queue.session = queue.kernel.open_session()
    again = queue.lease(10)
    assert bodies(again) == [b"1", b"3", b"0", b"2"]
    assert [one.tries for one in again] == [[1]] * 4


def test_who_does_not_acknowledge_is_done_with_them() -> None:
    queue = make()
    queue.consume(passes_on=CANONICAL, no_ack=True)
    publish(queue, 0, 1, 2, 3)
    assert bodies(queue.delivered()) == [b"1", b"3", b"0", b"2"]
    assert (queue.info().ready, queue.info().leased) == (0, 0)


def test_what_has_expired_is_not_among_them() -> None:
    queue = make()
    publish(queue, 0, 1, 2, 3, 4, 5, expires_ms=[0, 0, 0, queue.kernel.now_ms + 10, 0, 0])
    queue.kernel.now_ms += 20
    queue.consume(passes_on=CANONICAL)
    assert bodies(queue.delivered()) == [b"1", b"5", b"0", b"2", b"4"]


def test_the_time_to_live_of_the_queue_holds_for_each_block() -> None:
    queue = make(ttl_ms=100)
    publish(queue, 0, 1, 2, 3)
    queue.kernel.now_ms += 60
    publish(queue, 4, 5, 6, 7)
    queue.kernel.now_ms += 60
    queue.consume(passes_on=CANONICAL)
    assert bodies(queue.delivered()) == [b"5", b"7", b"4", b"6"]


def test_limits_on_bytes_are_kept_by_runs() -> None:
    queue = make(bytes_max=100)
    queue.consume(passes_on=CANONICAL)
    publish(queue, 0, 1, 2, 3)
    assert [one.offsets for one in queue.delivered()] == [None] * 4


def test_priorities_that_are_altered_meanwhile_change_nothing_of_what_waits() -> None:
    queue = make()
    publish(queue, 0, 1, 2, 3)
    settings = SubscriptionSettings(order="priority", priorities=9, length_max=50)
    queue.kernel.submit(AlterSubscription(name="q", settings=settings), queue.session)
    queue.consume(passes_on=CANONICAL)
    assert bodies(queue.delivered()) == [b"1", b"3", b"0", b"2"]
