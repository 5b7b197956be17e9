"""Deaths and assignments, in AMQP 1.0's words."""

from uuid import UUID

import pytest

from dragoman.formats import amqp10edit, render
from dragoman.formats.amqp10 import decode
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP10
from dragoman.model.message import Message, Typed
from dragoman.ports.translator import Change, Death
from dragoman.wire.amqp10.decode import decode as decode_value
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.sections import split_entry
from dragoman.wire.amqp10.values import Symbol


def entry_of(ttl: int | None = None) -> bytes:
    message = Message(b"x", [("a", "1")])
    message.expires_at_ms = ttl
    return render([(message, None)], AMQP10, RenderOptions("q"))[0]


def told(entry: bytes | None) -> tuple[object, object]:
    assert entry is not None
    headers = dict(decode(entry).headers)
    return headers["DeadLetterReason"], headers["DeadLetterErrorDescription"]


@pytest.mark.parametrize(
    ("reason", "text", "expected"),
    [
        ("rejected", "Mine\nwhat I say", ("Mine", "what I say")),
        ("rejected", "", ("", "")),
        ("expired", "", ("TTLExpiredException", "The message expired and was dead lettered.")),
        ("delivery_limit", "last words", ("MaxDeliveryCountExceeded", "last words")),
        ("maxlen", "", ("maxlen", "")),
    ],
)
def test_a_reason_is_told_as_service_bus_tells_it(
    reason: str, text: str, expected: tuple[str, str]
) -> None:
    assert (
        told(amqp10edit.dead_letter(entry_of(), Death(reason, "orders", 5, "", text))) == expected
    )


def test_a_dead_letter_names_its_queue_and_does_not_expire_again() -> None:
    entry = amqp10edit.dead_letter(entry_of(1_000), Death("expired", "orders", 5, ""))
    assert entry is not None
    parts = split_entry(entry)
    annotations = decode_value(entry, parts.annotations)[0].value
    assert annotations["x-opt-deadletter-source"] == "orders"
    assert [death["reason"] for death in annotations["x-opt-deaths"]] == ["expired"]
    assert decode(entry).expires_at_ms is None


def test_one_that_goes_in_a_circle_is_dropped() -> None:
    entry = amqp10edit.dead_letter(entry_of(), Death("expired", "orders", 5, ""))
    assert entry is not None
    assert amqp10edit.dead_letter(entry, Death("expired", "orders", 9, "")) is None
    assert amqp10edit.dead_letter(entry, Death("rejected", "orders", 9, "")) is not None


def test_headers_are_set_and_the_body_stays() -> None:
    entry = amqp10edit.with_headers(entry_of(), (("a", "2"), ("b", "3")))
    found = decode(entry)
    assert (dict(found.headers), found.body) == ({"a": "2", "b": "3"}, b"x")


@pytest.mark.parametrize("edit", ["with_headers", "dead_letter", "revived"])
def test_bytes_that_are_no_message_are_refused(edit: str) -> None:
    argument = {
        "with_headers": ((("a", "b"),),),
        "dead_letter": (Death("rejected", "q", 1, ""),),
        "revived": (),
    }[edit]
    with pytest.raises(FormatError):
        getattr(amqp10edit, edit)(b"x-opt-deadletter-source", *argument)


def test_an_action_changes_what_it_names_and_nothing_else() -> None:
    message = Message(b"x", [("a", "1"), ("b", Typed("i8", 2)), ("c", UUID(int=3))])
    message.id, message.type, message.group, message.correlation = "m", "t", "g", 7
    message.rest = {"amqp10": encode({"annotations": {Symbol("x-mine"): 1}})}
    entry = render([(message, None)], AMQP10, RenderOptions("q"))[0]
    change = Change()
    change.headers = {"a": Typed("i32", 5), "c": None, "d": UUID(int=4), "absent": None}
    change.fields = {"type": "other", "group": None, "content_type": "text/plain"}
    found = decode(amqp10edit.changed(entry, change))
    assert dict(found.headers) == {"b": Typed("i8", 2), "a": Typed("i32", 5), "d": UUID(int=4)}
    assert (found.id, found.type, found.group, found.content_type) == (
        "m",
        "other",
        None,
        "text/plain",
    )
    assert (found.correlation, found.body, found.rest) == (
        decode(entry).correlation, b"x", decode(entry).rest,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "fields"),
    [({"a": [1]}, {}), ({}, {"content_type": "é"}), ({}, {"to": "\ud800"})],
)
def test_what_amqp_cannot_say_is_refused(
    headers: dict[str, object], fields: dict[str, str | bytes | int | None]
) -> None:
    change = Change()
    change.headers, change.fields = headers, fields
    with pytest.raises(FormatError):
        amqp10edit.changed(entry_of(), change)
