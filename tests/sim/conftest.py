"""`pytest tests/sim --seed N` plays that one seed again; the environment's SIM_SEED does the same."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="one seed of the simulation, again")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int | None:
    given = request.config.getoption("--seed", None)
    text = os.environ.get("SIM_SEED", "")
    return int(text) if given is None and text else given
