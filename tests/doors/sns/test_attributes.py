"""What can be told, and what it comes to."""

import json

import pytest

from dragoman.doors.sns import attributes as attr
from dragoman.doors.sqs.errors import Refused


def test_an_empty_value_takes_one_back() -> None:
    assert attr.merged({"a": "1", "b": "2"}, {"b": "", "c": "3"}) == {"a": "1", "c": "3"}


def test_a_queue_of_dead_letters() -> None:
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:r:123456789012:d"})}
    assert attr.dead_letter_of(policy) == ("123456789012", "d")
    assert attr.dead_letter_of({}) is None
    for text in (
        "x",
        "[]",
        '{"deadLetterTargetArn": 1}',
        '{"deadLetterTargetArn": "d"}',
        "[" * 99_999,
    ):
        with pytest.raises(Refused, match="RedrivePolicy"):
            attr.dead_letter_of({"RedrivePolicy": text})


def test_fifo_attributes_are_of_fifo_topics() -> None:
    attr.checked_topic({"ContentBasedDeduplication": "true"}, is_fifo=True)
    attr.checked_topic({"ContentBasedDeduplication": "false"}, is_fifo=False)
    with pytest.raises(Refused, match="FIFO"):
        attr.checked_topic({"ContentBasedDeduplication": "true"}, is_fifo=False)


def test_every_attribute_says_how_far_it_is_acted_on() -> None:
    for table in (attr.TOPIC, attr.SUBSCRIPTION):
        assert {one.acted_on for one in table.values()} <= {attr.WORKS, attr.STORED}
