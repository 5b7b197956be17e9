"""What event subscriptions ask for, as settings."""

from typing import Any

import pytest

from dragoman.doors.eventgrid.definitions import (
    FILTER_NONE,
    WEEK_MS,
    Push,
    define,
    define_pulled,
    headers_of,
    make_push,
    push_of,
    with_push,
)
from dragoman.doors.shared.arm.errors import ArmError

HOOK = {"endpointType": "WebHook", "properties": {"endpointUrl": "https://h/x"}}
FRESH = Push(url="https://h/x", schema="EventGridSchema", topic="/t", name="s", code="c")


def asked(schema: str = "EventGridSchema", **properties: Any) -> Any:
    return define({"destination": HOOK, **properties}, schema)


def test_the_defaults_are_azures() -> None:
    found = asked()
    settings = found.settings
    assert (settings.attempts_max, settings.ttl_ms, settings.attempts_counted) == (
        30,
        86_400_000,
        "failed",
    )
    assert (settings.filter, settings.dialect, settings.dead_letter) == (
        FILTER_NONE,
        "eventgrid",
        None,
    )


@pytest.mark.parametrize(
    ("schema", "wanted", "expected"),
    [
        ("EventGridSchema", None, "EventGridSchema"),
        ("EventGridSchema", "CloudEventSchemaV1_0", "CloudEventSchemaV1_0"),
        ("CloudEventSchemaV1_0", None, "CloudEventSchemaV1_0"),
        ("CustomEventSchema", None, "EventGridSchema"),
        ("CustomEventSchema", "CustomInputSchema", "CustomInputSchema"),
        ("CustomEventSchema", "CloudEventSchemaV1_0", "CloudEventSchemaV1_0"),
    ],
)
def test_schemas_are_converted_where_azure_converts_them(
    schema: str, wanted: Any, expected: str
) -> None:
    assert asked(schema, eventDeliverySchema=wanted).schema == expected


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ("CloudEventSchemaV1_0", "EventGridSchema"),
        ("EventGridSchema", "CustomInputSchema"),
        ("EventGridSchema", "x"),
    ],
)
def test_other_conversions_are_refused(schema: str, wanted: str) -> None:
    with pytest.raises(ArmError):
        asked(schema, eventDeliverySchema=wanted)


def test_what_is_wrapped_for_an_identity_is_unwrapped() -> None:
    dead = {"endpointType": "StorageBlob", "properties": {"blobContainerName": "dead"}}
    found = define(
        {
            "deliveryWithResourceIdentity": {"identity": {}, "destination": HOOK},
            "deadLetterWithResourceIdentity": {"identity": {}, "deadLetterDestination": dead},
        },
        "EventGridSchema",
    )
    assert found.destination is not None
    assert (found.destination.url, found.container) == ("https://h/x", "dead")


def pulled(mode: str = "Queue", **told: Any) -> Any:
    return define_pulled(
        {"deliveryConfiguration": {"deliveryMode": mode, mode.lower(): told}}, WEEK_MS
    )


def test_a_pulled_subscription_locks_counts_and_forgets() -> None:
    settings = pulled(
        receiveLockDurationInSeconds=300, maxDeliveryCount=3, eventTimeToLive="P1DT2H"
    ).settings
    assert (settings.lease_duration_ms, settings.attempts_max, settings.attempts_counted) == (
        300_000,
        3,
        "leased",
    )
    assert settings.ttl_ms == 26 * 3_600_000
    defaults = define_pulled({}, WEEK_MS).settings
    assert (defaults.lease_duration_ms, defaults.attempts_max, defaults.ttl_ms) == (
        60_000,
        10,
        WEEK_MS,
    )


def test_a_namespaces_subscription_may_be_pushed() -> None:
    found = pulled("Push", destination=HOOK, maxDeliveryCount=5)
    assert found.destination is not None
    assert (found.destination.url, found.settings.attempts_counted) == ("https://h/x", "failed")


@pytest.mark.parametrize(
    "told",
    [
        {"receiveLockDurationInSeconds": 59}, {"receiveLockDurationInSeconds": 301}, {"maxDeliveryCount": 11},
        {"eventTimeToLive": "1 day"}, {"eventTimeToLive": "P8D"}, {"eventTimeToLive": "PT1S"}, {"eventTimeToLive": "P"},
        {"eventTimeToLive": 5},
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(told: Any) -> None:
    with pytest.raises(ArmError):
        pulled(**told)


@pytest.mark.parametrize(
    "properties",
    [
        {"deliveryConfiguration": {"deliveryMode": "Pigeon"}},
        {"deliveryConfiguration": []},
        {"deliveryConfiguration": {"deliveryMode": "Push"}},
    ],
)
def test_other_shapes_are_refused(properties: Any) -> None:
    with pytest.raises(ArmError):
        define_pulled(properties, WEEK_MS)
    with pytest.raises(ArmError):
        define({}, "EventGridSchema")


def test_a_note_is_written_and_read() -> None:
    settings = make_push(asked(), None, FRESH)
    assert settings.push == "eventgrid"
    push = push_of(settings)
    assert (push.state, push.is_new, push.code) == ("Creating", True, "c")
    assert push_of(with_push(settings, FRESH)) == FRESH


def test_a_handshake_is_good_for_the_url_and_schema_it_was_made_with() -> None:
    known = Push(
        url="https://h/x",
        schema="EventGridSchema",
        topic="/t",
        name="s",
        state="Succeeded",
        is_new=False,
    )
    assert push_of(make_push(asked(), known, FRESH)).state == "Succeeded"
    other = Push(
        url="https://h/other",
        schema="EventGridSchema",
        topic="/t",
        name="s",
        state="Succeeded",
        is_new=False,
    )
    push = push_of(make_push(asked(), other, FRESH))
    assert (push.state, push.is_new) == ("Creating", False)


def test_headers_of_what_is_carried_are_those_said_once() -> None:
    mapping = [{"name": "a", "type": "Static", "properties": {"value": "1"}}]
    hook = {**HOOK, "properties": {**HOOK["properties"], "deliveryAttributeMappings": mapping}}  # type: ignore[dict-item]
    assert headers_of(define({"destination": hook}, "EventGridSchema")) == (("a", "1"),)
