"""Blocks become extents and come back whole."""

from array import array
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.block import Block
from dragoman.kernel.commands import Producer
from dragoman.model.levels import AMQP091, KAFKA
from dragoman.runtime import extents
from dragoman.runtime.extents import (
    EXTENT_BYTES_MAX,
    EXTENT_MESSAGES_MAX,
    ExtentLoader,
    block_of,
    empty,
    encode_block,
    fill,
    from_runs,
    in_runs,
    join,
    merge,
    row_of,
)

PLACE = (3, 4_096, 77)


def made(offset: int, *bodies: bytes, stored_ms: int = 1_000, **more: Any) -> Block:
    block = Block(offset, offset + len(bodies), AMQP091, list(bodies), stored_ms)
    block.size = sum(map(len, bodies))
    for name, value in more.items():
        setattr(block, name, value)
    return block


def told(block: Block) -> tuple[object, ...]:
    """What readers see of a block."""
    return (
        (block.offset, block.end, block.format, block.packed, block.control, block.hops),
        (block.bodies, list(block.stored_of()), block.expires_ms, block.priorities, block.keys),
    )


def blocks_of(count: int) -> st.SearchStrategy[Block]:
    def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.none() | st.lists(values, min_size=count, max_size=count)

    return st.builds(
        lambda bodies, expires, priorities, keys, hops: made(
            7, *bodies, expires_ms=expires, priorities=priorities, keys=keys, hops=hops
        ),
        st.lists(st.binary(max_size=20), min_size=count, max_size=count),
        column(st.integers(0, 1 << 50)),
        column(st.integers(0, 255)),
        column(st.binary(max_size=8)),
        st.integers(0, 9),
    )


@given(st.integers(1, 5).flatmap(blocks_of))
def test_a_block_comes_back_from_its_extent_and_its_row_as_it_was(block: Block) -> None:
    data, row, before = encode_block(block), row_of(block, PLACE), told(block)
    again = block_of(row)
    assert (again.place, again.bodies, again.size) == (PLACE, None, block.size)
    fill(again, data)
    assert told(again) == before
    block.place = PLACE
    empty(block)
    assert (block.bodies, block.keys) == (None, None)
    fill(block, data)
    assert told(block) == before


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1 << 50)), max_size=9))
def test_times_in_runs_are_as_they_were(runs: list[tuple[int, int]]) -> None:
    times = [time_ms for count, time_ms in runs for _ in range(count)]
    told = in_runs(times)
    assert from_runs(told) == times
    assert told is not None and len(told) <= len(times) + 3


def test_times_that_are_mostly_apart_stay_as_they_are() -> None:
    times = list(range(100))
    assert in_runs(times) is times
    assert in_runs([5] * 100) == [extents.RUNS, 100, 5]
    assert in_runs([0] * 60 + [7] * 40) == [extents.RUNS, 60, 0, 40, 7]
    assert (in_runs(None), from_runs(None), from_runs([])) == (None, None, [])


def test_a_batch_keeps_its_producer_and_what_was_compacted_away() -> None:
    block = Block(10, 14, KAFKA, [b"batch"], 1_000)
    block.packed, block.producer, block.missing = True, Producer(1, 2, 3, 4, True), [(11, 12)]
    again = block_of(row_of(block, PLACE))
    fill(again, encode_block(block))
    assert again.packed
    assert again.missing == [(11, 12)]
    producer = again.producer
    assert producer is not None
    assert (producer.id, producer.epoch, producer.sequence, producer.count) == (1, 2, 3, 4)
    assert producer.transactional


def test_a_row_keeps_the_sizes_of_bodies_that_a_limit_asks_for() -> None:
    block = made(0, b"1", b"22", sizes=array("Q", [1, 2]))
    assert block_of(row_of(block, PLACE)).sizes == array("Q", [1, 2])


def test_the_bytes_of_another_block_are_not_taken_for_its_own() -> None:
    with pytest.raises(AssertionError, match="not this block"):
        fill(made(0, b"1"), encode_block(made(5, b"1")))
    with pytest.raises(msgspec.MsgspecError):
        fill(made(0, b"1"), b"rubbish")


def test_neighbours_that_are_alike_become_one_extent_of_about_so_many_bytes() -> None:
    body = b"x" * 20_000
    blocks = [made(at, body) for at in range(7)]
    groups = merge(blocks)
    assert [len(group) for group in groups] == [3, 3, 1]
    assert all(sum(block.size for block in group) <= EXTENT_BYTES_MAX for group in groups)


def test_an_extent_has_so_many_messages_at_most() -> None:
    small = [b""] * (EXTENT_MESSAGES_MAX // 2 + 1)
    first, second = made(0, *small), made(len(small), *small)
    assert merge([first, second]) == [[first], [second]]


@pytest.mark.parametrize(
    "unlike",
    [{"packed": True}, {"control": True}, {"hops": 1}, {"keys": [b"k"]}, {"missing": [(1, 2)]}],
)
def test_what_is_unlike_its_neighbour_has_an_extent_of_its_own(unlike: dict[str, Any]) -> None:
    assert [len(group) for group in merge([made(0, b"1"), made(1, b"2", **unlike)])] == [1, 1]


def test_a_gap_between_offsets_parts_extents() -> None:
    assert len(merge([made(0, b"1"), made(2, b"2")])) == 2


def test_what_is_joined_has_columns_for_all_of_it() -> None:
    group = [made(0, b"1"), made(1, b"2", b"3", stored_ms=2_000, priorities=[4, 5])]
    whole = join(group)
    assert (whole.offset, whole.end, whole.size, whole.frozen) == (0, 3, 3, True)
    assert (whole.bodies, whole.priorities) == ([b"1", b"2", b"3"], [0, 4, 5])
    assert list(whole.stored_of()) == [1_000, 2_000, 2_000]
    assert whole.expires_ms is None
    assert whole.newest_ms() == 2_000


def test_sizes_stay_what_they_were_when_blocks_are_joined() -> None:
    group = [
        made(0, b"head1", sizes=array("Q", [1])),
        made(1, b"h2", b"h33", sizes=array("Q", [1, 2])),
    ]
    sizes = join(group).sizes
    assert sizes is not None
    assert list(sizes) == [1, 1, 2]


class Segments:
    """What was written, by place; counts reads."""

    def __init__(self) -> None:
        self.data: dict[tuple[int, int, int], bytes] = {}
        self.reads = 0

    def read(self, segment: int, start: int, length: int) -> bytes:
        self.reads += 1
        return self.data[segment, start, length]


def written(segments: Any, offset: int, body: bytes) -> Block:
    block = made(offset, body)
    block.place = (1, offset, len(body))
    segments.data[block.place] = encode_block(block)
    empty(block)
    return block


@pytest.mark.skipif(not str(extents.__file__).endswith(".py"), reason="its bound is built in")
def test_the_longest_unused_bodies_go_once_there_are_more_than_the_cache_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extents, "CACHE_BYTES_MAX", 100)
    segments: Any = Segments()
    loader = ExtentLoader(segments)
    blocks = [written(segments, at, b"x" * 40) for at in range(4)]
    loader.load(blocks)
    assert all(block.bodies is not None for block in blocks), "nobody's are taken in mid-turn"
    loader.trim()
    assert [block.bodies is None for block in blocks] == [True, True, False, False]
    loader.load(blocks[2:])
    assert segments.reads == 4, "what is there is not read again"
    loader.forget(blocks[3])
    loader.load(blocks[:1])
    loader.trim()
    assert blocks[0].bodies is not None, "what was forgotten takes no room"
