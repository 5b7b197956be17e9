import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.shared.amqp10.client import message_of

from dragoman.doors.eventhubs.posted import BATCH_TYPE, events_in, properties_in
from dragoman.model.errors import InvalidArgument


def one(body: bytes = b"x", kind: str = "", broker: str = "", **headers: str) -> Any:
    (event,) = events_in(body, kind, broker, headers.items())
    return message_of(event)


def test_a_body_is_an_event_and_headers_say_more_of_it() -> None:
    broker = json.dumps({"PartitionKey": "k", "MessageId": "m", "Label": "l", "TimeToLive": 2})
    found = one(b"\xff", "application/json", broker, n="5", x="1.5", t='"a \\"b\\""', y="TRUE")
    assert found.body == b"\xff"
    assert (found.key, found.id, found.type) == (b"k", "m", "l")
    assert found.content_type == "application/json"
    assert found.expires_at_ms == 2_000
    assert found.headers == [("n", 5), ("x", 1.5), ("t", 'a "b"'), ("y", True)]


def test_what_is_https_own_is_no_property() -> None:
    names = [
        "Host",
        "Authorization",
        "Content-Length",
        "Accept-Encoding",
        "User-Agent",
        "TE",
        "X-MS-x",
    ]
    assert properties_in([(name, "5") for name in names]) == {}
    assert properties_in([("team", "5"), ("other", "neither")]) == {"team": 5}


def test_a_batch_is_a_list() -> None:
    said = [
        {"Body": "1", "BrokerProperties": {"PartitionKey": "k"}, "UserProperties": {"a": [1]}},
        {"Body": "é", "UserProperties": {"a": 1, "b": "x", "c": None}},
    ]
    del said[0]["UserProperties"]
    events = events_in(json.dumps(said).encode(), BATCH_TYPE + "; charset=utf-8", "", [])
    first, second = map(message_of, events)
    assert (first.body, first.key) == (b"1", b"k")
    assert (second.body, second.headers) == ("é".encode(), [("a", 1), ("b", "x"), ("c", None)])


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{}", b"[]", b"[1]", b'[{"Body": 1}]', b'[{"Body": "\\ud800"}]',
        b'[{"Body": "", "UserProperties": {"a": {}}}]', b'[{"Body": "", "BrokerProperties": [1]}]',
        b'[{"Body": "", "UserProperties": {"a": 99999999999999999999}}]', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidArgument):
        events_in(body, BATCH_TYPE, "", [])


def test_broker_properties_are_an_object() -> None:
    for text in ("{", "[]", "1"):
        with pytest.raises(InvalidArgument):
            one(broker=text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["Body", "BrokerProperties", "UserProperties", "TimeToLive", "PartitionKey"]
)


@given(st.lists(st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON)), max_size=3))
def test_whatever_is_posted_is_events_or_refused(said: Any) -> None:
    try:
        events = events_in(json.dumps(said).encode(), BATCH_TYPE, "", [])
    except InvalidArgument:
        return
    assert [message_of(event).body for event in events] == [each["Body"].encode() for each in said]
