"""A million hostile inputs for each door, from seeds that no other suite uses; see tests/fuzz."""

from typing import Any

import pytest
from tests.doors.cloudtasks.test_hostile import hostile
from tests.fuzz.doors import DOORS
from tests.fuzz.run import described, run

INPUTS = 100_000
SEEDS = range(1_000, 1_010)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DOORS)
def test_a_door_survives_a_hundred_thousand_more(name: str, seed: int, capsys: Any) -> None:
    result = run(name, INPUTS, seed)
    with capsys.disabled():
        print(f"\n{name}, seed {seed}: {described(result)}")
    assert result.inputs == INPUTS


@pytest.mark.parametrize("seed", SEEDS)
def test_cloud_tasks_survives_a_hundred_thousand_hostile_requests(seed: int) -> None:
    hostile(INPUTS * 4 // 5, INPUTS // 5, seed)
