"""Entries and feeds, and bodies that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.servicebus.atom.client import Admin, described

from dragoman.doors.servicebus.atom.documents import (
    Entry,
    description_in,
    entry,
    feed,
    local,
    tag,
    text_in,
)
from dragoman.doors.servicebus.atom.errors import AtomError

BOMB = b"""<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<entry xmlns="http://www.w3.org/2005/Atom"><content><QueueDescription>&lol2;</QueueDescription></content></entry>"""
EXTERNAL = b"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><entry>&e;</entry>"""


def test_a_description_is_found_whatever_prefixes_its_client_has() -> None:
    body = described("QueueDescription", "<LockDuration>PT1M</LockDuration>")
    found = description_in(body, ["QueueDescription"])
    assert text_in(found, "LockDuration") == "PT1M"
    assert text_in(found, "Status") is None
    prefixed = b'<a:entry xmlns:a="x"><b:QueueDescription xmlns:b="y"/></a:entry>'
    assert local(description_in(prefixed, ["QueueDescription"])) == "QueueDescription"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        BOMB,
        EXTERNAL,
        b"\xff\xfe",
        b"<entry/>",
        b"<?xml version='1.0' encoding='x'?><a/>",
    ],
)
def test_bombs_and_what_is_no_description_are_refused(body: bytes) -> None:
    with pytest.raises(AtomError) as caught:
        description_in(body, ["QueueDescription"])
    assert caught.value.status == 400


def test_a_bomb_changes_nothing() -> None:
    admin = Admin()
    assert admin.ask("PUT", "/q", BOMB)[0] == 400
    assert admin.get("/q")[0] == 404
    assert admin.ask("PUT", "/q", b"<a>" * 60_000)[0] == 400


@given(st.binary(max_size=200))
def test_no_body_does_anything_but_be_refused(body: bytes) -> None:
    with pytest.raises(AtomError):
        description_in(body, ["QueueDescription"])


@given(st.text(max_size=50))
def test_any_text_is_written_so_that_it_can_be_read(text: str) -> None:
    inside = tag("UserMetadata", text)
    found = Entry("http://h/q", text, "QueueDescription", inside, "c", "u")
    told = feed("Queues", "http://h", "", [entry(found, "h", is_root=False)], "u")
    description_in(told.encode(errors="replace"), ["QueueDescription"])
