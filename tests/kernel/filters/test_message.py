import pytest

from dragoman.kernel.filters.evaluation import EvaluationError
from dragoman.kernel.filters.message import all_headers, instant, plain_value, present
from dragoman.kernel.filters.times import Timestamp
from dragoman.kernel.filters.values import MISSING
from dragoman.model.message import Typed


def test_values_lose_their_widths_also_inside() -> None:
    nested = {"a": [Typed("u8", 1), {"b": Typed("symbol", "s")}], "c": (Typed("i8", 2),)}
    assert plain_value(nested) == {"a": [1, {"b": "s"}], "c": [2]}
    assert all_headers({"n": Typed("i8", 1)}) == {"n": 1}


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        plain_value(MISSING)
    with pytest.raises(EvaluationError):
        present(None)
    assert instant(1500) == Timestamp(1_500_000_000)
