"""Entities by their paths; what they are for links is in `test_profile`."""

import pytest

from dragoman.doors.servicebus.definitions import NOT_RECEIVED_FROM, NOT_SENT_TO, with_note
from dragoman.doors.servicebus.entities import base_of, check_open
from dragoman.doors.shared.amqp10.profile import Refused


def test_requests_are_meant_by_their_last_segment_in_any_case() -> None:
    assert base_of("sb://h:1/q/$Management") == ("q", True)
    assert base_of("q/$management") == ("q", True)
    assert base_of("amqps://h/t/Subscriptions/s") == ("t/Subscriptions/s", False)


def test_a_disabled_entity_is_closed_for_what_it_says() -> None:
    notes = with_note({}, {"Status": "SendDisabled"})
    check_open(notes, NOT_RECEIVED_FROM)
    check_open({}, NOT_SENT_TO)
    with pytest.raises(Refused, match="SendDisabled"):
        check_open(notes, NOT_SENT_TO)
