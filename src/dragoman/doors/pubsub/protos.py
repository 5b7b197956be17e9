"""The messages of google.pubsub.v1 that this door reads and writes by name, and how resources are kept as text.

A publish is read with its messages as the bytes they are: that is how they are stored.
"""

import json
from typing import Any, Final

from google.protobuf import json_format

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.pool import define
from dragoman.wire.protobuf.pubsub import PUBSUB

Topic: Final[Any] = PUBSUB["Topic"]
Subscription: Final[Any] = PUBSUB["Subscription"]
Snapshot: Final[Any] = PUBSUB["Snapshot"]
PublishResponse: Final[Any] = PUBSUB["PublishResponse"]
StreamingPullRequest: Final[Any] = PUBSUB["StreamingPullRequest"]
StreamingPullResponse: Final[Any] = PUBSUB["StreamingPullResponse"]
ListTopicsResponse: Final[Any] = PUBSUB["ListTopicsResponse"]
ListTopicSubscriptionsResponse: Final[Any] = PUBSUB["ListTopicSubscriptionsResponse"]
ListTopicSnapshotsResponse: Final[Any] = PUBSUB["ListTopicSnapshotsResponse"]
ListSubscriptionsResponse: Final[Any] = PUBSUB["ListSubscriptionsResponse"]
ListSnapshotsResponse: Final[Any] = PUBSUB["ListSnapshotsResponse"]
DetachSubscriptionResponse: Final[Any] = PUBSUB["DetachSubscriptionResponse"]
SeekResponse: Final[Any] = PUBSUB["SeekResponse"]
Empty: Final[Any] = known.Empty
ErrorInfo: Final[Any] = known.ErrorInfo
PublishedBytes: Final[Any] = define(
    """
file dragoman/pubsub.proto
package dragoman.pubsub

message PublishedBytes
  string topic 1, bytes* messages 2
"""
)["PublishedBytes"]


def to_text(message: Any) -> str:
    """A resource as it is kept."""
    return json.dumps(json_format.MessageToDict(message, preserving_proto_field_name=True))


def from_text(kind: Any, text: str) -> Any:
    """The resource that `to_text` was given; what a newer version said of it is left out."""
    return json_format.Parse(text, kind(), ignore_unknown_fields=True)
