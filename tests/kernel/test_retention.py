"""What is too old or too much goes, and nothing that somebody still holds."""

from typing import Any

from tests.fakes.kernel import make_kernel

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import CreateStream, DeclareQueue, Publish
from dragoman.kernel.groups.commands import CommitCursors
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.retention import CURSOR_RETENTION_MS, PERIOD_MS
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.levels import CANONICAL


def stream(kernel: Kernel, **settings: Any) -> Partition:
    kernel.submit(CreateStream(name="s", settings=StreamSettings(**settings)), 1)
    return kernel.state.stream("default", "s").partitions[0]


def append(kernel: Kernel, partition: Partition, *bodies: bytes) -> None:
    kernel.publish(Publish("default", Address("s"), CANONICAL, list(bodies)))
    partition.committed = partition.end


def advance(kernel: Kernel, by_ms: int) -> None:
    kernel.now_ms += by_ms
    kernel.elapsed_ms += by_ms
    while kernel.sweep():
        pass


def make() -> Kernel:
    kernel = make_kernel()
    kernel.now_ms = kernel.elapsed_ms = 1_000_000
    kernel.begin(1)
    return kernel


def test_what_is_older_than_the_retention_time_goes() -> None:
    kernel = make()
    partition = stream(kernel, retention_ms=60_000)
    append(kernel, partition, b"old")
    advance(kernel, 50_000)
    append(kernel, partition, b"new")
    advance(kernel, 10_000)
    assert partition.start == 0
    advance(kernel, PERIOD_MS)
    assert (partition.start, partition.end) == (1, 2)
    advance(kernel, 60_000 + PERIOD_MS)
    assert partition.start == 2


def test_what_is_past_the_retention_bytes_goes_and_that_many_stay() -> None:
    kernel = make()
    partition = stream(kernel, retention_ms=-1, retention_bytes=250)
    for index in range(5):
        kernel.now_ms += 1  # blocks of one time are merged
        append(kernel, partition, bytes([index]) * 100)
    advance(kernel, PERIOD_MS)
    assert partition.start == 2
    assert partition.size == 300


def test_for_ever_is_for_ever() -> None:
    kernel = make()
    partition = stream(kernel, retention_ms=-1)
    append(kernel, partition, b"x")
    advance(kernel, 1 << 40)
    assert partition.start == 0


def test_a_leased_reader_holds_what_it_has_not_settled() -> None:
    kernel = make()
    partition = stream(kernel, retention_ms=60_000)
    kernel.submit(DeclareQueue(name="s"), 1)
    append(kernel, partition, b"x")
    advance(kernel, 200_000)
    assert partition.start == 0


def test_what_is_not_committed_yet_stays() -> None:
    kernel = make()
    partition = stream(kernel, retention_ms=1)
    append(kernel, partition, b"x")
    partition.committed = 0
    advance(kernel, PERIOD_MS)
    assert partition.start == 0


def test_the_round_is_made_every_period_and_not_between() -> None:
    kernel = make()
    stream(kernel, retention_ms=60_000)
    advance(kernel, PERIOD_MS)
    due_ms, _ = kernel.deadlines()
    assert due_ms == kernel.elapsed_ms + PERIOD_MS


def test_a_group_that_nobody_used_for_long_is_forgotten() -> None:
    kernel = make()
    stream(kernel, retention_ms=-1)
    kernel.submit(CommitCursors(group="g", cursors=(("s", 0, 0, -1, ""),)), 1)
    advance(kernel, CURSOR_RETENTION_MS - PERIOD_MS)
    assert kernel.state.groups.by_key
    advance(kernel, 3 * PERIOD_MS)
    assert not kernel.state.groups.by_key


def test_a_message_is_as_old_as_it_is_though_one_from_before_the_clock_stepped_back_is_behind_it() -> (
    None
):
    kernel = make()
    partition = stream(kernel, retention_ms=60_000)
    append(kernel, partition, b"young", b"old")
    block = partition.blocks[0]
    block.stored = [kernel.now_ms, kernel.now_ms - 70_000]  # as an extent has it
    advance(kernel, PERIOD_MS)
    assert partition.start == 0
