"""Microseconds per message of the translations between formats, in one process.

    python bench/micro/formats.py

Batches of 200 messages with 100 bytes of body; CPU time, best of many rounds. `decode` is stored bytes to Message,
`render` Message to the other format, `whole` both. Kafka's records carry a key and a time in milliseconds, so that
every one of them needs a meta in AMQP; the AMQP messages carry content-type and delivery-mode.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from dragoman import formats
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, CANONICAL, KAFKA
from dragoman.model.message import Message, Typed
from dragoman.wire.kafka.records import BatchBuilder

COUNT = 200
ROUNDS = 60
BODY = b"x" * 100
OPTIONS = RenderOptions("orders")
TEXTS = {
    "no headers": (),
    "2 headers": (("tier", "gold"), ("region", "eu")),
    "typed": (("n", Typed("i32", 7)),),
}


def per_message_us(run: Callable[[], object]) -> float:
    """The best of ROUNDS."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best / COUNT * 1e6


def kafka_batch(headers: list[tuple[str, bytes | None]]) -> bytes:
    builder = BatchBuilder()
    for n in range(COUNT):
        builder.add(b"key", BODY, 1_700_000_000_123 + n, headers)
    return builder.build()


def report(name: str, source: int, entries: list[bytes], target: int) -> None:
    """One line."""
    messages = [(found, None) for entry in entries for found in formats.decode_all(source, entry)]
    decode = per_message_us(lambda: [formats.decode_all(source, entry) for entry in entries])
    render = per_message_us(lambda: formats.render(messages, target, OPTIONS))

    def whole() -> object:
        found = [
            (message, None) for entry in entries for message in formats.decode_all(source, entry)
        ]
        return formats.render(found, target, OPTIONS)

    print(
        f"{name:<34} decode {decode:5.2f}  render {render:5.2f}  whole {per_message_us(whole):5.2f}"
    )


def main() -> None:
    for name, headers in TEXTS.items():
        raw: list[tuple[str, bytes | None]] = [
            (key, value.encode()) for key, value in headers if isinstance(value, str)
        ]
        if len(raw) == len(headers):
            report(f"kafka -> amqp091, {name}", KAFKA, [kafka_batch(raw)], AMQP091)
        message = Message(BODY, headers)
        message.content_type = "application/json"
        message.durable = True
        (entry,) = formats.render([(message, None)], AMQP091, OPTIONS)
        report(f"amqp091 -> kafka, {name}", AMQP091, [entry] * COUNT, KAFKA)
        (entry,) = formats.render([(message, None)], CANONICAL, OPTIONS)
        report(f"canonical -> amqp091, {name}", CANONICAL, [entry] * COUNT, AMQP091)


if __name__ == "__main__":
    main()
