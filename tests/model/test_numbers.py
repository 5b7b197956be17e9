import pytest

from dragoman.model.numbers import are_storable


@pytest.mark.parametrize("number", [0, -(1 << 63), (1 << 64) - 1])
def test_sixty_four_bits_are_stored(number: int) -> None:
    assert are_storable({"a": [number, 1e308, "text"]})


@pytest.mark.parametrize("number", [-(1 << 63) - 1, 1 << 64])
def test_more_are_not(number: int) -> None:
    assert not are_storable({"a": [{"b": number}]})
