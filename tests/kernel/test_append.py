"""What appending does to readers: heads that expire."""

import pytest
from tests.kernel.leases.made import Queue


@pytest.mark.parametrize("order", ["none", "priority", "key"])
def test_a_message_behind_the_head_expires_once_it_is_the_head(order: str) -> None:
    queue = Queue(order=order)
    queue.publish(b"first", expires_ms=[queue.kernel.now_ms + 10_000])
    queue.publish(b"second", expires_ms=[queue.kernel.now_ms + 100])
    queue.pass_ms(150)  # the second has expired, behind the first
    assert queue.take(1) == [b"first"]
    queue.kernel.trim_crowded()
    assert queue.info().ready == 0
