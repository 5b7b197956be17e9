import pytest

from dragoman.formats.lift import Spelling, is_utf8, set_text, trace_headers
from dragoman.formats.meta import META_NAME
from dragoman.model.message import Header, Message

SPELLING = Spelling("ce_", {"type": set_text("type"), "id": set_text("id")})
EVENT: list[Header] = [("ce_specversion", "1.0"), ("ce_source", "/shop")]


def lifted(*headers: Header) -> Message:
    message = Message(b"x", list(headers))
    SPELLING.lift(message)
    return message


def test_a_header_of_a_fields_name_becomes_the_field() -> None:
    message = lifted(("a", "1"), ("type", "order"), ("b", "2"))
    assert message.type == "order"
    assert message.headers == [("a", "1"), ("b", "2")]


def test_of_a_name_the_first_that_suits_is_the_field_and_the_others_stay() -> None:
    message = lifted(("type", b"\xff"), ("type", "order"), ("type", "again"))
    assert message.type == "order"
    assert message.headers == [("type", b"\xff"), ("type", "again")]


def test_attributes_of_an_event_are_lifted_where_its_version_is_there() -> None:
    message = lifted(*EVENT, ("ce_id", "7"), ("ce_Odd", "x"), ("other", "y"))
    assert message.event == {"specversion": "1.0", "source": "/shop", "id": "7"}
    assert message.headers == [("ce_Odd", "x"), ("other", "y")]
    assert SPELLING.event_headers(message) == [("ce_id", "7"), *reversed(EVENT)]


def test_without_a_version_they_are_headers_that_look_alike() -> None:
    message = lifted(("ce_source", "/shop"))
    assert message.event is None
    assert message.headers == [("ce_source", "/shop")]
    assert SPELLING.event_headers(message) == []


def test_a_trace_needs_its_parent() -> None:
    assert lifted(("tracestate", "s")).trace is None
    message = lifted(("tracestate", "s"), ("traceparent", "p"))
    assert message.trace == ("p", "s")
    assert message.headers == []
    assert trace_headers(message) == [("traceparent", "p"), ("tracestate", "s")]


def test_a_trace_that_is_no_text_is_not_written() -> None:
    message = Message(b"x")
    message.trace = ("\udcff", None)
    assert trace_headers(message) == []
    message.trace = ("p", "\udcff")
    assert trace_headers(message) == [("traceparent", "p")]


def test_our_meta_is_applied_and_removed_and_anything_else_of_its_name_stays() -> None:
    meta = '{"f":[["priority",null,["u8",7]]]}'
    message = lifted((META_NAME, meta), (META_NAME, meta))
    assert message.headers == [(META_NAME, meta)], "the first was ours, the second is a header"
    assert lifted((META_NAME, "no meta")).headers == [(META_NAME, "no meta")]


@pytest.mark.parametrize(
    ("name", "is_event", "is_reserved"),
    [
        ("type", False, True),
        (META_NAME, False, True),
        ("traceparent", False, True),
        ("tier", False, False),
        ("ce_source", False, False),
        ("ce_specversion", False, True),
        ("ce_source", True, True),
        ("ce_Odd", True, False),
    ],
)
def test_a_header_that_would_be_taken_for_something_else_is_reserved(
    name: str, is_event: bool, is_reserved: bool
) -> None:
    message = Message(b"x")
    message.event = {"specversion": "1.0"} if is_event else None
    assert SPELLING.is_reserved(name, message) == is_reserved
    assert SPELLING.is_suspect(name) or not is_reserved


@pytest.mark.parametrize(("text", "is_so"), [("", True), ("é", True), ("\udcff", False)])
def test_surrogate_escapes_are_no_text(text: str, is_so: bool) -> None:
    assert is_utf8(text) == is_so
