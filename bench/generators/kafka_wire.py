"""Kafka in the few requests a load needs, with record batches built beforehand.

    request   size 4 | api key 2 | version 2 | correlation 4 | client id | ...
    batch     base offset 8 | length 4 | epoch 4 | magic 1 | CRC-32C 4 | attributes ... records

The CRC covers everything after itself, so a batch is built once and sent for ever: the broker
rewrites only what stands before. Produce is version 9 (flexible), Fetch 11, CreateTopics 4,
DeleteTopics 3, ListOffsets 2, Metadata 1: all served by Kafka 4. Not a client: it raises
`KafkaError` at any error code.
"""

import socket
import struct
import time
from typing import Final, Self

import google_crc32c

PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, DELETE_TOPICS = 0, 1, 2, 3, 19, 20
CLIENT_ID = "bench"
CONNECT_TIMEOUT_S = 20.0
REQUEST_TIMEOUT_MS = 20_000
TOPIC_READY_TIMEOUT_S = 20.0
RESPONSE_MAX_BYTES = 64 << 20
BATCH_HEADER_BYTES = 61
LATEST = -1
TOPIC_ALREADY_EXISTS = 36

# base offset, length after this field
BATCH_START: Final = struct.Struct(">qi")


class KafkaError(RuntimeError):
    """The broker answered with an error code, or not as the protocol has it."""


def uvarint(value: int) -> bytes:
    """An unsigned variable-length integer."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint(value: int) -> bytes:
    """A signed (zigzag) variable-length integer."""
    return uvarint(value * 2 if value >= 0 else -value * 2 - 1)


def string(text: str) -> bytes:
    """A string with a two-byte length."""
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def compact(data: bytes) -> bytes:
    """Compact bytes or a compact string: length plus one, then the bytes."""
    return uvarint(len(data) + 1) + data


def record(offset_delta: int, value: bytes) -> bytes:
    """One record without key or headers, its timestamp that of the batch."""
    body = (
        b"\0" + varint(0) + varint(offset_delta) + varint(-1) + varint(len(value)) + value + b"\0"
    )
    return varint(len(body)) + body


def record_batch(values: list[bytes], timestamp_ms: int) -> bytes:
    """A record batch (magic 2) of these values, uncompressed, with its CRC-32C."""
    assert values, "a batch holds a record"
    records = b"".join(record(delta, value) for delta, value in enumerate(values))
    checked = struct.pack(
        ">hiqqqhii", 0, len(values) - 1, timestamp_ms, timestamp_ms, -1, -1, -1, len(values)
    )
    checked += records
    crc = google_crc32c.value(checked)
    return struct.pack(">qiibI", 0, len(checked) + 9, -1, 2, crc) + checked


def request(api_key: int, version: int, correlation: int, body: bytes, *, flexible: bool) -> bytes:
    """One request with its size."""
    head = struct.pack(">hhi", api_key, version, correlation) + string(CLIENT_ID)
    data = head + (b"\0" if flexible else b"") + body
    return struct.pack(">i", len(data)) + data


def produce_request(
    topic: str, partition: int, batch: bytes, *, correlation: int, acks: int = 1
) -> bytes:
    """A Produce request (version 9) of one batch for one partition."""
    part = struct.pack(">i", partition) + compact(batch) + b"\0"
    topics = uvarint(2) + compact(topic.encode()) + uvarint(2) + part + b"\0"
    body = b"\0" + struct.pack(">hi", acks, REQUEST_TIMEOUT_MS) + topics + b"\0"
    return request(PRODUCE, 9, correlation, body, flexible=True)


class ProduceResponse:
    """Where things lie in the answer to `produce_request`: its size is fixed for a topic."""

    __slots__ = ("_error_at", "size")

    def __init__(self, topic: str) -> None:
        name = compact(topic.encode())
        # size, correlation, tags, one topic, its name, one partition, index; then the error code
        self._error_at = 4 + 4 + 1 + 1 + len(name) + 1 + 4
        # error, three offsets/times, no record errors, no message, tags twice; throttle, tags
        self.size = self._error_at + 2 + 24 + 1 + 1 + 1 + 1 + 4 + 1

    def offset(self, buffer: bytes | bytearray, at: int, correlation: int) -> int:
        """The base offset given to the batch; raises unless this answers `correlation`."""
        size, answered = struct.unpack_from(">ii", buffer, at)
        error, offset = struct.unpack_from(">hq", buffer, at + self._error_at)
        if size != self.size - 4 or error or answered != correlation:
            raise KafkaError(f"produce {correlation}: error {error}, {answered=}, {size=}")
        return int(offset)


def fetch_request(
    topic: str,
    partition: int,
    offset: int,
    *,
    correlation: int,
    wait_ms_max: int = 500,
    bytes_max: int = 1 << 20,
) -> bytes:
    """A Fetch request (version 11) without a session, for one partition."""
    body = struct.pack(">iiiibii", -1, wait_ms_max, 1, bytes_max, 0, 0, -1)
    part = struct.pack(">iiqqi", partition, -1, offset, -1, bytes_max)
    body += struct.pack(">i", 1) + string(topic) + struct.pack(">i", 1) + part
    body += struct.pack(">i", 0) + string("")
    return request(FETCH, 11, correlation, body, flexible=False)


def fetch_records_span(buffer: bytes | bytearray | memoryview, topic: str) -> tuple[int, int]:
    """Start and end of the record bytes in a Fetch response (its size field included)."""
    _throttle, error, _session, topics = struct.unpack_from(">ihii", buffer, 8)
    if error or topics != 1:
        raise KafkaError(f"fetch: error {error}, {topics} topics")
    at = 22 + 2 + len(topic.encode()) + 4
    _index, error, _high, _stable, _start, aborted = struct.unpack_from(">ihqqqi", buffer, at)
    if error:
        raise KafkaError(f"fetch: partition error {error}")
    at += 34 + 16 * max(aborted, 0) + 4
    size = struct.unpack_from(">i", buffer, at)[0]
    return at + 4, at + 4 + max(size, 0)


def walk_batches(
    buffer: bytes | bytearray | memoryview, start: int, end: int
) -> list[tuple[int, int, int]]:
    """(base offset, record count, position) of every whole batch in the span."""
    found = []
    while end - start >= BATCH_HEADER_BYTES:
        base, length = BATCH_START.unpack_from(buffer, start)
        if length < BATCH_HEADER_BYTES - 12:
            raise KafkaError(f"a batch of {length} bytes at {start}")
        if start + 12 + length > end:
            break
        count = struct.unpack_from(">i", buffer, start + 57)[0]
        found.append((base, count, start))
        start += 12 + length
    return found


def batch_crc_holds(buffer: bytes | bytearray | memoryview, at: int) -> bool:
    """Whether a batch's CRC-32C agrees with its bytes."""
    length = BATCH_START.unpack_from(buffer, at)[1]
    stored = struct.unpack_from(">I", buffer, at + 17)[0]
    return bool(google_crc32c.value(bytes(buffer[at + 21 : at + 12 + length])) == stored)


class KafkaSocket:
    """A blocking connection for requests one at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._correlation = 1 << 20

    @classmethod
    def connect(cls, host: str, port: int) -> Self:
        """Open a connection; no handshake is needed."""
        sock = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    def receive(self) -> bytes:
        """The next response with its size field."""
        size = struct.unpack(">i", self._exactly(4))[0]
        if not 0 < size <= RESPONSE_MAX_BYTES:
            raise KafkaError(f"a response of {size} bytes")
        return struct.pack(">i", size) + self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        out = bytearray()
        while len(out) < count:
            data = self.sock.recv(count - len(out))
            if not data:
                raise KafkaError("the broker closed the connection")
            out += data
        return bytes(out)

    def ask(self, api_key: int, version: int, body: bytes) -> bytes:
        """The body of the answer to one non-flexible request."""
        self._correlation += 1
        self.sock.sendall(request(api_key, version, self._correlation, body, flexible=False))
        answer = self.receive()
        if struct.unpack_from(">i", answer, 4)[0] != self._correlation:
            raise KafkaError("an answer to another request")
        return answer[8:]

    def broker_count(self) -> int:
        """How many brokers Metadata names (the answer of one that serves)."""
        return int(struct.unpack_from(">i", self.ask(METADATA, 1, struct.pack(">i", 0)))[0])

    def create_topic(self, topic: str, partitions: int, configs: dict[str, str]) -> None:
        """Create a topic, unless it is there, and wait until each partition answers."""
        pairs = b"".join(string(key) + string(value) for key, value in configs.items())
        body = struct.pack(">i", 1) + string(topic) + struct.pack(">ihi", partitions, 1, 0)
        body += (
            struct.pack(">i", len(configs)) + pairs + struct.pack(">i?", REQUEST_TIMEOUT_MS, False)
        )
        answer = self.ask(CREATE_TOPICS, 4, body)
        error = struct.unpack_from(">h", answer, 8 + 2 + len(topic.encode()))[0]
        if error not in {0, TOPIC_ALREADY_EXISTS}:
            raise KafkaError(f"create {topic}: error {error}")
        deadline = time.monotonic() + TOPIC_READY_TIMEOUT_S
        for partition in range(partitions):
            while True:
                try:
                    self.end_offset(topic, partition)
                    break
                except KafkaError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)

    def delete_topic(self, topic: str) -> None:
        """Delete a topic."""
        body = struct.pack(">i", 1) + string(topic) + struct.pack(">i", REQUEST_TIMEOUT_MS)
        self.ask(DELETE_TOPICS, 3, body)

    def end_offset(self, topic: str, partition: int) -> int:
        """The offset after the last record of a partition."""
        body = struct.pack(">ibi", -1, 0, 1) + string(topic)
        body += struct.pack(">iiq", 1, partition, LATEST)
        answer = self.ask(LIST_OFFSETS, 2, body)
        at = 4 + 4 + 2 + len(topic.encode()) + 4 + 4
        error, _time, offset = struct.unpack_from(">hqq", answer, at)
        if error:
            raise KafkaError(f"offsets of {topic}-{partition}: error {error}")
        return int(offset)

    def fill(self, topic: str, partition: int, batch: bytes, batches: int, window: int = 4) -> None:
        """Produce one batch again and again, a few requests in flight."""
        response = ProduceResponse(topic)
        data = produce_request(topic, partition, batch, correlation=7)
        for number in range(batches + window):
            if number < batches:
                self.sock.sendall(data)
            if number >= window:
                response.offset(self.receive(), 0, 7)

    def close(self) -> None:
        """Close the socket: Kafka has no farewell."""
        self.sock.close()
