from typing import get_args

import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.dialects import DIALECTS, filter_as_cel, filter_in
from dragoman.kernel.settings import FilterDialect
from dragoman.model.errors import InvalidArgument


def test_every_dialect_that_settings_may_name_is_known() -> None:
    assert set(DIALECTS) == set(get_args(FilterDialect))


def test_a_filter_is_of_its_dialect() -> None:
    assert filter_in("cel", {}) is None
    assert filter_as_cel("cel", {}) == ""
    found = filter_in("cel", {"expression": "h.a == 1"})
    assert found is not None
    assert found.matches(Source({"a": 1}))
    rules = {"rules": [{"name": "r", "kind": "sql", "expression": "NOT a = 1"}]}
    sql = filter_in("servicebus", rules)
    assert sql is not None
    assert not sql.matches(Source({"a": None})), "null counts as missing there"
    assert filter_as_cel("servicebus", rules) == "(known(h.a) && h.a != 1)"
    assert filter_as_cel("headers", {"a": 1}) == "h.a == 1"
    with pytest.raises(InvalidArgument):
        filter_in("cel", {"a": 1})
