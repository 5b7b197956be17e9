"""kafka-python at work in a process of its own: it leaves sockets to the collector. `worker.py NAME BOOTSTRAP [ARG]`."""

import json
import sys
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    NewTopic,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError

BASE_MS = 1_700_000_000_000


def round_trip(bootstrap: str, codec: str) -> dict[str, Any]:
    """An idempotent producer, then a group that reads and commits."""
    values = [b"%d" % index * 20 for index in range(30)]
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec
    )
    sent = [producer.send("orders", value, key=b"k", headers=[("h", b"x")]) for value in values]
    offsets = [future.get(10).offset for future in sent]
    producer.close()
    consumer = KafkaConsumer(
        "orders",
        bootstrap_servers=bootstrap,
        group_id="g",
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    )
    found = [next(consumer) for _ in values]
    consumer.commit()
    committed = consumer.committed(TopicPartition("orders", 0))
    consumer.close()
    return {
        "offsets": offsets,
        "is_same": [message.value for message in found] == values,
        "headers": found[0].headers == [("h", b"x")],
        "committed": committed,
    }


def offsets_by_time(bootstrap: str, _: str) -> dict[str, Any]:
    """By time, from the beginning, at the end."""
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for index in range(5):
        producer.send("t", b"x", timestamp_ms=BASE_MS + index * 10)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    part = TopicPartition("t", 0)
    found = consumer.offsets_for_times({part: BASE_MS + 15})[part]
    answer = {
        "offset": found.offset,
        "timestamp": found.timestamp,
        "beginning": consumer.beginning_offsets([part])[part],
        "end": consumer.end_offsets([part])[part],
    }
    consumer.close()
    return answer


def admin(bootstrap: str, _: str) -> dict[str, Any]:
    """Topics made, listed and deleted; the cluster described."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    client.create_topics([NewTopic("t", 3, 1)])
    made = client.list_topics()
    brokers = [broker["broker_id"] for broker in client.describe_cluster()["brokers"]]
    client.delete_topics(["t"])
    left = client.list_topics()
    client.close()
    return {"made": made, "brokers": brokers, "left": left}


def login(bootstrap: str, settings: str) -> dict[str, Any]:
    """A value sent and read back by who logs in as the settings say (JSON)."""
    known = {"bootstrap_servers": bootstrap, **json.loads(settings)}
    topic = known["sasl_mechanism"]
    producer = KafkaProducer(**known)
    offset = producer.send(topic, b"value").get(10).offset
    producer.close()
    consumer = KafkaConsumer(**known, consumer_timeout_ms=10_000)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek(TopicPartition(topic, 0), offset)
    value = next(consumer).value.decode()
    consumer.close()
    return {"value": value}


def refused(bootstrap: str, settings: str) -> dict[str, Any]:
    """What is told to who logs in as the settings say, may do next to nothing, and asks for access lists."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap, **json.loads(settings))
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    wanted = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    try:
        client.describe_acls(wanted)
    except KafkaError as error:
        return {"error": type(error).__name__}
    finally:
        client.close()
    return {"error": None}


if __name__ == "__main__":
    work = {
        "round_trip": round_trip,
        "offsets_by_time": offsets_by_time,
        "admin": admin,
        "login": login,
        "refused": refused,
    }
    json.dump(work[sys.argv[1]](sys.argv[2], sys.argv[3]), sys.stdout)
