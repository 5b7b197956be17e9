import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import CreateStream, Publish
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.records import Reserved, Skipped
from dragoman.kernel.reservation import (
    BLOCK_MAX,
    BLOCK_MIN,
    give_back,
    reservation,
    shown_at,
    skips,
)
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN


def with_stream(**settings: object) -> tuple[Kernel, Partition]:
    kernel = make_kernel()
    made = StreamSettings(retention_ms=-1, **settings)  # type: ignore[arg-type]
    kernel.submit(CreateStream(name="s", settings=made), 1)
    return kernel, kernel.state.stream("default", "s").partitions[0]


def publish(kernel: Kernel, count: int) -> int:
    return kernel.publish(Publish("default", Address("s"), 0, [b"x"] * count)).level


def reserve(kernel: Kernel) -> list[int]:
    """Offsets reserved now, as the runtime does at the end of a turn."""
    stream = kernel.state.stream("default", "s")
    records = reservation(stream, stream.partitions[0])
    kernel.commit(records)
    return [record.offset for record in records if isinstance(record, Reserved)]


def test_what_lies_past_the_safe_offsets_is_shown_only_when_it_is_synced() -> None:
    partition = Partition(0)
    partition.safe = 10
    assert [shown_at(partition, end, WRITTEN) for end in (9, 10, 11)] == [WRITTEN, WRITTEN, SYNCED]
    assert [shown_at(partition, 11, level) for level in (APPLIED, SYNCED)] == [APPLIED, SYNCED]


def test_a_confirm_says_so() -> None:
    kernel, partition = with_stream()
    assert publish(kernel, 1) == SYNCED
    partition.safe = 3
    assert [publish(kernel, 1), publish(kernel, 1), publish(kernel, 1)] == [
        WRITTEN,
        WRITTEN,
        SYNCED,
    ]


def test_blocks_are_reserved_ahead_and_grow_as_long_as_it_goes_on() -> None:
    kernel, partition = with_stream()
    publish(kernel, 1)
    assert reserve(kernel) == [1 + BLOCK_MIN]
    assert reserve(kernel) == []
    publish(kernel, BLOCK_MIN // 2 - 1)
    assert reserve(kernel) == []
    publish(kernel, 1)
    assert reserve(kernel) == [partition.end + 2 * BLOCK_MIN]
    for _ in range(20):
        publish(kernel, partition.reserved - partition.end)
        reserve(kernel)
    assert partition.reserved == partition.end + BLOCK_MAX


@pytest.mark.parametrize("settings", [{"durable": False}, {"level": SYNCED}, {"level": APPLIED}])
def test_streams_that_show_nothing_before_it_is_synced_or_never_reserve_nothing(
    settings: dict[str, object],
) -> None:
    kernel, _ = with_stream(**settings)
    publish(kernel, 1)
    assert reserve(kernel) == []


def test_a_start_skips_what_may_have_been_seen_once() -> None:
    kernel, partition = with_stream()
    publish(kernel, 5)
    reserve(kernel)
    kernel.commit(skips(kernel.state))
    assert isinstance(kernel.drain_records()[-1], Skipped)
    assert partition.end == partition.committed == 5 + BLOCK_MIN
    assert skips(kernel.state) == []
    assert kernel.publish(Publish("default", Address("s"), 0, [b"x"])).offset == 5 + BLOCK_MIN


def test_what_is_given_back_is_not_skipped_and_not_safe_any_more() -> None:
    kernel, partition = with_stream()
    publish(kernel, 5)
    reserve(kernel)
    partition.safe = partition.reserved
    give_back(kernel.state)
    assert skips(kernel.state) == []
    assert publish(kernel, 1) == SYNCED
    assert reserve(kernel) == [6 + BLOCK_MIN]
