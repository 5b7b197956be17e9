"""A look finds in slices what one look at everything would, whatever comes and goes between two of them."""

import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.block import Block
from dragoman.kernel.compaction import NEVER, Look
from dragoman.kernel.dirtiness import LOOK_BLOCKS_MIN, begin_look, is_due, look_on
from dragoman.kernel.entities import Stream
from dragoman.kernel.settings import StreamSettings
from dragoman.kernel.state import State
from dragoman.model.levels import CANONICAL

BLOCKS = 9
SETTINGS = StreamSettings(retention_ms=-1, compact=True, dirty_percent=50)


@pytest.fixture
def state() -> State:
    """One stream of nine blocks of two messages and ten bytes, the last two on no disk yet."""
    state = make_kernel().state
    state.has_checkpoints = True
    stream = Stream(1, "default", "s", bytes(16), SETTINGS)
    state.streams[1] = stream
    partition = stream.partitions[0]
    for number in range(BLOCKS):
        block = Block(2 * number, 2 * number + 2, CANONICAL, [b"x" * 5] * 2, 100 + number)
        block.size = 10
        block.frozen = True
        block.place = (1, number, 1) if number < BLOCKS - 2 else None
        partition.append(block)
    partition.committed = partition.end
    return state


def look_through(state: State, blocks_max: int, dirty: int = 8) -> Look:
    state.compaction.cleaned[1, 0] = dirty
    look = begin_look(state, (1, 0), 200)
    assert look is not None
    for _ in range(BLOCKS + 1):
        if not look.is_over:
            assert look_on(state, state.streams[1], look, 200, blocks_max) >= LOOK_BLOCKS_MIN
    assert look.is_over
    return look


@pytest.mark.parametrize("blocks_max", [1, 2, 5, BLOCKS, 100])
def test_what_is_dirty_is_counted_up_to_what_no_checkpoint_has(
    state: State, blocks_max: int
) -> None:
    look = look_through(state, blocks_max)
    assert (look.limit, look.size, look.dirty_size, look.oldest_ms) == (14, 70, 30, 104)


def test_what_is_released_meanwhile_is_no_hindrance(state: State) -> None:
    state.compaction.cleaned[1, 0] = 0
    look = begin_look(state, (1, 0), 200)
    assert look is not None
    stream = state.streams[1]
    look_on(state, stream, look, 200, 1)
    stream.partitions[0].release(10)
    while not look.is_over:
        look_on(state, stream, look, 200, 1)
    assert (look.limit, look.size) == (14, 30)


def test_an_empty_partition_and_a_stream_that_is_gone_are_nothing(state: State) -> None:
    state.streams[1].partitions[0].release(2 * BLOCKS)
    look = look_through(state, 5)
    assert (look.limit, look.size) == (0, 0)
    assert not is_due(look, SETTINGS, NEVER, 200)
    assert begin_look(state, (2, 0), 200) is None


def test_a_round_is_due_when_enough_is_dirty_or_a_tombstone_may_go(state: State) -> None:
    assert not is_due(look_through(state, 5), SETTINGS, NEVER, 200)
    assert is_due(look_through(state, 5, dirty=6), SETTINGS, NEVER, 200)
    clean = look_through(state, 5, dirty=14)
    assert not is_due(clean, SETTINGS, 201, 200)
    assert is_due(clean, SETTINGS, 200, 200)


def test_a_round_is_due_when_something_is_dirty_for_too_long(state: State) -> None:
    look = look_through(state, 5)
    settings = StreamSettings(retention_ms=-1, compact=True, compact_within_ms=96)
    assert is_due(look, settings, NEVER, 201)
    assert not is_due(look, settings, NEVER, 200)
