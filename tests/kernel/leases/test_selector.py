"""What one receiver wants of a block, message by message."""

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.kernel import FakeTranslator

from dragoman.kernel.block import Block
from dragoman.kernel.filters.jms import compile_selector
from dragoman.kernel.leases.selector import Selector
from dragoman.model.levels import CANONICAL

BASE = 7


def block_of(wanted: list[bool], *, packed: bool) -> Block:
    lines = [b"m;colour=red" if one else b"m;colour=blue" for one in wanted]
    made = Block(BASE, BASE + len(wanted), CANONICAL, [b"\n".join(lines)] if packed else lines, 0)
    made.packed = packed
    return made


def red() -> Selector:
    return Selector(compile_selector("colour = 'red'"), FakeTranslator())


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, 4), st.booleans())
def test_all_that_is_wanted_is_found_once_in_runs_and_each_is_looked_at_once(
    wanted: list[bool], count_max: int, packed: bool
) -> None:
    selector, block = red(), block_of(wanted, packed=packed)
    found: list[int] = []
    at, end = BASE, BASE + len(wanted)
    while at < end:
        run, seen = selector.find(block, at, end, count_max)
        assert at < seen <= end
        if run is not None:
            assert at <= run[0] < run[1] <= seen
            assert run[1] - run[0] <= count_max
            found += range(*run)
        at = seen
    assert found == [BASE + n for n, one in enumerate(wanted) if one]
    assert selector.looked == len(wanted)


def test_offsets_of_a_batch_that_hold_nothing_are_not_wanted() -> None:
    selector, block = red(), block_of([True], packed=True)
    block.end = BASE + 3
    assert selector.find(block, BASE, block.end, 9) == ((BASE, BASE + 1), BASE + 2)
    assert selector.find(block, BASE + 2, block.end, 9) == (None, BASE + 3)
