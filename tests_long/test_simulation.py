"""Ten times as many lives of a simulated node as every change gets; see tests/sim."""

import pytest
from tests.sim.test_simulation import ALL_SEEDS, played, run

BLOCK = 100
BLOCKS = range(ALL_SEEDS.stop, 10 * ALL_SEEDS.stop, BLOCK)


@pytest.mark.parametrize("first", BLOCKS)
def test_a_hundred_more_lives_keep_every_promise(first: int) -> None:
    assert sum(run(played(range(first, first + BLOCK))).values()) > 0
