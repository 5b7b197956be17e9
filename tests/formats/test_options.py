import pytest

from dragoman.formats.errors import TooLarge
from dragoman.formats.meta import META_BYTES_MAX
from dragoman.formats.options import RenderOptions

FITS = "m" * META_BYTES_MAX
TOO_LONG = FITS + "m"


def test_no_loss_needs_no_meta_and_counts_nothing() -> None:
    options = RenderOptions(carry=False, strict=True)
    assert options.admit(None, 0) is None
    assert options.dropped_count == 0


def test_a_meta_within_its_limit_is_attached() -> None:
    options = RenderOptions(strict=True)
    assert options.admit(FITS, 0) == FITS
    assert options.dropped_count == 0


def test_one_past_its_limit_is_left_out_and_counted_where_limits_are_relaxed() -> None:
    options = RenderOptions()
    assert options.admit(TOO_LONG, 0) is None
    assert options.dropped_count == 1


def test_one_past_its_limit_is_refused_where_limits_are_strict() -> None:
    with pytest.raises(TooLarge) as caught:
        RenderOptions(strict=True).admit(TOO_LONG, 3)
    assert (caught.value.index, caught.value.meta_bytes) == (3, len(TOO_LONG))


def test_a_route_that_carries_nothing_counts_and_never_refuses() -> None:
    options = RenderOptions(carry=False, strict=True)
    assert options.admit(FITS, 0) is None
    assert options.admit(TOO_LONG, 1) is None
    assert options.dropped_count == 2
