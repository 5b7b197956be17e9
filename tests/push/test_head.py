import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.ports.outbound import Outgoing
from dragoman.push.blocked import Blocked
from dragoman.push.head import FRAMING, head_of
from dragoman.push.urls import place_of

PLACE = place_of("https://hooks.example:8443/path?query=1")


def head(method: str = "POST", body: bytes = b"", **headers: str) -> str:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return head_of(Outgoing(method, "", named, body, 1), PLACE, "Dragoman/1").decode()


def test_a_head_is_a_line_a_host_and_what_was_given() -> None:
    assert head(body=b"12", x_a="1") == (
        "POST /path?query=1 HTTP/1.1\r\nHost: hooks.example:8443\r\nx-a: 1\r\n"
        "User-Agent: Dragoman/1\r\nContent-Length: 2\r\n\r\n"
    )


def test_only_methods_that_may_have_a_body_always_say_how_long_it_is() -> None:
    assert "Content-Length: 0\r\n" in head("POST")
    assert "Content-Length" not in head("GET")
    assert "Content-Length: 1\r\n" in head("DELETE", b"x")


def test_who_sends_may_give_itself_another_name() -> None:
    found = head(user_agent="Mine/2")
    assert "user-agent: Mine/2" in found
    assert "Dragoman" not in found


@pytest.mark.parametrize("name", sorted(FRAMING))
def test_what_frames_a_message_is_left_out(name: str) -> None:
    request = Outgoing("POST", "", [(name.title(), "mine")], b"", 1)
    assert b"mine" not in head_of(request, PLACE, "x")


@pytest.mark.parametrize("method", ["", "post", "CONNECT", "TRACE", "GET /", "G\r\nX"])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(Blocked):
        head(method)


@given(st.text(), st.text())
def test_nothing_that_is_given_makes_a_line_of_its_own(name: str, value: str) -> None:
    try:
        found = head_of(Outgoing("GET", "", [(name, value)], b"", 1), PLACE, "x")
    except Blocked:
        return
    assert found.count(b"\r\n") == found.count(b"\n") == found.count(b"\r") <= 5
