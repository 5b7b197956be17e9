"""Queues are found by their place; traits follow their settings."""

from typing import Any

import pytest
from tests.doors.sqs.client import Sqs, url_of

from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import Place
from dragoman.doors.sqs.queue import Queues


def test_traits_are_read_again_when_settings_change() -> None:
    sqs = Sqs()
    sqs.make("orders")
    queues = Queues()
    session: Any = sqs.client.session
    place = Place("000000000000", "orders")
    first = queues.at(session, place)
    assert queues.at(session, place).traits is first.traits
    sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes={"VisibilityTimeout": "7"})
    assert queues.at(session, place).traits.visibility_ms == 7_000
    assert (first.traits.visibility_ms, first.traits.is_fifo) == (30_000, False)


def test_a_queue_made_again_is_another() -> None:
    sqs = Sqs(is_strict=False)
    queues = Queues(known_max=1)
    session: Any = sqs.client.session
    for name in ("a.fifo", "b", "a.fifo"):
        sqs.make(name)
        found = queues.at(session, Place("000000000000", name))
        assert found.traits.is_fifo == name.endswith(".fifo")
        sqs.ask("DeleteQueue", QueueUrl=url_of(name))
        with pytest.raises(Refused):
            queues.at(session, Place("000000000000", name))
