"""Faults planted in the kernel's features, one and more for each family: the seeds of the full run must find them all."""

import pytest
from tests.sim.actions import FAMILIES
from tests.sim.mutants import flows, leases
from tests.sim.mutants.register import MUTANTS
from tests.sim.test_mutants import Patch, is_found
from tests.sim.test_simulation import ALL_SEEDS, FOUND, Played, played

from dragoman.kernel.leases import lease

PLANTED = (flows, leases)  # by what they put into MUTANTS

pytestmark = pytest.mark.skipif(
    not str(lease.__file__).endswith(".py"), reason="compiled modules cannot be changed"
)


def lives_of(family: str) -> list[Played]:
    """Those of the full run that play it, and those that are always played."""
    always = [life for life in sorted(FOUND) if family in life[1]]
    return always + [life for life in played(ALL_SEEDS) if family in life[1]]


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_full_run_finds(name: str, monkeypatch: Patch) -> None:
    family, plant = MUTANTS[name]
    plant(monkeypatch)
    assert is_found(lives_of(family)), f"{name}: nobody noticed"


def test_every_family_has_a_mutant() -> None:
    assert {family for family, _ in MUTANTS.values()} == set(FAMILIES)
