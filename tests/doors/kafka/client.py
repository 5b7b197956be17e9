"""A broker in memory and Kafka clients that speak with it in bytes: no sockets, no real time."""

from typing import Any

from tests.fakes import node

from dragoman.doors.kafka.door import KafkaDoor
from dragoman.wire.kafka.codec import API_VERSIONS, decode_response, encode_request
from dragoman.wire.kafka.frame import write_request_header
from dragoman.wire.kafka.records import BatchBuilder, Record, read_records
from dragoman.wire.kafka.schema import APIS

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
NO_ID = bytes(16)


class World(node.World):
    def connect(self) -> "Client":
        return Client(self)


class Client(node.Connection[KafkaDoor]):
    """Speaks Kafka: requests as dicts, answers as dicts."""

    def __init__(self, world: node.World) -> None:
        super().__init__(world, KafkaDoor, port=9092)
        self.asked: list[tuple[int, int, int]] = []
        self.correlation = 0

    def post(self, key: int, version: int, message: dict[str, Any]) -> None:
        """Send without waiting for an answer."""
        self.correlation += 1
        self.asked.append((key, version, self.correlation))
        self.give(frame_of(key, version, self.correlation, message))

    def take(self) -> dict[str, Any] | None:
        """The answer to the oldest request, if it has come."""
        data = self.shell.data
        if len(data) < 4:
            return None
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            return None
        key, version, correlation = self.asked.pop(0)
        assert int.from_bytes(data[4:8], "big", signed=True) == correlation
        start = 9 if APIS[key].is_flexible(version) and key != API_VERSIONS else 8
        self.shell.data = data[end:]
        return decode_response(key, version, data, start, end)

    def ask(self, key: int, version: int, message: dict[str, Any]) -> dict[str, Any]:
        """Send, and expect the answer at once."""
        self.post(key, version, message)
        answer = self.take()
        assert answer is not None, "no answer"
        return answer

    # --- what tests do all the time ---

    def begin_life(self, number: int, *, lost: bool = False) -> None:
        """The store was started again, connections apart; `lost`: after a power cut, that may have taken records."""
        kernel = self.world.broker.kernel
        kernel.state.boot = b"the machine runs on"
        kernel.begin(number, b"" if lost else b"the machine runs on")

    def create(self, name: str, partitions: int = 1, **configs: str) -> dict[str, Any]:
        given = [{"name": key.replace("_", "."), "value": value} for key, value in configs.items()]
        topic = {
            "name": name,
            "num_partitions": partitions,
            "replication_factor": 3,
            "assignments": [],
            "configs": given,
        }
        found: dict[str, Any] = self.ask(19, 7, {"topics": [topic]})["topics"][0]
        return found

    def produce(
        self, topic: str, *batches: bytes, partition: int = 0, acks: int = -1, version: int = 9
    ) -> list[dict[str, Any]]:
        """One request per batch; the answers' partitions."""
        return [self.produce_one(topic, batch, partition, acks, version) for batch in batches]

    def produce_one(
        self, topic: str, batch: bytes, partition: int = 0, acks: int = -1, version: int = 9
    ) -> dict[str, Any]:
        part = {"index": partition, "records": batch}
        message = {
            "acks": acks,
            "timeout_ms": 1000,
            "topic_data": [{"name": topic, "partition_data": [part]}],
        }
        answer = self.ask(PRODUCE, version, message)
        found: dict[str, Any] = answer["responses"][0]["partition_responses"][0]
        return found

    def fetch_message(self, topic: str, offset: int, **more: Any) -> dict[str, Any]:
        part = {
            "partition": more.pop("partition", 0),
            "fetch_offset": offset,
            "partition_max_bytes": more.pop("partition_max_bytes", 1 << 20),
            "current_leader_epoch": more.pop("epoch", -1),
        }
        return {
            "max_wait_ms": 0,
            "min_bytes": 1,
            "topics": [{"topic": topic, "partitions": [part]}],
            "forgotten_topics_data": [],
            **more,
        }

    def fetch(self, topic: str, offset: int, version: int = 12, **more: Any) -> dict[str, Any]:
        answer = self.ask(FETCH, version, self.fetch_message(topic, offset, **more))
        found: dict[str, Any] = answer["responses"][0]["partitions"][0]
        return found

    def values(self, topic: str, offset: int = 0) -> list[bytes | None]:
        return [record.value for record in records_in(self.fetch(topic, offset)["records"])]


def frame_of(key: int, version: int, correlation: int, message: dict[str, Any]) -> bytes:
    body = write_request_header(key, version, correlation, "tests") + encode_request(
        key, version, message
    )
    return len(body).to_bytes(4, "big") + body


def batch_of(*values: bytes, **build: Any) -> bytes:
    """A batch with one record per value; `at_ms` and `step_ms`, `key` and what `BatchBuilder.build` takes."""
    builder = BatchBuilder()
    at_ms = build.pop("at_ms", 1_700_000_000_000)
    step_ms = build.pop("step_ms", 1)
    key = build.pop("key", None)
    for index, value in enumerate(values):
        builder.add(key, value, at_ms + index * step_ms, [])
    return builder.build(**build)


def records_in(data: bytes | None) -> list[Record]:
    found: list[Record] = []
    pos = 0
    data = data or b""
    while pos < len(data):
        end = pos + 12 + int.from_bytes(data[pos + 8 : pos + 12], "big")
        found += read_records(data[pos:end])
        pos = end
    return found
