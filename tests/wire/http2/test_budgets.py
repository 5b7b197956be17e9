"""Buckets that fill with time."""

import pytest

from dragoman.wire.http2.budgets import IDLES, IDLES_A_MOVE, Budget, Patience
from dragoman.wire.http2.errors import ENHANCE_YOUR_CALM, ConnectionFault


def test_a_burst_is_spent_and_time_gives_some_back() -> None:
    budget = Budget(3, 2)
    assert [budget.spend(0) for _ in range(4)] == [True, True, True, False]
    assert not budget.spend(499)
    assert budget.spend(999)


def test_no_more_than_the_burst_is_saved() -> None:
    budget = Budget(2, 10)
    budget.spend(0)
    assert [budget.spend(60_000) for _ in range(3)] == [True, True, False]
    budget.earn(100)
    assert [budget.spend(60_000) for _ in range(3)] == [True, True, False]


def test_who_uses_one_up_is_told_to_be_calm() -> None:
    patience = Patience()
    for _ in range(IDLES[0]):
        patience.idle()
    with pytest.raises(ConnectionFault) as caught:
        patience.idle()
    assert caught.value.code == ENHANCE_YOUR_CALM


def test_what_we_send_gives_some_back() -> None:
    patience = Patience()
    patience.look(0, 0)
    for _ in range(IDLES[0]):
        patience.idle()
    patience.look(0, 1)
    for _ in range(IDLES_A_MOVE):
        patience.idle()
    with pytest.raises(ConnectionFault):
        patience.idle()
