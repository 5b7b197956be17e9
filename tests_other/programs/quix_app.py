"""Quix Streams. HOST:PORT comes first, then what to do:

produce TOPIC COUNT     value-0, value-1 ... to partition 0
consume TOPIC COUNT     prints COUNT values
transact TOPIC COUNT    COUNT values as value-N, read from TOPIC-in and counted in a state, exactly once
"""

import sys
import tempfile
from typing import Any

from quixstreams import Application
from quixstreams.kafka import Producer

address, mode, topic, count = sys.argv[1:]
TIMEOUT_S = 30
IDLE_S = 3  # nothing comes any more
QUIET: dict[str, Any] = {
    "loglevel": None,
    "auto_offset_reset": "earliest",
    "broker_address": address,
}
QUIET["state_dir"] = tempfile.mkdtemp(prefix="quix-")


def produce(name: str) -> None:
    with Producer(address) as producer:
        for number in range(int(count)):
            producer.produce(name, f"value-{number}", f"key-{number}", partition=0)


def consume() -> None:
    app = Application(consumer_group=f"quix-{topic}", **QUIET)
    frame = app.dataframe(app.topic(topic, value_deserializer="str"))
    frame.update(print)
    app.run(count=int(count), timeout=TIMEOUT_S)


def numbered(value: str, state: Any) -> str:
    number = state.get("number", 0)
    state.set("number", number + 1)
    return f"{value.partition('-')[0]}-{number}"


def transact() -> None:
    produce(f"{topic}-in")
    app = Application(consumer_group=f"quix-{topic}", processing_guarantee="exactly-once", **QUIET)
    source = app.topic(f"{topic}-in", value_deserializer="str", key_deserializer="str")
    frame = (
        app.dataframe(source).group_by(lambda _: "one", name="one").apply(numbered, stateful=True)
    )
    frame.to_topic(app.topic(topic, value_serializer="str", key_serializer="str"))
    app.run(timeout=IDLE_S)


if mode == "produce":
    produce(topic)
else:
    {"consume": consume, "transact": transact}[mode]()
