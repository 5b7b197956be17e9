import pytest

from dragoman.formats.schemas.limits import Budget, SchemaMismatch


def test_a_budget_is_spent_to_the_last() -> None:
    budget = Budget(3)
    budget.take(3)
    with pytest.raises(SchemaMismatch):
        budget.take(1)
