"""Requests to Pub/Sub as Google's own message classes spell them, in frames whose headers use no table:
`python -m tests.fuzz.capture pubsub`. The first two make the topic and the subscription that the others are about.
"""

from collections.abc import Iterator
from typing import Any

from google.pubsub_v1 import types

from dragoman.wire.http2.compression import encode_block
from dragoman.wire.http2.frames import DATA, HEADERS, frame

TOPIC = "projects/default/topics/orders"
SUBSCRIPTION = "projects/default/subscriptions/sub"
SNAPSHOT = "projects/default/snapshots/snap"
SCHEMA = "projects/default/schemas/plan"
PROJECT = "projects/default"
END_HEADERS, END_STREAM = 4, 1
STREAM = 1  # in the corpus; whoever sends a frame numbers it anew
ACK_ID = "AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA"


def head(path: str) -> bytes:
    """The block of a call's headers."""
    return encode_block(
        [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":path", path.encode()),
            (b":authority", b"127.0.0.1:8085"),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"grpc-timeout", b"59S"),
            (b"user-agent", b"grpc-python/1.85.3"),
        ]
    )


def call(service: str, method: str, request: Any, *, ends: bool = True) -> bytes:
    """HEADERS and DATA of one call."""
    raw = type(request).serialize(request)
    path = f"/google.pubsub.v1.{service}/{method}"
    body = b"\0" + len(raw).to_bytes(4, "big") + raw
    return frame(HEADERS, END_HEADERS, STREAM, head(path)) + frame(
        DATA, END_STREAM if ends else 0, STREAM, body
    )


def calls() -> Iterator[bytes]:
    message = {"data": b"hello", "attributes": {"a": "b"}, "ordering_key": "k"}
    yield call("Publisher", "CreateTopic", types.Topic(name=TOPIC, labels={"a": "b"}))
    yield call(
        "Subscriber",
        "CreateSubscription",
        types.Subscription(
            name=SUBSCRIPTION,
            topic=TOPIC,
            filter="attributes:a",
            retry_policy={"minimum_backoff": {"seconds": 1}},
        ),
    )
    yield call("Publisher", "Publish", types.PublishRequest(topic=TOPIC, messages=[message] * 3))
    yield call("Publisher", "GetTopic", types.GetTopicRequest(topic=TOPIC))
    yield call("Publisher", "ListTopics", types.ListTopicsRequest(project=PROJECT, page_size=2))
    yield call(
        "Publisher",
        "UpdateTopic",
        types.UpdateTopicRequest(
            topic={"name": TOPIC, "labels": {"x": "y"}}, update_mask={"paths": ["labels"]}
        ),
    )
    yield call(
        "Subscriber",
        "Pull",
        types.PullRequest(subscription=SUBSCRIPTION, max_messages=5, return_immediately=True),
    )
    yield call("Subscriber", "Pull", types.PullRequest(subscription=SUBSCRIPTION, max_messages=5))
    yield call(
        "Subscriber",
        "Acknowledge",
        types.AcknowledgeRequest(subscription=SUBSCRIPTION, ack_ids=[ACK_ID]),
    )
    yield call(
        "Subscriber",
        "ModifyAckDeadline",
        types.ModifyAckDeadlineRequest(
            subscription=SUBSCRIPTION, ack_ids=[ACK_ID], ack_deadline_seconds=20
        ),
    )


def rare_calls() -> Iterator[bytes]:
    plan = {"type_": types.Schema.Type.AVRO, "definition": '["null","int"]'}
    proto = {
        "type_": types.Schema.Type.PROTOCOL_BUFFER,
        "definition": 'syntax = "proto3"; message M { string a = 1; }',
    }
    yield call(
        "Subscriber",
        "StreamingPull",
        types.StreamingPullRequest(
            subscription=SUBSCRIPTION,
            stream_ack_deadline_seconds=30,
            max_outstanding_messages=9,
            ack_ids=[ACK_ID],
        ),
        ends=False,
    )
    yield call(
        "Subscriber",
        "CreateSnapshot",
        types.CreateSnapshotRequest(name=SNAPSHOT, subscription=SUBSCRIPTION),
    )
    yield call(
        "Subscriber", "Seek", types.SeekRequest(subscription=SUBSCRIPTION, snapshot=SNAPSHOT)
    )
    yield call(
        "SchemaService",
        "CreateSchema",
        types.CreateSchemaRequest(parent=PROJECT, schema=plan, schema_id="plan"),
    )
    yield call(
        "SchemaService", "ValidateSchema", types.ValidateSchemaRequest(parent=PROJECT, schema=proto)
    )
    yield call("SchemaService", "CommitSchema", types.CommitSchemaRequest(name=SCHEMA, schema=plan))
    yield call(
        "SchemaService",
        "ValidateMessage",
        types.ValidateMessageRequest(
            parent=PROJECT, name=SCHEMA, message=b"\x02\x02", encoding=types.Encoding.BINARY
        ),
    )


def capture() -> list[bytes]:
    """The corpus."""
    return [*calls(), *rare_calls()]
