"""Resources as text, and a publish whose messages are bytes."""

from dragoman.doors.pubsub.protos import PublishedBytes, Topic, from_text, to_text
from dragoman.wire.protobuf.pubsub import PUBSUB


def test_a_resource_comes_back_from_its_text() -> None:
    topic = Topic(labels={"a": "ü"})
    topic.message_retention_duration.seconds = 600
    assert from_text(Topic, to_text(topic)) == topic
    assert from_text(Topic, '{"newer": 5}') == Topic()


def test_messages_of_a_publish_are_the_bytes_they_came_in() -> None:
    request = PUBSUB["PublishRequest"](topic="t", messages=[{"data": b"x"}, {}])
    found = PublishedBytes.FromString(request.SerializeToString())
    assert (found.topic, list(found.messages)) == ("t", [b"\x0a\x01x", b""])
