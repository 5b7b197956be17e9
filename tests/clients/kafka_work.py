"""What the tests of Kafka's Python clients share: a broker in its own process, in memory or on files.

A consumer of librdkafka's that is a member of a group waits without an end for its broker when it is closed, and when it
is forgotten: a test that fails would stop those after it. So whatever was `opened` is closed while its broker is there.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer
from tests.clients.process import broker_process

ENGINES = ("memory", "files")
DEADLINE_S = 20.0
OPENED: list[Consumer] = []


def opened(settings: dict[str, Any]) -> Consumer:
    """A consumer that is closed before its broker, if not by its test."""
    OPENED.append(Consumer(settings))
    return OPENED[-1]


@contextmanager
def serving(
    engine: str,
    folder: Path,
    port: int = 0,
    users: dict[str, str] | None = None,
    keys: dict[str, str] | None = None,
) -> Iterator[str]:
    """`HOST:PORT` of a broker while the block runs."""
    with broker_process(engine, folder, port, users, keys) as bound:
        try:
            yield f"127.0.0.1:{bound}"
        finally:
            while OPENED:
                OPENED.pop().close()


def now() -> float:
    """A client's own time, in seconds."""
    return time.monotonic()  # noqa: TID251 - of another process than the broker's
