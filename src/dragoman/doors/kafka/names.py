"""Which names can be topics."""

import re
from typing import Final

from dragoman.doors.kafka.errors import Refused
from dragoman.wire.kafka.errors import ErrorCode

TOPIC_PATTERN: Final = r"[a-zA-Z0-9._-]{1,249}"
_TOPIC: Final = re.compile(TOPIC_PATTERN)


def is_topic(name: str) -> bool:
    """Whether clients can address a stream of this name."""
    return _TOPIC.fullmatch(name) is not None and name not in (".", "..")


def check_topic(name: str) -> None:
    """Raises Refused."""
    if not is_topic(name):
        raise Refused(
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "a topic's name has 1 to 249 of the characters a-z A-Z 0-9 . _ -",
        )
