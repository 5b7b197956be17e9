"""Kafka requests over a socket, one at a time: a client that knows exactly what was asked and what was answered."""

import socket
from typing import Any

from tests.doors.kafka.client import batch_of, frame_of

from dragoman.wire.kafka.batch import TRANSACTIONAL
from dragoman.wire.kafka.codec import decode_response
from dragoman.wire.kafka.schema import APIS

ANSWER_S_MAX = 20.0
NO_EPOCH = -1
Message = dict[str, Any]


class Wire:
    """One connection. Raises ConnectionError when the broker is gone."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_S_MAX)
        self._correlation = 0

    def ask(self, key: int, version: int, message: Message) -> Message:
        self.post(key, version, message)
        return self.take(key, version)

    def post(self, key: int, version: int, message: Message) -> None:
        self._correlation += 1
        self._socket.sendall(frame_of(key, version, self._correlation, message))

    def take(self, key: int, version: int) -> Message:
        data = self._exactly(int.from_bytes(self._exactly(4), "big"))
        start = 5 if APIS[key].is_flexible(version) else 4
        return decode_response(key, version, data, start, len(data))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def close(self) -> None:
        self._socket.close()


class Writer:
    """A transactional producer of the first or the second kind (`moves`), that takes a group's offset along."""

    def __init__(self, wire: Wire, name: str, *, moves: bool) -> None:
        self.wire = wire
        self.name = name
        self.moves = moves
        answer = wire.ask(22, 4, {"transactional_id": name, "transaction_timeout_ms": 60_000})
        assert answer["error_code"] == 0, answer
        self._become(answer)

    def _become(self, answer: Message) -> None:
        self.who = {
            "transactional_id": self.name,
            "producer_id": answer["producer_id"],
            "producer_epoch": answer["producer_epoch"],
        }
        self.sequence = 0

    def _check(self, code: int) -> None:
        assert code == 0, code

    def write(self, topic: str, value: str) -> None:
        if not self.moves:
            topics = [{"name": topic, "partitions": [0]}]
            answer = self.wire.ask(24, 3, {**self.who, "topics": topics})
            self._check(
                answer["results_by_topic"][0]["results_by_partition"][0]["partition_error_code"]
            )
        batch = batch_of(
            value.encode(),
            attributes=TRANSACTIONAL,
            producer_id=self.who["producer_id"],
            producer_epoch=self.who["producer_epoch"],
            base_sequence=self.sequence,
        )
        part = {"index": 0, "records": batch}
        message = {
            "transactional_id": self.name,
            "acks": -1,
            "timeout_ms": 1000,
            "topic_data": [{"name": topic, "partition_data": [part]}],
        }
        answer = self.wire.ask(0, 12 if self.moves else 9, message)
        self._check(answer["responses"][0]["partition_responses"][0]["error_code"])
        self.sequence += 1

    def take_along(self, topic: str, group: str, offset: int) -> None:
        if not self.moves:
            self._check(self.wire.ask(25, 3, {**self.who, "group_id": group})["error_code"])
        part = {
            "partition_index": 0,
            "committed_offset": offset,
            "committed_leader_epoch": NO_EPOCH,
            "committed_metadata": "",
        }
        topics = [{"name": topic, "partitions": [part]}]
        message = {**self.who, "group_id": group, "topics": topics}
        answer = self.wire.ask(28, 5 if self.moves else 3, message)
        self._check(answer["topics"][0]["partitions"][0]["error_code"])

    def end(self, *, commit: bool) -> None:
        answer = self.wire.ask(26, 5 if self.moves else 3, {**self.who, "committed": commit})
        self._check(answer["error_code"])
        if self.moves:
            self._become(answer)


def committed_offset(wire: Wire, topic: str, group: str) -> int:
    """-1: none. An offset that a transaction may yet move is no answer."""
    topics = [{"name": topic, "partition_indexes": [0]}]
    answer = wire.ask(9, 7, {"group_id": group, "topics": topics, "require_stable": True})
    part = answer["topics"][0]["partitions"][0]
    assert part["error_code"] == 0, part
    offset: int = part["committed_offset"]
    return offset
