"""Faults to plant in the kernel, by the family of the simulation that must find them."""

from collections.abc import Callable
from typing import Any

from tests.sim.test_mutants import Patch

from dragoman.kernel import replay
from dragoman.runtime import featurerows, gathering

MUTANTS: dict[str, tuple[str, Callable[[Patch], None]]] = {}


def mutant(family: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def note(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS[plant.__name__] = (family, plant)
        return plant

    return note


def nothing(*args: Any, **kwargs: Any) -> None:
    """What is left out."""


def record_is_passed_over(patch: Patch, kind: type) -> None:
    patch.setitem(replay.APPLY, kind, nothing)


def rows_are_not_written(patch: Patch, table: str) -> None:
    real = featurerows.feature_changes
    patch.setattr(
        gathering,
        "feature_changes",
        lambda state: (change for change in real(state) if change[0] != table),
    )
