"""Requests' heads, judged."""

import pytest
from tests.wire.http2.peer import GET

from dragoman.wire.http2.heads import Head, Malformed, check_trailers


def test_a_head_is_its_pseudo_headers_and_the_others_in_order() -> None:
    head = Head([*GET, (b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert (head.method, head.scheme, head.path, head.authority) == (
        b"GET",
        b"http",
        b"/a",
        b"here",
    )
    assert head.headers == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert (head.header(b"a"), head.header(b"c")) == (b"1", None)
    assert head.length == -1


def test_an_authority_may_be_missing_and_options_ask_about_everything() -> None:
    assert Head(GET[:-1]).authority is None
    assert Head([(b":method", b"OPTIONS"), (b":scheme", b"http"), (b":path", b"*")]).path == b"*"


@pytest.mark.parametrize(
    "fields",
    [
        [(b":method", b"GET"), (b":scheme", b"http")],
        [(b":method", b"GE T"), *GET[1:]],
        [*GET[:2], (b":path", b"a")],
        [*GET[:2], (b":path", b"*")],
        [*GET[:2], (b":path", b"/a b")],
        [*GET[:3], (b":authority", b"user@here")],
        [*GET, (b"host", b"there")],
        [*GET, (b"Name", b"v")],
        [*GET, (b"", b"v")],
        [*GET, (b"a b", b"v")],
        [*GET, (b"a", b"v\r\nb: c")],
        [*GET, (b"a", b" v")],
        [*GET, (b"a", b"v\t")],
        [*GET, (b"a", b"\0")],
        [*GET, (b"transfer-encoding", b"chunked")],
        [*GET, (b"upgrade", b"x")],
        [*GET, (b"content-length", b"-1")],
        [*GET, (b"content-length", b"1"), (b"content-length", b"2")],
    ],
)
def test_what_breaks_a_rule_is_malformed(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Malformed):
        Head(fields)


def test_trailers_have_no_pseudo_headers() -> None:
    check_trailers([(b"a", b"b")])
    with pytest.raises(Malformed):
        check_trailers([(b":status", b"200")])
