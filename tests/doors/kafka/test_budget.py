"""What may be spent a second."""

from dragoman.doors.kafka.budget import BUDGETS_MAX, BURST_MS, THROTTLE_MS_MAX, Budget, Budgets


def test_a_budget_earns_again_what_was_spent() -> None:
    budget = Budget(0)
    assert budget.charge(1_000, 1_000.0, 0) == 0
    assert budget.charge(500, 1_000.0, 0) == 501
    assert budget.charge(1, 1_000.0, 10 * BURST_MS) == 0


def test_nobody_is_told_to_wait_for_ever() -> None:
    assert Budget(0).charge(10**9, 1.0, 0) == THROTTLE_MS_MAX


def test_the_wait_is_kafkas_what_is_over_by_what_is_allowed_of_the_time() -> None:
    for observed, allowed in ((1_500, 1_000.0), (90, 30.0), (7, 4.0)):
        wait_ms = (observed - allowed) / allowed * BURST_MS
        assert Budget(0).charge(observed, allowed, 0) == int(wait_ms) + 1


def test_each_has_a_budget_of_its_own_and_too_many_begin_anew() -> None:
    budgets: Budgets[int] = Budgets()
    first = budgets.of(0, 0)
    assert budgets.of(0, 5) is first
    assert budgets.of(1, 0) is not first
    for key in range(2, BUDGETS_MAX + 1):
        budgets.of(key, 0)
    assert budgets.of(0, 0) is not first
