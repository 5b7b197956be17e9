import pytest

from dragoman.console.admin.endpoint import PageQuery, decode_body, decode_query
from dragoman.console.admin.streams import NewStream
from dragoman.model.errors import InvalidArgument


def test_a_query_is_typed() -> None:
    query = decode_query(PageQuery, {"limit": "7", "contains": "x"})
    assert (query.limit, query.contains, query.namespace) == (7, "x", "default")


@pytest.mark.parametrize("pairs", [{"limit": "x"}, {"limt": "1"}])
def test_a_query_that_is_none_is_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument, match="query"):
        decode_query(PageQuery, pairs)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"name": 1}', b'{"name": "a", "x": 1}', b"\xff"]
)
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidArgument, match="body"):
        decode_body(NewStream, body)


def test_a_body_as_deep_as_it_likes_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        decode_body(NewStream, b'{"name":"a","settings":' + b"[" * 100_000)
