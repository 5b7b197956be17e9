"""Request bodies, taken apart."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.eventgrid.errors import EventGridError
from dragoman.doors.eventgrid.events import cloud_events, domain_topic, grid_events, is_cloud, items
from dragoman.doors.shared.rest.call import Request

CLOUD = b'{"specversion":"1.0","id":"1","source":"/a","type":"t"}'


def request(body: bytes, *headers: tuple[bytes, bytes]) -> Request:
    return Request("POST", b"/x", headers, body)


def test_events_keep_their_bytes() -> None:
    body = b'[ {"a":  1} , {"b":[1,2]}]'
    assert items(body, "x") == [b'{"a":  1}', b'{"b":[1,2]}']
    assert items(b' {"a": 1} ', "x", alone=True) == [b'{"a": 1}']


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (b"application/cloudevents+json; charset=utf-8", True),
        (b"Application/CloudEvents-Batch+JSON", True),
        (b"application/json", False),
        (b"", False),
    ],
)
def test_the_content_type_says_what_it_is(kind: bytes, expected: bool) -> None:
    assert is_cloud(request(b"", (b"content-type", kind))) is expected


def test_structured_mode_wins_over_headers() -> None:
    found = request(
        CLOUD, (b"content-type", b"application/cloudevents+json"), (b"ce-specversion", b"1.0")
    )
    assert cloud_events(found) == [CLOUD]


@pytest.mark.parametrize(
    "change",
    [
        {"data": 1, "data_base64": "AA=="}, {"data_base64": "?"}, {"id": ""}, {"source": None}, {"Upper": "x"},
        {"nested": {}}, {"time": "now"}, {"specversion": "0.3"},
    ],
)  # fmt: skip
def test_a_cloud_event_is_checked_by_the_specification(change: dict[str, object]) -> None:
    body = json.dumps([{**json.loads(CLOUD), **change}]).encode()
    with pytest.raises(EventGridError):
        cloud_events(request(body, (b"content-type", b"application/cloudevents-batch+json")))


@given(st.binary(max_size=80))
def test_any_bytes_are_events_or_refused(body: bytes) -> None:
    for read in (cloud_events, lambda found: grid_events(found, "/t")):
        with suppress(EventGridError):
            for event in read(request(body)):
                json.loads(event)


@pytest.mark.parametrize("event", [b"{}", b'{"topic": null}', b'{"topic": ""}'])
def test_an_event_of_a_domain_names_a_topic(event: bytes) -> None:
    with pytest.raises(EventGridError):
        domain_topic(event, cloud=False)


def test_a_domains_topic_is_named_shortly_or_in_full() -> None:
    assert domain_topic(b'{"topic": "Orders"}', cloud=False) == "orders"
    assert domain_topic(b'{"topic": "/s/domains/d/topics/Orders"}', cloud=False) == "orders"
    assert domain_topic(b'{"source": "bills"}', cloud=True) == "bills"
