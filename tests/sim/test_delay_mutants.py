"""Faults planted in delays, in what may be held at once and in documents: lives that play these must find them."""

from collections.abc import Callable

import pytest
from tests.sim.simulation import live

from dragoman.kernel.leases import delay, dispatch
from dragoman.ports.storage import StorageError
from dragoman.runtime import featurerows

SEEDS = 40  # within these each is found
Patch = pytest.MonkeyPatch

pytestmark = pytest.mark.skipif(
    not str(delay.__file__).endswith(".py"), reason="compiled modules cannot be changed"
)


def what_is_delayed_is_shown_at_once(patch: Patch) -> None:
    patch.setattr(delay, "_due", lambda subscription, partition, window, now_ms: (partition.end, 0))


def what_is_delayed_is_looked_at_once(patch: Patch) -> None:
    decide = delay._decide
    patch.setattr(delay, "_decide", lambda *asked: (decide(*asked)[0], 0))


def any_number_may_be_held(patch: Patch) -> None:
    patch.setattr(dispatch, "leasable", lambda subscription, most: most)


def checkpoints_pass_over_documents(patch: Patch) -> None:
    patch.setattr(featurerows, "_document_changes", lambda state: ())


PLANTED: list[tuple[Callable[[Patch], None], str]] = [
    (what_is_delayed_is_shown_at_once, "delays"),
    (what_is_delayed_is_looked_at_once, "delays"),
    (any_number_may_be_held, "delays"),
    (checkpoints_pass_over_documents, "keeping"),
]


def is_found(family: str) -> bool:
    for seed in range(SEEDS):
        try:
            live(seed, (family,))
        except (AssertionError, StorageError):  # judged, or refused at the start
            return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("plant", "family"), PLANTED)
def test_the_simulation_finds(
    plant: Callable[[Patch], None], family: str, monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    assert is_found(family), f"{plant.__name__}: nobody noticed"
