from email.utils import formatdate

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.http.response import CONTINUE, REASONS, Dates, date_of, encode_response

DATE = b"Thu, 01 Jan 1970 00:00:00 GMT"


@given(st.integers(0, 4_000_000_000))
def test_dates_are_spelled_as_http_wants_them(second: int) -> None:
    assert date_of(second).decode() == formatdate(second, usegmt=True)


def test_the_date_moves_with_the_second() -> None:
    dates = Dates()
    assert dates.at(999) == dates.at(0) == DATE
    assert dates.at(1000) == b"Thu, 01 Jan 1970 00:00:01 GMT"


def test_an_answer_is_one_piece() -> None:
    data = encode_response(200, [(b"x-a", b"1")], b"hi", DATE)
    assert data == (
        b"HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 2\r\ndate: " + DATE + b"\r\n\r\nhi"
    )


@pytest.mark.parametrize(("closes", "keeps"), [(True, False), (False, True), (False, False)])
def test_the_connection_header_says_what_comes_of_it(closes: bool, keeps: bool) -> None:
    data = encode_response(200, (), b"", DATE, closes=closes, keeps=keeps)
    assert (b"connection: close" in data) == closes
    assert (b"connection: keep-alive" in data) == keeps


def test_head_tells_the_length_of_what_it_leaves_out() -> None:
    data = encode_response(200, (), b"hello", DATE, is_head=True)
    assert b"content-length: 5\r\n" in data
    assert data.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_where_there_is_no_body_there_is_no_length(status: int) -> None:
    data = encode_response(status, (), b"dropped", DATE)
    assert b"content-length" not in data
    assert data.endswith(b"\r\n\r\n")


def test_a_value_cannot_break_the_line() -> None:
    data = encode_response(200, [(b"x", b"a\r\nset-cookie: b")], b"", DATE)
    assert b"\r\nx: a  set-cookie: b\r\n" in data


@pytest.mark.parametrize("status", [*REASONS, 299])
def test_another_reader_understands_each_status(status: int) -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(CONTINUE + encode_response(status, [(b"x", b"y")], b"ab", DATE))
    assert isinstance(client.next_event(), h11.InformationalResponse)
    response = client.next_event()
    assert isinstance(response, h11.Response)
    assert response.status_code == status
    assert (b"x", b"y") in list(response.headers)
