"""Filters and transforms of a copy."""

import json
from typing import Any

import pytest
from tests.fakes.ends import entry

from dragoman.cli.copying.ends import Entry
from dragoman.cli.copying.rules import BadMessage, Rules, transform_of
from dragoman.cli.errors import CommandError
from dragoman.formats import decode
from dragoman.formats.kafka import rebuild
from dragoman.model.levels import KAFKA
from dragoman.model.message import Message
from dragoman.wire.kafka.records import Record

NOW_MS = 1_700_000_000_000


def rules(condition: str = "", *transform: str) -> Rules:
    return Rules(condition, transform_of(transform), lambda: NOW_MS)


def applied(one: Entry, *transform: str) -> Message:
    found = rules("", *transform).apply(one)
    return decode(found.format, found.data, 0, found.stored_ms)


ORDER = entry(b'{"id": 7, "total": 12.5}', key=b"k", headers=[("tier", "gold"), ("n", 1)])


def test_without_rules_a_message_is_the_same_object() -> None:
    assert rules().takes(ORDER)
    assert rules().apply(ORDER) is ORDER


def test_a_filter_takes_what_its_condition_holds_for() -> None:
    assert rules('h.tier == "gold" && msg.total > 10').takes(ORDER)
    assert not rules("msg.total > 100").takes(ORDER)
    assert not rules("msg.nothing > 1").takes(ORDER)


def test_a_filter_sees_headers_as_their_protocol_wrote_them() -> None:
    record = Record(0, NOW_MS, b"k", b"x", [])
    kafka = Entry(KAFKA, rebuild(record, [("content-type", b"text/plain")]))
    assert rules('h["content-type"] == "text/plain" && m.content_type == "text/plain"').takes(kafka)


def test_a_transform_sets_fields_from_the_message_as_it_came() -> None:
    found = applied(
        ORDER,
        'body={"was": msg.id, "ok": true, "at": duration("1s")}',
        "key=string(msg.id)",
        'type="order"',
        "priority=int(msg.total)",
        'expires_in=duration("1m")',
        'deliver_in=duration("1s")',
        "headers.id=msg.id",
        "headers.tier=null",
    )
    assert json.loads(found.body or b"") == {"was": 7, "ok": True, "at": "1s"}
    assert (found.key, found.type, found.priority) == (b"7", "order", 12)
    assert (found.expires_at_ms, found.deliver_at_ms) == (NOW_MS + 60_000, NOW_MS + 1_000)
    assert found.headers == [("n", 1), ("id", 7)]


def test_a_transform_may_leave_a_tombstone_bytes_or_other_headers() -> None:
    found = applied(ORDER, "body=null", "key=raw", "headers.a=[1u, 2u]", "type=null")
    assert (found.body, found.key, found.type) == (None, b'{"id": 7, "total": 12.5}', None)
    assert found.headers == [("tier", "gold"), ("n", 1), ("a", [1, 2])]


@pytest.mark.parametrize(
    ("transform", "why"),
    [
        ("body=msg.nothing", "transform"),
        ("type=1", "type"),
        ("key=1", "key"),
        ("priority=256", "priority"),
        ("expires_in=true", "expires_in"),
    ],
)
def test_what_a_field_cannot_have_makes_a_bad_message(transform: str, why: str) -> None:
    with pytest.raises(BadMessage, match=why):
        applied(ORDER, transform)


@pytest.mark.parametrize("said", ["body", "nothing=1", "headers.=1", "target=1"])
def test_a_target_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(CommandError, match="expected TARGET=EXPRESSION"):
        transform_of((said,))


@pytest.mark.parametrize("said", [("msg.", ()), ("1 + 1", ()), ("", ("body=msg.",))])
def test_what_is_no_cel_is_refused_before_anything_is_copied(said: Any) -> None:
    condition, transform = said
    with pytest.raises(CommandError, match=r"--filter|--transform: set.body"):
        rules(condition, *transform)
