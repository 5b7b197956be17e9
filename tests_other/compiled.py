"""Clients that take minutes to compile, made ready ahead of the suite, which then finds them and drives them:

python -m tests_other.compiled [NAME ...]
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests_other.ready import (
    BUILDING,
    MissingError,
    Program,
    built_on_node,
    from_crates,
    on_rust,
)

RABBITMQADMIN: Final = "2.35.0"


def lapin() -> Program:
    """A client of RabbitMQ's in Rust. Raises MissingError."""
    return on_rust("lapin", "amqp")


def rabbitmqadmin() -> Path:
    """The second version of RabbitMQ's command line. Raises MissingError."""
    return from_crates("rabbitmqadmin", RABBITMQADMIN)


def rdkafka() -> Program:
    """A client of Kafka's on Node. Raises MissingError."""
    return built_on_node("rdkafka", "node-rdkafka@3.6.1")


CLIENTS: Final[Mapping[str, Callable[[], Program | Path]]] = {
    "lapin": lapin,
    "rabbitmqadmin": rabbitmqadmin,
    "node-rdkafka": rdkafka,
}


def main(names: list[str]) -> int:
    """Says how long each took, or why it cannot be had; 1 when one cannot."""
    os.environ[BUILDING] = "1"
    failed = 0
    for name in names or list(CLIENTS):
        begun = time.monotonic()
        try:
            CLIENTS[name]()
        except MissingError as error:
            failed = 1
            print(f"{name}: {error}", flush=True)
        else:
            print(f"{name}: ready in {time.monotonic() - begun:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
