"""Makes the corpus: what official clients say to a broker in this process, frame by frame.

    python -m tests.fuzz.capture [kafka] [amqp] [sqs] [eventgrid] [servicebus] [eventhubs]

Frames of the same kind and about the same size are kept a few times only. Run it again when clients or doors change.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.doors import AMQP_HEADER, CORPUS

from dragoman.testing import broker

KEPT_OF_A_KIND = 3
FRAME_BYTES_MAX = 2_000
ROOT = Path(__file__).parents[2]
PATH = re.compile(rb"^\w+ [^ ?]+")
ACTION = re.compile(rb"(AmazonSQS\.\w+|Action=\w+)")

Heard = list[bytearray]


class Recorder:
    """A door that keeps every byte it is given."""

    def __init__(self, door: Any, heard: bytearray) -> None:
        self._door = door
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    def receive(self, data: bytes) -> None:
        self._heard += data
        self._door.receive(data)


def record(module: Any) -> Heard:
    """What every door of a module is given from now on, by connection."""
    heard: Heard = []
    make_door = module.make_door

    def recorded(session: Any, connection: Any) -> Recorder:
        heard.append(bytearray())
        return Recorder(make_door(session, connection), heard[-1])

    module.make_door = recorded
    return heard


def kafka_frames(stream: bytes) -> list[bytes]:
    """By the length before each."""
    frames, at = [], 0
    while at + 4 <= len(stream):
        end = at + 4 + int.from_bytes(stream[at : at + 4], "big")
        frames.append(stream[at:end])
        at = end
    return frames


def amqp_frames(stream: bytes) -> list[bytes]:
    """Behind the header, by the length in each."""
    frames, at = [], len(AMQP_HEADER)
    while at + 7 <= len(stream):
        end = at + 8 + int.from_bytes(stream[at + 3 : at + 7], "big")
        frames.append(stream[at:end])
        at = end
    return frames


def save(name: str, frames: list[bytes], kind_of: Callable[[bytes], bytes]) -> None:
    """A few of each kind and size."""
    kinds = Counter[tuple[bytes, int]]()
    kept: list[bytes] = []
    for frame in frames:
        kind = (kind_of(frame), len(frame).bit_length())
        kinds[kind] += 1
        if kinds[kind] <= KEPT_OF_A_KIND and len(frame) <= FRAME_BYTES_MAX:
            kept.append(frame)
    (CORPUS / f"{name}.hex").write_text("\n".join(frame.hex() for frame in kept) + "\n")
    print(f"{name}: {len(kept)} frames of {len(frames)}")


def speak_kafka(bootstrap: str) -> None:
    """Everything that confluent-kafka and kafka-python can be made to say."""
    from confluent_kafka import Consumer, Producer, TopicPartition
    from confluent_kafka.admin import (
        AdminClient,
        ConfigResource,
        NewPartitions,
        NewTopic,
    )

    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("fuzz", 2, config={"retention.ms": "1000"})])["fuzz"].result()
    admin.create_partitions([NewPartitions("fuzz", 3)])["fuzz"].result()
    resource = ConfigResource(ConfigResource.Type.TOPIC, "fuzz")
    next(iter(admin.describe_configs([resource]).values())).result()
    for idempotent in (False, True):
        for codec in ("none", "gzip", "zstd", "lz4", "snappy"):
            producer = Producer(
                {
                    "bootstrap.servers": bootstrap,
                    "enable.idempotence": idempotent,
                    "compression.type": codec,
                }
            )
            for number in range(20):
                producer.produce("fuzz", b"v" * number, b"key", headers={"h": b"x"})
            producer.flush(5)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "fuzzers",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe(["fuzz"])
    for _ in range(30):
        consumer.poll(0.2)
    consumer.commit(offsets=[TopicPartition("fuzz", 0, 1)], asynchronous=False)
    consumer.committed([TopicPartition("fuzz", 0)])
    consumer.offsets_for_times([TopicPartition("fuzz", 0, 5)])
    consumer.get_watermark_offsets(TopicPartition("fuzz", 0))
    consumer.close()
    admin.list_consumer_groups().result()
    admin.describe_consumer_groups(["fuzzers"])["fuzzers"].result()
    admin.delete_consumer_groups(["fuzzers"])["fuzzers"].result()
    speak_kafka_python(bootstrap)
    admin.delete_topics(["fuzz"])["fuzz"].result()


def speak_kafka_python(bootstrap: str) -> None:
    """Older versions of the same requests."""
    from kafka import KafkaConsumer, KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap)
    producer.send("fuzz", b"value", key=b"key", headers=[("h", b"x")]).get(5)
    producer.close()
    consumer = KafkaConsumer(
        "fuzz", bootstrap_servers=bootstrap, group_id="others", auto_offset_reset="earliest"
    )
    consumer.poll(3000)
    consumer.commit()
    consumer.close()


def speak_amqp(url: str) -> None:
    """Everything that pika can be made to say."""
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_qos(prefetch_count=10)
    for kind in ("direct", "fanout", "topic", "headers"):
        channel.exchange_declare(f"fuzz-{kind}", kind, durable=True)
        channel.queue_declare(
            f"fuzz-{kind}", durable=True, arguments={"x-max-length": 50, "x-message-ttl": 60_000}
        )
        channel.queue_bind(
            f"fuzz-{kind}", f"fuzz-{kind}", "a.b", arguments={"x-match": "any", "h": 1}
        )
    channel.exchange_bind("fuzz-topic", "fuzz-direct", "a.#")
    properties = pika.BasicProperties(
        content_type="text/plain",
        content_encoding="utf-8",
        headers={"h": 1, "list": [1, "a", None], "table": {"deep": True}, "big": 1 << 40},
        delivery_mode=2,
        priority=3,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=1_700_000_000,
        type="t",
        user_id="guest",
        app_id="app",
    )
    for kind in ("direct", "fanout", "topic", "headers"):
        for size in (0, 1, 100, 1_500):
            channel.basic_publish(f"fuzz-{kind}", "a.b", b"x" * size, properties)
        channel.basic_publish("", f"fuzz-{kind}", b"plain")
    got: list[Any] = []
    tag = channel.basic_consume("fuzz-direct", lambda *args: got.append(args[1].delivery_tag))
    connection.process_data_events(0.2)
    channel.basic_ack(got[0])
    channel.basic_nack(got[1], requeue=True)
    channel.basic_reject(got[2], requeue=False)
    channel.basic_recover(requeue=True)
    channel.basic_cancel(tag)
    method, _, _ = channel.basic_get("fuzz-topic")
    channel.basic_ack(method.delivery_tag, multiple=True)
    channel.queue_purge("fuzz-fanout")
    channel.queue_unbind("fuzz-fanout", "fuzz-fanout", "a.b")
    channel.exchange_unbind("fuzz-topic", "fuzz-direct", "a.#")
    other = connection.channel()
    other.tx_select()
    other.basic_publish("", "fuzz-topic", b"in a transaction")
    other.tx_commit()
    other.tx_rollback()
    other.close()
    channel.queue_delete("fuzz-fanout")
    channel.exchange_delete("fuzz-fanout")
    time.sleep(0.1)
    connection.close()


def capture_kafka() -> None:
    """What Kafka clients say."""
    from dragoman.doors.kafka import door

    heard = record(door)
    with broker() as running:
        speak_kafka(running.kafka.bootstrap)
    frames = [frame for stream in heard for frame in kafka_frames(bytes(stream))]
    save("kafka", frames, lambda frame: frame[4:8])


def capture_amqp() -> None:
    """What AMQP clients say."""
    from dragoman.doors.amqp091 import door

    heard = record(door)
    with broker() as running:
        speak_amqp(running.amqp.url)
    frames = [frame for stream in heard for frame in amqp_frames(bytes(stream))]
    save("amqp", frames, lambda frame: frame[:1] + frame[7:11])


def capture_sqs() -> None:
    """What botocore says, of today and of the query protocol's days: each in a process of its own."""
    frames: list[bytes] = []
    for first in ("", str(Path(sys.prefix, "botocore-query"))):
        path = os.pathsep.join(filter(None, (first, str(ROOT / "src"), str(ROOT))))
        command = [sys.executable, "-m", "tests.fuzz.capture_sqs"]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        frames += [bytes.fromhex(line) for line in done.stdout.split()]
    save("sqs", frames, lambda frame: ACTION.search(frame)[1])  # type: ignore[index]


def capture_servicebus() -> None:
    """By way of azure-servicebus."""
    from tests.fuzz.capture_servicebus import capture, kind_of

    save("servicebus", capture(), kind_of)


def capture_eventhubs() -> None:
    """By way of azure-eventhub."""
    from tests.fuzz.capture_eventhubs import capture
    from tests.fuzz.capture_servicebus import kind_of

    save("eventhubs", capture(), kind_of)


def capture_eventgrid() -> None:
    """What the clients of Event Grid's data plane and of its management say."""
    from tests.fuzz.capture_eventgrid import frames

    save("eventgrid", frames(), lambda frame: PATH.match(frame)[0])  # type: ignore[index]


def capture_pubsub() -> None:
    """Calls as Google's message classes spell them."""
    from tests.fuzz.capture_pubsub import capture

    save("pubsub", capture(), lambda frame: frame)


CAPTURES: dict[str, Callable[[], None]] = {
    "kafka": capture_kafka,
    "amqp": capture_amqp,
    "sqs": capture_sqs,
    "eventgrid": capture_eventgrid,
    "servicebus": capture_servicebus,
    "eventhubs": capture_eventhubs,
    "pubsub": capture_pubsub,
}

if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CAPTURES:
        CAPTURES[name]()
