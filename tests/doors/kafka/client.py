"""A broker in memory and Kafka clients that speak with it in bytes: no sockets, no real time."""

from collections.abc import Callable
from typing import Any

from dragoman.doors.kafka.door import KafkaDoor
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.runtime.broker import Broker
from dragoman.runtime.commit import NoCommit
from dragoman.wire.kafka.codec import API_VERSIONS, decode_response, encode_request
from dragoman.wire.kafka.frame import write_request_header
from dragoman.wire.kafka.records import BatchBuilder, Record, read_records
from dragoman.wire.kafka.schema import APIS

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
NO_ID = bytes(16)


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000

    def elapsed_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms


class Scheduler:
    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        return lambda: None


class Node:
    version = "test"
    cluster_id = "cluster"

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.users = users or {}
        self.told: tuple[str, int] | None = None

    def authenticate(self, user: str, password: bytes) -> str | None:
        if not self.users:
            return user
        return user if self.users.get(user) == password else None

    def secret(self, key: str) -> bytes | None:
        return self.users.get(key)

    def is_open(self) -> bool:
        return not self.users

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        return self.told


class Peer:
    is_tls = False
    local = ("10.0.0.1", 9092)
    peer = ("10.0.0.2", 50_000)


class Shell:
    """Takes what the door has to send, as a socket would."""

    def __init__(self) -> None:
        self.door: KafkaDoor | None = None
        self.data = b""
        self.is_closed = False

    def flush(self) -> None:
        assert self.door is not None
        self.data += b"".join(self.door.data_to_send())
        self.is_closed = self.is_closed or self.door.is_closing()

    def abort(self) -> None:
        raise AssertionError("a door has failed")

    def throttle(self, *, on: bool) -> None: ...


class World:
    """One broker. Time moves by `advance` only."""

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler()
        self.node = Node(users)
        self.tokens = 0
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda limit: 0, self._token)
        self.broker = Broker(self.kernel, NoCommit(), self.clock, self.scheduler, self.node)
        self.kernel.begin(1)

    def _token(self, size: int) -> bytes:
        self.tokens += 1
        return self.tokens.to_bytes(size, "big")

    def run(self) -> None:
        while self.scheduler.calls:
            calls, self.scheduler.calls = self.scheduler.calls, []
            for call in calls:
                call()

    def advance(self, by_ms: int) -> None:
        """Time passes, and everything due happens."""
        self.clock.now_ms += by_ms
        self.broker.begin_turn()
        self.run()

    def connect(self) -> "Client":
        return Client(self)


class Client:
    """One connection: requests as dicts, answers as dicts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shell = Shell()
        self.session = world.broker.open(self._door, self.shell)
        self.asked: list[tuple[int, int, int]] = []
        self.correlation = 0
        world.run()

    def _door(self, session: Any) -> KafkaDoor:
        self.shell.door = KafkaDoor(session, Peer())
        return self.shell.door

    @property
    def door(self) -> KafkaDoor:
        assert self.shell.door is not None
        return self.shell.door

    def receive(self, data: bytes) -> None:
        self.world.broker.begin_turn()
        self.door.receive(data)
        self.world.broker.touch(self.session)
        self.world.run()

    def post(self, key: int, version: int, message: dict[str, Any]) -> None:
        """Send without waiting for an answer."""
        self.correlation += 1
        self.asked.append((key, version, self.correlation))
        self.receive(frame_of(key, version, self.correlation, message))

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

    def close(self) -> None:
        self.world.broker.close(self.session)
        self.world.run()

    # --- what tests do all the time ---

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
    """A batch with one record per value; `at_ms`, `key` and what `BatchBuilder.build` takes."""
    builder = BatchBuilder()
    at_ms = build.pop("at_ms", 1_700_000_000_000)
    key = build.pop("key", None)
    for index, value in enumerate(values):
        builder.add(key, value, at_ms + index, [])
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
