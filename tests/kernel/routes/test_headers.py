import pytest
from tests.kernel.filters.cases import Source
from tests.kernel.routes.made import bound, targets

from dragoman.kernel.routes.headers import Headers
from dragoman.model.errors import InvalidArgument


def test_a_message_goes_where_its_headers_fit_oldest_first() -> None:
    headers = Headers()
    all_of = bound(headers, "all", "", {"tier": "gold", "n": 1})
    bound(headers, "any", "", {"x-match": "any", "tier": "gold", "n": 1})
    bound(headers, "every", "", {})
    assert targets(headers.match("", Source({"tier": "gold", "n": 1}), 0)) == [
        "all",
        "any",
        "every",
    ]
    assert targets(headers.match("", Source({"n": 1}), 0)) == ["any", "every"]
    headers.remove(all_of)
    assert targets(headers.match("", Source({"tier": "gold", "n": 1}), 0)) == ["any", "every"]


def test_without_bindings_no_fields_are_needed() -> None:
    headers = Headers()
    assert not headers.needs_fields()
    assert headers.match("k", None, 0) == ()
    binding = bound(headers, "t", "", {"a": 1})
    assert headers.needs_fields()
    headers.remove(binding)
    assert not headers.needs_fields()


def test_a_binding_that_cannot_be_understood_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        Headers().check("", {"x-match": "some"})
    with pytest.raises(InvalidArgument):
        Headers().check("", {"a": float("nan")})
