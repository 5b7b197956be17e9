import pytest

from dragoman.model.storable import are_storable


@pytest.mark.parametrize("number", [0, -(1 << 63), (1 << 64) - 1])
def test_sixty_four_bits_are_stored(number: int) -> None:
    assert are_storable({"a": [number, 1e308, "text"]})


@pytest.mark.parametrize("value", [-(1 << 63) - 1, 1 << 64, "\udc8c"])
def test_more_are_not_nor_is_text_that_cannot_be_written(value: object) -> None:
    assert not are_storable({"a": [{"b": value}]})
