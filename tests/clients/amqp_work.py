"""What the tests of RabbitMQ's Python clients share: a broker in a thread, in memory or on files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import broker

ENGINES = ("memory", "files")
DEADLINE_S = 20.0


@contextmanager
def serving(
    engine: str, folder: Path, port: int = 0, users: dict[str, str] | None = None
) -> Iterator[str]:
    """`amqp://guest:guest@HOST:PORT/` of a broker while the block runs."""
    options = ServeOptions(
        data=str(folder), memory=engine == "memory", ports={"amqp": port}, users=users or {}
    )
    with broker(options) as running:
        yield f"amqp://guest:guest@{running.amqp.host}:{running.amqp.port}/"
