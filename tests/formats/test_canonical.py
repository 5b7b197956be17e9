import json

import msgspec
import pytest
from hypothesis import given
from tests.formats.strategies import messages

from dragoman.formats import canonical
from dragoman.formats.errors import FormatError
from dragoman.model.message import FIELDS, Message, Typed, identical


@given(messages())
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    found = canonical.decode(canonical.encode(message))
    for name in FIELDS:
        before, after = getattr(message, name), getattr(found, name)
        if name == "headers":
            before, after = list(before), list(after)
            assert [each[0] for each in before] == [each[0] for each in after]
            assert all(identical(a[1], b[1]) for a, b in zip(before, after, strict=True))
        else:
            assert before == after or identical(before, after), name


def test_the_bytes_on_disk_are_plain_messagepack_of_what_was_said() -> None:
    message = Message(b"body", [("tier", "gold"), ("n", 5)])
    message.type = "t"
    message.created_at_ms = 7
    assert msgspec.msgpack.decode(canonical.encode(message)) == {
        "body": b"body",
        "type": "t",
        "created_at_ms": 7,
        "headers": [["tier", "gold"], ["n", 5]],
    }


def test_a_message_that_an_earlier_version_stored_is_read_for_ever() -> None:
    stored = (
        b'\x83\xa4body\xc4\x01x\xadcreated_at_ms\x05\xa7headers\x91\x92\xa1n\xc7\t\x01["u64",7]'
    )
    message = canonical.decode(stored)
    assert (message.body, message.created_at_ms) == (b"x", 5)
    assert message.headers == [("n", Typed("u64", 7))]


def test_what_messagepack_lacks_is_typed_json_under_one_code() -> None:
    message = Message(b"", [("n", Typed("i8", -1))])
    found = msgspec.msgpack.decode(canonical.encode(message))["headers"][0][1]
    assert (found.code, json.loads(found.data)[0]) == (1, "i8")


def test_an_extension_of_another_code_is_refused() -> None:
    stored = msgspec.msgpack.encode({"headers": [["n", msgspec.msgpack.Ext(2, b"")]]})
    with pytest.raises(FormatError, match="extension 2"):
        canonical.decode(stored)


def test_the_time_of_storing_is_the_entrys_unless_it_was_kept() -> None:
    message = Message(b"x")
    assert canonical.decode(canonical.encode(message), 5).stored_at_us == 5_000
    message.stored_at_us = 9
    assert canonical.decode(canonical.encode(message), 5).stored_at_us == 9


def test_messages_are_rendered_one_by_one() -> None:
    entries = canonical.render([(Message(b"%d" % n), None) for n in range(3)])
    assert [canonical.decode(entry).body for entry in entries] == [b"0", b"1", b"2"]
