"""What an event that could not be delivered says about it."""

import json
from typing import Any

from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import CLOUDEVENT, EVENTGRID
from dragoman.ports.translator import Death

ASK = FormatTranslator()
EVENT = b'{"id":"1","data":{"a": 1}}'


def death(reason: str = "delivery_limit", queue: str = "hook", **known: Any) -> Death:
    return Death(reason, queue, 5, "", known.pop("text", ""), **known)


def lettered(format_: int, why: Death, body: bytes = EVENT) -> dict[str, Any] | None:
    found = ASK.dead_letter(format_, body, why)
    if found is None:
        return None
    assert found[0] == format_
    value: dict[str, Any] = json.loads(found[1])
    return value


def test_a_dead_letter_says_why_how_often_and_when() -> None:
    why = death(
        text="NotFound", attempts=3, stored_ms=1_600_000_000_000, tried_ms=1_600_000_060_000
    )
    assert lettered(EVENTGRID, why) == {
        "id": "1",
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        "deliveryAttempts": 3,
        "lastDeliveryOutcome": "NotFound",
        "publishTime": "2020-09-13T12:26:40.000Z",
        "lastDeliveryAttemptTime": "2020-09-13T12:27:40.000Z",
        "deadLetterSource": "hook",
        "data": {"a": 1},
    }


def test_in_a_cloud_event_it_is_extensions() -> None:
    found = lettered(CLOUDEVENT, death("expired", attempts=2))
    assert found is not None
    assert (found["deadletterreason"], found["deliveryattempts"]) == ("TimeToLiveExceeded", 2)
    assert "publishtime" not in found


def test_the_data_keeps_its_bytes() -> None:
    found = ASK.dead_letter(EVENTGRID, b'{"id":"1","data":{"a":  1.50}}', death())
    assert found is not None
    assert found[1].endswith(b'"data":{"a":  1.50}}')


def test_an_event_that_expires_where_it_expired_before_is_dropped() -> None:
    first = ASK.dead_letter(CLOUDEVENT, EVENT, death("expired"))
    assert first is not None
    assert lettered(CLOUDEVENT, death("expired"), first[1]) is None
    assert lettered(CLOUDEVENT, death("expired", "other"), first[1]) is not None
    assert lettered(CLOUDEVENT, death("rejected"), first[1]) is not None


def test_what_others_say_stands_as_they_said_it() -> None:
    found = lettered(EVENTGRID, death("UndeliverableDueToHttpBadRequest"))
    assert found is not None
    assert found["deadLetterReason"] == "UndeliverableDueToHttpBadRequest"
