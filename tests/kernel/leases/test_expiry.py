import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.leases.expiry import expiry_ms, soonest_ms
from dragoman.kernel.state import LOOK_MS

STORED_MS = 10_000


@pytest.mark.parametrize(
    ("ttl_ms", "own", "expires"),
    [
        (-1, None, 0),
        (-1, 12_000, 12_000),
        (-1, 0, 0),
        (5_000, None, 15_000),
        (5_000, 12_000, 12_000),
        (5_000, 20_000, 15_000),
        (5_000, 0, 15_000),
        (0, None, 10_000),
    ],
)
def test_the_sooner_of_both_counts_and_none_is_never(
    ttl_ms: int, own: int | None, expires: int
) -> None:
    queue = Queue(ttl_ms=ttl_ms)
    queue.kernel.now_ms = STORED_MS
    queue.publish(b"x", expires_ms=None if own is None else [own])
    subscription = queue.kernel.state.subscription("default", "q")
    block = subscription.stream.partitions[0].blocks[0]
    assert expiry_ms(subscription, block, 0) == expires


def test_each_message_of_a_block_has_its_own() -> None:
    queue = Queue(ttl_ms=60_000)
    queue.kernel.now_ms = STORED_MS
    queue.publish(b"1", b"2", expires_ms=[11_000, 0])
    subscription = queue.kernel.state.subscription("default", "q")
    block = subscription.stream.partitions[0].blocks[0]
    assert [expiry_ms(subscription, block, offset) for offset in (0, 1)] == [11_000, 70_000]


@pytest.mark.parametrize("ttl_ms", [-1, 0, 3_000, 60_000])
@pytest.mark.parametrize("own", [None, [0, 0], [0, 12_000], [13_000, 11_000], [90_000, 0]])
def test_the_soonest_of_a_block_is_that_of_one_of_its_messages(
    ttl_ms: int, own: list[int] | None
) -> None:
    queue = Queue(ttl_ms=ttl_ms)
    queue.kernel.now_ms = STORED_MS
    queue.publish(b"1", b"2", expires_ms=own)
    subscription = queue.kernel.state.subscription("default", "q")
    block = subscription.stream.partitions[0].blocks[0]
    each = [expiry_ms(subscription, block, offset) for offset in (0, 1)]
    assert soonest_ms(subscription, block) == min(filter(None, each), default=0)
    block.stored = [STORED_MS + 50, STORED_MS]
    each = [expiry_ms(subscription, block, offset) for offset in (0, 1)]
    assert soonest_ms(subscription, block) == min(filter(None, each), default=0)


@pytest.mark.parametrize("order", ["none", "fair"])
def test_a_head_is_looked_at_anew_only_where_messages_expire_in_another_order(order: str) -> None:
    queue = Queue(ttl_ms=60_000, order=order)
    subscription = queue.kernel.state.subscription("default", "q")
    for step in range(3):
        queue.kernel.now_ms = STORED_MS + step
        queue.publish(b"%d" % step)
    (first,) = queue.lease(1)
    assert subscription.armed_ms == STORED_MS + 60_000
    queue.settle(first, "release")
    assert subscription.armed_ms == LOOK_MS, "what comes back may be too old"
    queue.kernel.sweep()
    queue.publish(b"short", expires_ms=[STORED_MS + 10])
    queue.lease(3)
    assert subscription.armed_ms == LOOK_MS
    queue.kernel.now_ms = STORED_MS + 10
    queue.kernel.sweep()
    assert queue.info().ready == 0


def test_a_clock_that_was_set_back_makes_messages_expire_in_another_order() -> None:
    queue = Queue(ttl_ms=60_000)
    subscription = queue.kernel.state.subscription("default", "q")
    for now_ms in (STORED_MS, STORED_MS - 5_000):
        queue.kernel.now_ms = now_ms
        queue.publish(b"x")
    queue.lease(1)
    queue.kernel.sweep()
    assert subscription.armed_ms == STORED_MS + 55_000
