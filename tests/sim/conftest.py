"""`pytest tests/sim --seed N --families orders,sessions` plays that one life again; SIM_SEED does for the seed."""

import os
from collections.abc import Iterator

import pytest

from dragoman.kernel.empties import NO_COUNTS, NO_DICT, NO_LIST


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="one seed of the simulation, again")
    parser.addoption("--families", default=None, help="what it plays, instead of what it would")


@pytest.fixture(autouse=True)
def nothing_is_left_in_what_all_share() -> Iterator[None]:
    """What a planted fault has put there is not the next test's."""
    yield
    NO_LIST.clear()
    NO_DICT.clear()
    NO_COUNTS[:] = [0] * len(NO_COUNTS)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int | None:
    given = request.config.getoption("--seed", None)
    text = os.environ.get("SIM_SEED", "")
    return int(text) if given is None and text else given


@pytest.fixture
def families(request: pytest.FixtureRequest) -> tuple[str, ...] | None:
    given = request.config.getoption("--families", None)
    if given is None:
        return None
    return tuple(name for name in given.split(",") if name != "none")
