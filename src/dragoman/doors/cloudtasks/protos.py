"""The messages of google.cloud.tasks.v2 that this door reads and writes by name, and how queues are kept as text."""

import json
from typing import Any, Final

from google.protobuf import json_format

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS

Queue: Final[Any] = CLOUDTASKS["Queue"]
Task: Final[Any] = CLOUDTASKS["Task"]
HttpRequest: Final[Any] = CLOUDTASKS["HttpRequest"]
ListQueuesResponse: Final[Any] = CLOUDTASKS["ListQueuesResponse"]
ListTasksResponse: Final[Any] = CLOUDTASKS["ListTasksResponse"]
Empty: Final[Any] = known.Empty
METHODS: Final[dict[int, str]] = {
    0: "POST",
    1: "POST",
    2: "GET",
    3: "HEAD",
    4: "PUT",
    5: "DELETE",
    6: "PATCH",
    7: "OPTIONS",
}
"""Of `HttpMethod`."""


def to_text(message: Any) -> str:
    """A resource as it is kept."""
    return json.dumps(json_format.MessageToDict(message, preserving_proto_field_name=True))


def from_text(kind: Any, text: str) -> Any:
    """The resource that `to_text` was given; what a newer version said of it is left out."""
    return json_format.Parse(text, kind(), ignore_unknown_fields=True)


def duration_ms(duration: Any) -> int:
    """Of a google.protobuf.Duration."""
    return int(duration.seconds) * 1000 + int(duration.nanos) // 1_000_000


def time_ms(time: Any) -> int:
    """Of a google.protobuf.Timestamp, rounded up: nothing is done before its time."""
    return int(time.seconds) * 1000 - (-int(time.nanos) // 1_000_000)


def set_time(time: Any, ms: int) -> None:
    """Make a google.protobuf.Timestamp that wall time."""
    time.seconds, rest = divmod(ms, 1000)
    time.nanos = rest * 1_000_000
