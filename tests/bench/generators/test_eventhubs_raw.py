"""The load of Event Hubs against a real broker: counts, and nothing lost."""

from typing import Any

import pytest
from bench.generators.eventhubs_raw import STORED_EVENTS, Load

from dragoman.testing.broker import broker


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "batch", "count"),
    [("send", 10, 1_000), ("send", 1, 100), ("receive", 50, STORED_EVENTS)],
)
def test_what_is_counted_was_sent_or_received(mode: str, batch: int, count: int) -> None:
    with broker() as running:
        told: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": running.amqp.port,
            "queue": "hub",
            "mode": mode,
            "size_bytes": 200,
            "batch": batch,
            "window": 10,
            "count": count,
        }
        load = Load(told)
        result = load.run()
        load.clean()
    assert result["count"] >= count
    assert result["rate"] > 0
