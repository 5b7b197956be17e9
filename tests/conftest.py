"""For every test: how hard Hypothesis searches, no compiled module older than its source, less work for the collector."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from tools.compile import is_stale

gc.disable()  # while tests are found: thousands of files are rewritten, and little of that is garbage
CALM = [HealthCheck.too_slow]  # a loaded machine is no fault of the data

settings.register_profile("dev", max_examples=12, deadline=None, suppress_health_check=CALM)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=CALM
)
settings.register_profile("nightly", max_examples=5_000, deadline=None, suppress_health_check=CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """A stale extension would be tested in place of its source."""
    if is_stale():
        raise pytest.UsageError(
            "compiled modules are older than their sources: make compile, or make pure"
        )


def pytest_collection_finish() -> None:
    """Thousands of tests stay till the end: the garbage collector need not look at them each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What a file of clients left open is told of at its end, not of a later file that does no such thing."""
    yield
    is_last = nextitem is None or nextitem.path != item.path
    if is_last and item.get_closest_marker("clients"):
        gc.collect()
