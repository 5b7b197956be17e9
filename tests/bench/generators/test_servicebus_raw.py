"""The load of Service Bus against a real broker: counts, and nothing lost."""

from typing import Any

import pytest
from bench.generators.servicebus_raw import Load

from dragoman.testing.broker import broker

COUNT = 3_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "echoed"), [("send", False), ("receive", False), ("receive", True)]
)
def test_what_is_counted_was_sent_or_completed(mode: str, echoed: bool) -> None:
    with broker() as running:
        told: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": running.amqp.port,
            "queue": "q",
            "mode": mode,
            "size_bytes": 200,
            "window": 10,
            "count": COUNT,
            "echoed": echoed,
        }
        load = Load(told)
        result = load.run()
        load.clean()
    assert result["count"] == COUNT
    assert result["rate"] > 0
