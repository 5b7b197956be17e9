"""Subscriptions and assignments of consumers, beside kafka-python's own."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.kafka.embedded import (
    Partitions,
    read_assignment,
    read_subscription,
    write_assignment,
)
from dragoman.wire.kafka.errors import KafkaCodecError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of kafka-python's way to load resources
    from kafka.protocol.consumer.metadata import (
        ConsumerProtocolAssignment,
        ConsumerProtocolSubscription,
    )

TOPICS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), max_size=4)
PARTITIONS = st.dictionaries(
    st.text("abc.-_", min_size=1, max_size=9), st.lists(st.integers(0, 99), max_size=4), max_size=3
).map(lambda found: tuple((topic, tuple(indexes)) for topic, indexes in found.items()))


@given(st.integers(0, 3), TOPICS, PARTITIONS, st.none() | st.binary(max_size=9))
def test_subscriptions_are_read_in_every_version(
    version: int, topics: list[str], owned: Partitions, user_data: bytes | None
) -> None:
    theirs = ConsumerProtocolSubscription(
        topics=topics,
        user_data=user_data,
        owned_partitions=[
            ConsumerProtocolSubscription.TopicPartition(topic=topic, partitions=list(indexes))
            for topic, indexes in owned
        ],
        generation_id=7,
        rack_id="r",
    )
    found = read_subscription(theirs.encode(version=version))
    assert found.topics == tuple(topics)
    assert found.owned == (owned if version else ())


@given(PARTITIONS)
def test_assignments_are_written_as_consumers_read_them(partitions: Partitions) -> None:
    data = write_assignment(partitions)
    theirs = ConsumerProtocolAssignment.decode(data)
    assert [(each.topic, tuple(each.partitions)) for each in theirs.assigned_partitions] == list(
        partitions
    )
    assert read_assignment(data) == partitions


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused_or_read(data: bytes) -> None:
    for read in (read_subscription, read_assignment):
        try:
            read(data)
        except KafkaCodecError:
            continue


@pytest.mark.parametrize("size", [0, 5, 10])
def test_what_ends_too_soon_is_refused(size: int) -> None:
    data = write_assignment((("topic", (1, 2)),))
    with pytest.raises(KafkaCodecError):
        read_assignment(data[:size])
