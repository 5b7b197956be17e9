"""The tables through which features are joined to the kernel are whole."""

import importlib
import pkgutil
from collections.abc import Iterator

from tests.fakes.kernel import make_kernel

import dragoman.kernel
from dragoman.kernel import api, features
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.records import Record
from dragoman.kernel.replay import APPLY


def modules() -> Iterator[object]:
    path = dragoman.kernel.__path__
    for found in pkgutil.walk_packages(path, "dragoman.kernel."):
        yield importlib.import_module(found.name)


def tables(name: str) -> list[object]:
    """Every table of that name that a module of the kernel keeps."""
    return [key for module in modules() for key in getattr(module, name, ())]


def test_every_command_that_a_module_answers_reaches_its_handler() -> None:
    kernel: Kernel = make_kernel()
    assert set(tables("HANDLERS")) == set(kernel._handlers)


def test_every_command_of_the_features_can_be_said_by_a_door() -> None:
    offered = {value for value in vars(api).values() if isinstance(value, type)}
    assert set(features.HANDLERS) <= offered


def test_every_record_of_a_feature_is_carried_out_at_a_restart() -> None:
    assert all(issubclass(kind, Record) for kind in features.APPLY)
    assert set(features.APPLY) <= set(APPLY)


def test_a_kernel_that_nothing_happened_to_waits_for_nothing() -> None:
    kernel = make_kernel()
    assert features.next_elapsed_ms(kernel.state) == []
    assert features.next_wall_ms(kernel.state) == []
    assert not features.sweep_features(kernel)


def test_one_step_of_each_is_taken_though_another_has_more_to_do() -> None:
    steps: list[str] = []

    def step(name: str, more: bool) -> object:
        def sweep(_: object) -> bool:
            steps.append(name)
            return more

        return sweep

    kept = features.SWEEPS
    features.SWEEPS = (step("a", True), step("b", False))  # type: ignore[misc, assignment]
    try:
        assert features.sweep_features(make_kernel())
    finally:
        features.SWEEPS = kept  # type: ignore[misc]
    assert steps == ["a", "b"]
