from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import CreateStream, FindTime, Publish, Read
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.read import LOAD_AHEAD_MAX, Extract
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.kernel.state import Needs
from dragoman.model.errors import OffsetOutOfRange, PartitionNotFound, StreamNotFound
from dragoman.model.levels import CANONICAL

SIZE = 1_000  # of a body: blocks of that size are not merged for long


def stream_of(*batches: int) -> Kernel:
    """A stream of batches of so many messages, all committed."""
    kernel = make_kernel()
    kernel.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)), 1)
    for number, count in enumerate(batches):
        kernel.now_ms = 1_000 * (number + 1)
        body = b"%d" % number
        publish = Publish("default", Address("s"), CANONICAL, [body.ljust(SIZE)] * count)
        kernel.publish(publish)
        partition = kernel.state.stream("default", "s").partitions[0]
        partition.blocks[-1].frozen = True  # as a checkpoint would
        partition.committed = partition.end
    return kernel


def read(kernel: Kernel, offset: int, **more: Any) -> Extract:
    extract: Extract = kernel.submit(Read(name="s", offset=offset, **more), 1)
    return extract


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_from_any_offset_on_everything_is_there_and_nothing_wholly_before(
    batches: list[int], data: st.DataObject
) -> None:
    kernel = stream_of(*batches)
    offset = data.draw(st.integers(0, sum(batches)))
    extract = read(kernel, offset, bytes_max=1 << 30)
    found = [at for block in extract.blocks for at in range(block.offset, block.end)]
    assert [at for at in found if at >= offset] == list(range(offset, sum(batches)))
    assert not extract.blocks or extract.blocks[0].end > offset
    assert (extract.start, extract.end, extract.committed) == (0, sum(batches), sum(batches))


def test_at_least_one_block_comes_whatever_the_limit_and_no_more_than_fit() -> None:
    kernel = stream_of(3, 3, 3)
    assert [block.offset for block in read(kernel, 0, bytes_max=1).blocks] == [0]
    assert [block.offset for block in read(kernel, 0, bytes_max=6 * SIZE).blocks] == [0, 3]


def test_what_is_not_committed_is_not_read() -> None:
    kernel = stream_of(2, 2)
    kernel.state.stream("default", "s").partitions[0].committed = 2
    extract = read(kernel, 0, bytes_max=1 << 20)
    assert [block.offset for block in extract.blocks] == [0]
    assert extract.end == 2


@pytest.mark.parametrize("offset", [-1, 5])
def test_an_offset_that_is_not_there_is_refused(offset: int) -> None:
    with pytest.raises(OffsetOutOfRange):
        read(stream_of(4), offset)


def test_what_is_asked_of_nothing_is_refused() -> None:
    kernel = stream_of(1)
    with pytest.raises(StreamNotFound):
        kernel.submit(Read(name="gone", offset=0), 1)
    with pytest.raises(PartitionNotFound):
        kernel.submit(Read(name="s", partition=1, offset=0), 1)


def test_blocks_on_disk_are_asked_for_together_and_not_too_many_at_once() -> None:
    kernel = stream_of(*[1] * (LOAD_AHEAD_MAX + 5))
    for block in kernel.state.stream("default", "s").partitions[0].blocks:
        block.bodies = None
    with pytest.raises(Needs) as needs:
        read(kernel, 0, bytes_max=1 << 30)
    assert len(needs.value.blocks) == LOAD_AHEAD_MAX


def test_what_is_in_memory_is_handed_out_before_anything_is_loaded() -> None:
    kernel = stream_of(1, 1, 1)
    kernel.state.stream("default", "s").partitions[0].blocks[2].bodies = None
    assert [block.offset for block in read(kernel, 0, bytes_max=1 << 20).blocks] == [0, 1]


@pytest.mark.parametrize(
    ("time_ms", "found"),
    [(0, (0, 1_000)), (1_001, (2, 2_000)), (3_000, (4, 3_000)), (3_001, (-1, -1))],
)
def test_the_first_block_that_is_as_young_as_asked_for_is_found(
    time_ms: int, found: tuple[int, int]
) -> None:
    kernel = stream_of(2, 2, 2)
    assert kernel.submit(FindTime(name="s", partition=0, time_ms=time_ms), 1) == found


def test_the_newest_of_all_need_not_be_the_last() -> None:
    kernel = stream_of(1, 1, 1)
    kernel.state.stream("default", "s").partitions[0].blocks[1].latest_ms = 9_000
    newest = FindTime(name="s", partition=0, time_ms=0, newest=True)
    assert kernel.submit(newest, 1) == (1, 9_000)


def test_what_was_stored_from_a_time_on_is_found_whatever_its_sender_says() -> None:
    kernel = stream_of(2, 3, 1)
    partition = kernel.state.stream("default", "s").partitions[0]
    partition.blocks[0].latest_ms = 99_000
    for time_ms, found in ((0, (0, 1_000)), (1_001, (2, 2_000)), (3_000, (5, 3_000))):
        assert (
            kernel.submit(FindTime(name="s", partition=0, time_ms=time_ms, stored=True), 1) == found
        )
    assert kernel.submit(FindTime(name="s", partition=0, time_ms=3_001, stored=True), 1) == (-1, -1)
    partition.blocks[1].stored = [2_000, 2_500, 2_900]
    assert kernel.submit(FindTime(name="s", partition=0, time_ms=2_501, stored=True), 1) == (
        4,
        2_900,
    )
    partition.committed = 5
    assert kernel.submit(FindTime(name="s", partition=0, time_ms=2_901, stored=True), 1) == (-1, -1)
