"""What the tests of Kafka's Python clients share: a broker in its own process, in memory or on files."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.process import broker_process

ENGINES = ("memory", "files")
DEADLINE_S = 20.0


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
        yield f"127.0.0.1:{bound}"


def now() -> float:
    """A client's own time, in seconds."""
    return time.monotonic()  # noqa: TID251 - of another process than the broker's
