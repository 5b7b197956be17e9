"""What the tests of Kafka's Python clients share: a broker in a thread, in memory or on files, and small helpers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import broker

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
    options = ServeOptions(
        data=str(folder),
        memory=engine == "memory",
        ports={"kafka": port},
        users=users or {},
        keys=keys or {},
    )
    with broker(options) as running:
        yield running.kafka.bootstrap
