"""The pytest plugin: fixture `dragoman`, one broker in memory for the whole run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dragoman.testing.broker import RunningBroker


@pytest.fixture(scope="session")
def dragoman() -> Iterator["RunningBroker"]:
    """A broker on free ports, in memory; its clock moves when told to."""
    from dragoman.testing.broker import broker  # noqa: PLC0415 - loaded only where the fixture is used

    with broker() as running:
        yield running
