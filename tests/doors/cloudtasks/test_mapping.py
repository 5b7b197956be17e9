"""A task through its message and back; messages of others as requests."""

from hypothesis import given
from hypothesis import strategies as st
from tests.formats.strategies import messages

from dragoman.doors.cloudtasks.mapping import (
    Way,
    entry_of,
    headers_of,
    is_header,
    is_host,
    is_settable,
    is_target,
    message_of,
    way_of,
)
from dragoman.formats import decode
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message

TOKENS = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(is_settable)
VALUES = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
WAYS = st.builds(
    Way,
    st.just("http://a/b"),
    st.integers(1, 7),
    st.integers(15_000, 1_800_000),
    st.just(""),
    st.tuples(st.text(max_size=9), st.text(max_size=9)),
)


@given(st.dictionaries(TOKENS, VALUES, max_size=5), st.binary(max_size=99), WAYS)
def test_a_task_comes_back_as_it_was_made(headers: dict[str, str], body: bytes, way: Way) -> None:
    way.task, way.made_ms = "id", 5
    message = decode(CANONICAL, entry_of(message_of(body, headers, way, 9)))
    assert (message.body, message.id, message.dedup) == (body, "id", "id")
    assert (message.created_at_ms, message.deliver_at_ms) == (5, 9)
    assert message.content_type == headers.get("content-type")
    assert way_of(message) == way
    assert {name.lower(): value for name, value in headers_of(message)} == headers


@given(messages())
def test_of_any_message_only_what_http_can_say_becomes_a_header(message: Message) -> None:
    found = headers_of(message)
    assert all(is_header(name, value) and is_settable(name) for name, value in found)
    assert len({name.lower() for name, _ in found}) == len(found)


def test_what_is_not_the_tasks_to_say_is_left_out() -> None:
    headers = {"Host": "b", "X-CloudTasks-TaskName": "c", "X-A": "d"}
    message = message_of(b"", headers, Way("http://a/"), 0)
    assert headers_of(message) == [("X-A", "d")]


def test_a_message_of_another_protocol_says_nothing_of_where_it_goes() -> None:
    message = Message(b"x")
    assert way_of(message) is None
    message.rest = {"cloudtasks": b"\xff{"}
    assert way_of(message) is None


def test_a_message_can_be_sent_another_way_and_is_else_as_it_was() -> None:
    message = message_of(b"x", {"a": "b"}, Way("http://a/", made_ms=5), 9)
    again = decode(CANONICAL, entry_of(message, Way("http://b/", task="c")))
    assert way_of(again) == Way("http://b/", task="c")
    assert (again.body, again.headers, again.created_at_ms) == (b"x", [("a", "b")], 5)


def test_hosts_and_the_rest_of_a_url_are_told_from_what_would_break_one() -> None:
    assert all(map(is_host, ("a", "a.b-c", "127.0.0.1", "::1", "[::1]")))
    assert not any(map(is_host, ("", "a b", "a/b", "a:1@b", "a\r\n", "x" * 300)))
    assert all(map(is_target, ("", "/a?b=%20")))
    assert not any(map(is_target, ("/a b", "/\r\nX: y", "/\u00e9")))
