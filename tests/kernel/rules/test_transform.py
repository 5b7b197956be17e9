from typing import Any

import pytest
from tests.kernel.rules.cases import said

from dragoman.formats import canonical
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.rules.fault import BadMessage
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.rules.transform import Outcome, Transform, to_json
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import DELAY_MS_MAX


def outcome(body: Any = None, **settings: Any) -> Outcome:
    raw = canonical.encode(said(body, {"tier": "gold"}))
    return Transform(RuleSettings(**settings)).run(FormatTranslator().fields(CANONICAL, raw, 0))


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("msg", b'{"a":[1,2.5,null]}'),
        ("{'n': size(msg.a), 'at': timestamp('2020-01-02T03:04:05Z')}", None),
        ("{true: 1u, 'for': duration('90s')}", b'{"true":1,"for":"90s"}'),
        ("msg.a.map(x, x == null)", b"[false,false,true]"),
        ("h.tier", b"gold"),
        ("b'\\x00\\xff'", b"\x00\xff"),
        ("{'raw': b'\\x00'}", b'{"raw":"AA=="}'),
        ("null", None),
        ("18446744073709551615u", b"18446744073709551615"),
    ],
)
def test_a_body_is_text_bytes_or_json(expression: str, body: bytes | None) -> None:
    found = outcome({"a": [1, 2.5, None]}, set={"body": expression})
    assert found.change.has_body
    if body is None and expression != "null":
        body = b'{"n":3,"at":"2020-01-02T03:04:05Z"}'
    assert found.change.body == body


def test_json_is_said_to_be_json_unless_the_rule_or_the_message_says_what_it_is() -> None:
    assert outcome(1, set={"body": "{}"}).change.fields == {"content_type": "application/json"}
    assert outcome(1, set={"body": "'x'"}).change.fields == {}
    said_ = outcome(1, set={"content_type": "'a/b'", "body": "{}"}).change.fields
    assert said_ == {"content_type": "a/b"}


def test_fields_headers_and_places_are_what_expressions_come_to() -> None:
    found = outcome(
        {"k": "é", "n": 7},
        set={
            "key": "msg.k",
            "priority": "msg.n",
            "type": "h.tier",
            "subject": "null",
            "target": "'t'",
            "expires_in": "duration('1m')",
            "deliver_in": "250",
        },
        headers={"tier": "null", "n": "uint(msg.n)", "l": "[1u, {true: duration('1s')}]"},
    )
    assert found.change.fields == {
        "key": "é".encode(),
        "priority": 7,
        "type": "gold",
        "subject": None,
    }
    assert found.change.headers == {"tier": None, "n": 7, "l": [1, {"true": "1s"}]}
    assert (found.target, found.expires_in_ms, found.deliver_in_ms) == ("t", 60_000, 250)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("type", "1"),
        ("key", "1"),
        ("priority", "256"),
        ("priority", "true"),
        ("target", "''"),
        ("target", "null"),
        ("expires_in", "-1"),
        ("deliver_in", "'soon'"),
        ("deliver_in", f"{DELAY_MS_MAX + 1}"),
        ("body", "msg.nobody"),
        ("body", "1 / (msg.n - 7)"),
        ("body", "[1,2,3,4,5,6,7,8,9,10].map(a, msg.l.map(b, msg.l.map(c, msg.l)))"),
    ],
)
def test_what_cannot_be_set_so_makes_a_bad_message(name: str, expression: str) -> None:
    with pytest.raises(BadMessage) as caught:
        outcome({"n": 7, "l": list(range(100))}, set={name: expression})
    assert caught.value.path == f"set.{name}"


def test_what_no_json_can_say_is_told() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadMessage, match="JSON"):
        to_json(deep)
