import pytest

from dragoman.kernel.filters.evaluation import OutOfBudget
from dragoman.kernel.filters.output import OUTPUT_BYTES_MAX, bounded


def test_what_stands_in_it_many_times_counts_each_time() -> None:
    part = ["a" * 1_000] * 100
    assert bounded([part] * 5) == [part] * 5
    with pytest.raises(OutOfBudget):
        bounded([part] * 50)
    bomb: list[object] = ["x"]
    for _ in range(60):
        bomb = [bomb, bomb]
    with pytest.raises(OutOfBudget):
        bounded(bomb)


def test_texts_and_numbers_are_bounded_too() -> None:
    assert bounded(5) == 5
    with pytest.raises(OutOfBudget):
        bounded("a" * (OUTPUT_BYTES_MAX + 1))
    with pytest.raises(OutOfBudget):
        bounded({"a" * OUTPUT_BYTES_MAX: 1})
