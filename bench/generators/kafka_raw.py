"""Kafka load from prebuilt requests: one process, one epoll loop, one partition per connection.

| mode    | each connection                                                              |
|---------|------------------------------------------------------------------------------|
| produce | keeps `in_flight` Produce requests of `batch_records` records on the way      |
| fetch   | reads a prefilled partition from start to end, again and again, one at a time |
| drain   | reads its partition once, from start to end                                  |

Produce checks every answer (error, order, offset) and the end offset of every partition; fetch
checks that offsets follow each other, and the CRC of one batch in CRC_EVERY.

Parameters: host, port, mode, record_bytes, batch_records, connections, in_flight, acks, seconds
or count (records in all), bytes_max (of produced values in all), topic, keep, configs.
"""

import select
import socket
import time
from typing import Any

from bench.generators import control
from bench.generators.kafka_wire import (
    KafkaError,
    KafkaSocket,
    ProduceResponse,
    batch_crc_holds,
    fetch_records_span,
    fetch_request,
    produce_request,
    record_batch,
    walk_batches,
)

RECEIVE_BYTES = 1 << 18
RESPONSE_BYTES_MAX = 4 << 20
FETCH_BYTES = 1 << 20
PREFILL_BYTES = 256 << 20
PREFILL_BATCH_BYTES = 128 << 10
PRODUCED_BYTES_MAX = 1 << 30  # values per round: keeps writeback of one round out of the next
CRC_EVERY = 16
REFILL_SHARE = 8
POLL_S = 0.05
UNBOUNDED = 1 << 62


class Producer:
    """One connection with a ring of prebuilt requests, one for each place in flight."""

    def __init__(self, sock: socket.socket, parameters: control.Parameters, partition: int) -> None:
        self.sock = sock
        self.records_per_batch = int(parameters["batch_records"])
        value = b"v" * int(parameters["record_bytes"])
        batch = record_batch([value] * self.records_per_batch, int(time.time() * 1000))
        self.in_flight_max = int(parameters["in_flight"])
        topic = str(parameters["topic"])
        requests = [
            produce_request(topic, partition, batch, correlation=place, acks=1)
            for place in range(self.in_flight_max)
        ]
        self._request_bytes = len(requests[0])
        self._ring = memoryview(b"".join(requests))
        self._response = ProduceResponse(topic)
        self._tail = b""
        self._bytes_sent = 0
        self.answered = 0
        self.offset_start = 0  # of a topic that holds records already
        self.requests_final = UNBOUNDED

    @property
    def sent(self) -> int:
        """Requests wholly handed to the socket."""
        return self._bytes_sent // self._request_bytes

    def send(self) -> bool:
        """Fill what may be in flight; False when the socket took no more."""
        goal = self._allowed() * self._request_bytes
        while self._bytes_sent < goal:
            at = self._bytes_sent % len(self._ring)
            try:
                self._bytes_sent += self.sock.send(self._ring[at : at + goal - self._bytes_sent])
            except BlockingIOError:
                return False
        return True

    def _allowed(self) -> int:
        """Requests that may be sent in all; a deep pipeline is refilled an eighth at a time."""
        allowed = min(self.answered + self.in_flight_max, self.requests_final)
        begun = -(-self._bytes_sent // self._request_bytes)
        if allowed - begun < self.in_flight_max // REFILL_SHARE and allowed < self.requests_final:
            return begun
        return allowed

    def receive(self) -> None:
        """Check every whole answer of one read."""
        data = self._tail + self.sock.recv(RECEIVE_BYTES)
        size = self._response.size
        if len(data) == len(self._tail):
            raise KafkaError("the broker closed the connection")
        whole = len(data) // size
        for index in range(whole):
            place = self.answered % self.in_flight_max
            offset = self._response.offset(data, index * size, place)
            if offset != self.offset_start + self.answered * self.records_per_batch:
                raise KafkaError(f"request {self.answered} was given offset {offset}")
            self.answered += 1
        self._tail = data[whole * size :]

    def end_here(self) -> None:
        """No further request; one half sent is completed."""
        self.requests_final = min(self.requests_final, -(-self._bytes_sent // self._request_bytes))

    @property
    def done(self) -> bool:
        """All sent and answered."""
        return self.answered == self.requests_final


class Fetcher:
    """One connection that reads a partition, a request at a time."""

    def __init__(self, sock: socket.socket, parameters: control.Parameters, partition: int) -> None:
        self.sock = sock
        self._topic = str(parameters["topic"])
        self._partition = partition
        self._buffer = bytearray(RESPONSE_BYTES_MAX)
        self._view = memoryview(self._buffer)
        self.end = 0
        self.next = 0
        self.records = 0
        self.responses = 0
        self.once = parameters["mode"] == "drain"
        self.ending = False

    def ask(self) -> None:
        """Send the next request."""
        self.sock.sendall(
            fetch_request(
                self._topic, self._partition, self.next, correlation=5, bytes_max=FETCH_BYTES
            )
        )

    def receive(self) -> None:
        """Read one whole answer, count and check it, ask again."""
        got, size = 0, 4
        while got < size:
            count = self.sock.recv_into(self._view[got:])
            if not count:
                raise KafkaError("the broker closed the connection")
            got += count
            if got >= 4:
                size = 4 + int.from_bytes(self._buffer[:4], "big")
        start, end = fetch_records_span(self._buffer, self._topic)
        batches = walk_batches(self._buffer, start, end)
        for base, count, _at in batches:
            if base != self.next:
                raise KafkaError(f"offset {self.next} expected, {base} came")
            self.next = base + count
            self.records += count
        self.responses += 1
        self._check_crc(batches)
        self._go_on()

    def _check_crc(self, batches: list[tuple[int, int, int]]) -> None:
        due = self.responses % CRC_EVERY == 0
        if due and batches and not batch_crc_holds(self._buffer, batches[-1][2]):
            raise KafkaError(f"CRC of the batch at offset {batches[-1][0]} is wrong")

    def _go_on(self) -> None:
        if self.next >= self.end and not self.once:
            self.next = 0
        if not self.done:
            self.ask()

    @property
    def done(self) -> bool:
        """Time is up, or the end is reached once."""
        return self.ending or (self.once and self.next >= self.end)


class Load:
    """All connections of one run."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.topic = str(parameters["topic"])
        self.control = KafkaSocket.connect(parameters["host"], parameters["port"])
        self.fetching = parameters["mode"] in {"fetch", "drain"}
        connections = int(parameters["connections"])
        if parameters["mode"] != "drain":
            self.control.create_topic(self.topic, connections, parameters.get("configs", {}))
        if parameters["mode"] == "fetch":
            self._prefill(connections)
        self._poll = select.epoll()
        self.stored_before = 0
        self.ends: dict[int, Any] = {}
        for partition in range(connections):
            self._open(partition)

    def _open(self, partition: int) -> None:
        sock = KafkaSocket.connect(self.parameters["host"], self.parameters["port"]).sock
        if self.fetching:
            fetcher = Fetcher(sock, self.parameters, partition)
            fetcher.end = self.control.end_offset(self.topic, partition)
            self.ends[sock.fileno()] = fetcher
            self._poll.register(sock, select.EPOLLIN)
            return
        sock.setblocking(False)
        producer = Producer(sock, self.parameters, partition)
        producer.requests_final = self._requests_max()
        producer.offset_start = self.control.end_offset(self.topic, partition)
        self.stored_before += producer.offset_start
        self.ends[sock.fileno()] = producer
        self._poll.register(sock, select.EPOLLIN | select.EPOLLOUT)

    def _requests_max(self) -> int:
        """Requests per connection, by the count asked for or the bound on bytes."""
        per_request = int(self.parameters["batch_records"])
        per_connection = int(self.parameters["connections"]) * per_request
        if self.parameters.get("count"):
            return int(self.parameters["count"]) // per_connection
        bytes_max = int(self.parameters.get("bytes_max", PRODUCED_BYTES_MAX))
        return bytes_max // (per_connection * int(self.parameters["record_bytes"]))

    def _prefill(self, connections: int) -> None:
        value = b"v" * int(self.parameters["record_bytes"])
        records = PREFILL_BATCH_BYTES // len(value)
        batch = record_batch([value] * records, int(time.time() * 1000))
        for partition in range(connections):
            batches = PREFILL_BYTES // connections // len(batch)
            self.control.fill(self.topic, partition, batch, batches)

    def run(self) -> control.Result:
        """Run until all connections are done, then compare with the broker's own count."""
        start = time.monotonic()
        seconds = float(self.parameters.get("seconds") or UNBOUNDED)
        give_up = start + min(seconds, 3600.0) + control.OVERTIME_MAX_S
        if self.fetching:
            for end in self.ends.values():
                end.ask()
        ending = False
        while not all(end.done for end in self.ends.values()):
            for fd, event in self._poll.poll(POLL_S):
                self._serve(fd, event)
            now = time.monotonic()
            if not ending and now >= start + seconds:
                ending = True
                for end in self.ends.values():
                    self._end(end)
            if now > give_up:
                raise control.LoadFailedError("requests were never answered")
        elapsed = time.monotonic() - start
        return self._result(elapsed)

    def _end(self, end: Any) -> None:
        if self.fetching:
            end.ending = True
        else:
            end.end_here()

    def _serve(self, fd: int, event: int) -> None:
        end = self.ends[fd]
        if self.fetching:
            if not end.done:
                end.receive()
            return
        if event & ~select.EPOLLOUT:
            end.receive()
        drained = end.send()
        self._poll.modify(fd, select.EPOLLIN | (0 if drained else select.EPOLLOUT))

    def _result(self, elapsed: float) -> control.Result:
        if self.fetching:
            records = sum(end.records for end in self.ends.values())
            requests = sum(end.responses for end in self.ends.values())
        else:
            requests = sum(end.answered for end in self.ends.values())
            records = requests * int(self.parameters["batch_records"])
            stored = sum(
                self.control.end_offset(self.topic, partition)
                for partition in range(len(self.ends))
            )
            if stored != records + self.stored_before:
                raise control.LoadFailedError(f"{records} records answered, {stored} stored")
        megabytes = records * int(self.parameters["record_bytes"]) / 1e6
        return {
            "count": records,
            "requests": requests,
            "seconds": elapsed,
            "megabytes": megabytes,
            "rate": records / elapsed,
            "mb_per_s": megabytes / elapsed,
            "requests_per_s": requests / elapsed,
        }

    def clean(self) -> None:
        """Delete the topic, unless a later step needs it."""
        if not self.parameters.get("keep"):
            self.control.delete_topic(self.topic)


if __name__ == "__main__":
    control.serve(Load)
