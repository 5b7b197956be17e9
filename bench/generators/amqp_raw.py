"""AMQP load from prebuilt frames: one process, one epoll loop, one queue per connection pair.

    lane   publisher socket --> queue --> consumer socket        `connections` lanes side by side

| mode            | the publisher goes on while            | done when                           |
|-----------------|----------------------------------------|-------------------------------------|
| publish         | the socket takes bytes                 | the queue holds all                 |
| consume         | it leads the consumer by < LEAD_MAX    | all received, acked, queue empty    |
| confirm         | fewer than `window` are unconfirmed    | all confirmed, queue holds all      |
| confirm_consume | both                                   | both                                |
| drain           | (nothing is published)                 | as consume, of what waited before   |

Parameters: host, port, mode, size_bytes, persistent, connections, seconds or count, window,
prefetch, ack ('multiple' or 'each'), queue (a name), keep (leave the queues behind).
"""

import select
import socket
import time

from bench.generators import control
from bench.generators.amqp_wire import (
    ACK_FRAME,
    PERSISTENT,
    TRANSIENT,
    AmqpError,
    AmqpSocket,
    ConfirmCount,
    DeliveryShape,
    ack,
    publish_block,
)

BLOCK_MESSAGES = 1000
LEAD_MAX = 20_000  # messages a publisher may be ahead of its consumer: a queue in steady state
ACK_EVERY = 100  # deliveries per multiple ack; below any prefetch used here
REFILL_SHARE = 10  # a window is refilled when a tenth of it is free
PUBLISHED_MAX = 3_000_000  # per lane, so that a publish-only round has a bound in memory
RECEIVE_BYTES = 1 << 20
SEND_BUFFER_BYTES = 512 << 10  # keeps what is sent after time is up small
POLL_S = 0.05
SETTLE_TIMEOUT_S = 60.0
CONSUMER_TAG = "c"
UNBOUNDED = 1 << 62


class Publisher:
    """Sends a prebuilt block round and round, up to a number of messages it is allowed."""

    __slots__ = (
        "_block",
        "_bytes_sent",
        "_message_bytes",
        "_tail",
        "confirms",
        "count_final",
        "sock",
    )

    def __init__(self, sock: socket.socket, block: bytes, *, confirm: bool) -> None:
        self.sock = sock
        self._block = memoryview(block)
        self._message_bytes = len(block) // BLOCK_MESSAGES
        self._bytes_sent = 0
        self._tail = b""
        self.confirms = ConfirmCount() if confirm else None
        self.count_final = UNBOUNDED  # set when time is up: whole messages only

    @property
    def sent(self) -> int:
        """Whole messages handed to the socket."""
        return self._bytes_sent // self._message_bytes

    def send(self, allowed: int) -> bool:
        """Send up to `allowed` messages in all; False when the socket took no more."""
        goal = min(allowed, self.count_final) * self._message_bytes
        while self._bytes_sent < goal:
            at = self._bytes_sent % len(self._block)
            try:
                taken = self.sock.send(self._block[at : at + goal - self._bytes_sent])
            except BlockingIOError:
                return False
            self._bytes_sent += taken
        return True

    def end_here(self) -> None:
        """No further message; one half sent is completed."""
        self.count_final = min(self.count_final, -(-self._bytes_sent // self._message_bytes))

    def receive(self) -> None:
        """Take confirms; anything else is the broker's complaint."""
        data = self._tail + self.sock.recv(RECEIVE_BYTES)
        if self.confirms is None or not data:
            raise AmqpError(f"the publisher was told {data[:160]!r}")
        whole = len(data) - len(data) % ACK_FRAME.size
        self.confirms.feed(data[:whole])
        self._tail = data[whole:]

    @property
    def done(self) -> bool:
        """All sent and, if asked for, all confirmed."""
        confirmed = self.sent if self.confirms is None else self.confirms.confirmed
        return self.sent == self.count_final == confirmed


class Consumer:
    """Counts deliveries of one size, checks the last of every read, acks."""

    __slots__ = (
        "_acked",
        "_buffer",
        "_each",
        "_fill",
        "_out",
        "_shape",
        "_view",
        "received",
        "sock",
    )

    def __init__(self, sock: socket.socket, shape: DeliveryShape, *, ack_each: bool) -> None:
        self.sock = sock
        self.received = 0
        self._acked = 0
        self._each = ack_each
        self._shape = shape
        self._buffer = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._fill = 0
        self._out = b""

    def start(self, came_already: bytes) -> None:
        """Begin with the deliveries that came with the answer to Basic.Consume."""
        self._view[: len(came_already)] = came_already
        self._take(len(came_already))

    def receive(self) -> None:
        """Read once; count and check what came whole; ack by the policy."""
        got = self.sock.recv_into(self._view[self._fill :])
        if not got:
            raise AmqpError("the broker closed the consumer's connection")
        self._take(self._fill + got)

    def _take(self, fill: int) -> None:
        size = self._shape.size
        count = fill // size
        if count:
            self.received += count
            number = (self.received - 1) % BLOCK_MESSAGES
            self._shape.check(self._buffer, (count - 1) * size, self.received, number)
            rest = fill - count * size
            self._view[:rest] = bytes(self._view[count * size : fill])
            fill = rest
            self._ack(last=False)
        self._fill = fill

    def _ack(self, *, last: bool) -> None:
        waiting = self.received - self._acked
        if self._each:
            self._out += b"".join(
                ack(tag, multiple=False) for tag in range(self._acked + 1, self.received + 1)
            )
        elif waiting >= ACK_EVERY or (last and waiting):
            self._out += ack(self.received, multiple=True)
        else:
            return
        self._acked = self.received
        self.flush()

    def flush(self) -> None:
        """Send the acks that the socket did not take before."""
        if self._out:
            try:
                self._out = self._out[self.sock.send(self._out) :]
            except BlockingIOError:
                return

    def finish(self) -> bool:
        """Ack the rest; True when every ack has left."""
        self._ack(last=True)
        self.flush()
        return not self._out


class Lane:
    """One queue with its publisher, its consumer, or both."""

    def __init__(self, parameters: control.Parameters, index: int) -> None:
        mode = parameters["mode"]
        self.queue = f"{parameters['queue']}-{index}"
        self.durable = bool(parameters["persistent"])
        self.window = int(parameters.get("window", 1000)) if "confirm" in mode else UNBOUNDED
        self.consumer: Consumer | None = None
        self.publisher: Publisher | None = None
        self.control = self._connect(parameters)
        self.waiting_before = self.control.declare(self.queue, durable=self.durable)
        if mode != "drain":
            self._open_publisher(parameters, confirm="confirm" in mode)
        if mode in {"consume", "confirm_consume", "drain"}:
            self._open_consumer(parameters)

    @staticmethod
    def _connect(parameters: control.Parameters) -> AmqpSocket:
        return AmqpSocket.connect(parameters["host"], parameters["port"])

    def _open_publisher(self, parameters: control.Parameters, *, confirm: bool) -> None:
        connection = self._connect(parameters)
        if confirm:
            connection.confirm_select()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        connection.sock.setblocking(False)
        mode = PERSISTENT if self.durable else TRANSIENT
        block = publish_block(self.queue, parameters["size_bytes"], mode, BLOCK_MESSAGES)
        self.publisher = Publisher(connection.sock, block, confirm=confirm)
        self.publisher.count_final = parameters.get("count") or PUBLISHED_MAX

    def _open_consumer(self, parameters: control.Parameters) -> None:
        connection = self._connect(parameters)
        shape = DeliveryShape(self.queue, CONSUMER_TAG, parameters["size_bytes"])
        self.consumer = Consumer(connection.sock, shape, ack_each=parameters.get("ack") == "each")
        self._consumer_connection = connection
        self._prefetch = int(parameters.get("prefetch", 300))
        if parameters["mode"] != "drain":
            self.start_consumer()

    def start_consumer(self) -> None:
        """Subscribe; a drain does so only when the load starts."""
        assert self.consumer is not None
        self._consumer_connection.consume(
            self.queue, CONSUMER_TAG, prefetch=self._prefetch, no_ack=False
        )
        self.consumer.sock.setblocking(False)
        self.consumer.start(self._consumer_connection.take_buffered())

    def allowed(self) -> int:
        """How many messages the publisher may have sent in all at this moment."""
        assert self.publisher is not None
        if self.consumer is None and self.publisher.confirms is None:
            return self.publisher.sent + BLOCK_MESSAGES
        limit = UNBOUNDED
        if self.publisher.confirms is not None:
            limit = self.publisher.confirms.confirmed + self.window
            if limit - self.publisher.sent < self.window // REFILL_SHARE:
                limit = self.publisher.sent
        if self.consumer is not None:
            limit = min(limit, self.consumer.received + LEAD_MAX)
        return limit

    @property
    def expected(self) -> int:
        """What the consumer must see."""
        return self.waiting_before if self.publisher is None else self.publisher.count_final

    @property
    def done(self) -> bool:
        """Nothing left to send, to be confirmed, to receive or to ack."""
        if self.publisher is not None and not self.publisher.done:
            return False
        return self.consumer is None or (
            self.consumer.received == self.expected and self.consumer.finish()
        )

    def settled(self) -> bool:
        """The broker's own count agrees; asked on the channel that spoke last, so in order."""
        assert self.publisher is not None or self.consumer is not None
        if self.consumer is not None:
            self.consumer.sock.settimeout(SETTLE_TIMEOUT_S)
            connection = AmqpSocket(self.consumer.sock)
            return connection.declare(self.queue, durable=self.durable, passive=True) == 0
        assert self.publisher is not None
        self.publisher.sock.settimeout(SETTLE_TIMEOUT_S)
        connection = AmqpSocket(self.publisher.sock)
        count = connection.declare(self.queue, durable=self.durable, passive=True)
        return count == self.publisher.count_final + self.waiting_before


class Load:
    """The loop over all lanes."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.lanes = [Lane(parameters, index) for index in range(parameters["connections"])]
        self._poll = select.epoll()
        self._writers: dict[int, Lane] = {}
        self._readers: dict[int, Lane] = {}
        for lane in self.lanes:
            if lane.publisher is not None:
                self._writers[lane.publisher.sock.fileno()] = lane
                self._poll.register(lane.publisher.sock, select.EPOLLIN | select.EPOLLOUT)
            if lane.consumer is not None:
                self._readers[lane.consumer.sock.fileno()] = lane
                self._poll.register(lane.consumer.sock, select.EPOLLIN)

    def run(self) -> control.Result:
        """Run until every lane is done and settled."""
        start = time.monotonic()
        seconds = float(self.parameters.get("seconds") or UNBOUNDED)
        for lane in self.lanes:
            if self.parameters["mode"] == "drain":
                lane.start_consumer()
        give_up = start + min(seconds, 3600.0) + control.OVERTIME_MAX_S
        ending = False
        while not all(lane.done for lane in self.lanes):
            for fd, event in self._poll.poll(POLL_S):
                self._serve(fd, event)
            now = time.monotonic()
            if not ending and now >= start + seconds:
                ending = True
                for lane in self.lanes:
                    if lane.publisher is not None:
                        lane.publisher.end_here()
            if now > give_up:
                raise control.LoadFailedError(f"not done in time: {self._progress()}")
        while not all(lane.settled() for lane in self.lanes):
            if time.monotonic() > give_up:
                raise control.LoadFailedError("the broker's message count never agreed")
            time.sleep(0.005)
        elapsed = time.monotonic() - start
        count = sum(lane.expected for lane in self.lanes)
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def _serve(self, fd: int, event: int) -> None:
        lane = self._writers.get(fd)
        if lane is None:
            lane = self._readers[fd]
            assert lane.consumer is not None
            lane.consumer.receive()
            if lane.publisher is not None:
                self._write(lane)
            return
        assert lane.publisher is not None
        if event & ~select.EPOLLOUT:
            lane.publisher.receive()
        self._write(lane)

    def _write(self, lane: Lane) -> None:
        """Send what is allowed; wait for the socket only when the socket is the limit."""
        publisher = lane.publisher
        assert publisher is not None
        drained = publisher.send(lane.allowed())
        free_running = lane.consumer is None and publisher.confirms is None
        more = publisher.sent < publisher.count_final
        want_out = (not drained) or (free_running and more)
        mask = select.EPOLLIN | (select.EPOLLOUT if want_out else 0)
        self._poll.modify(publisher.sock, mask)

    def _progress(self) -> list[tuple[int, int]]:
        return [
            (
                lane.publisher.sent if lane.publisher else 0,
                lane.consumer.received if lane.consumer else 0,
            )
            for lane in self.lanes
        ]

    def clean(self) -> None:
        """Delete the queues, unless a later step needs them."""
        if not self.parameters.get("keep"):
            for lane in self.lanes:
                lane.control.delete(lane.queue)


if __name__ == "__main__":
    control.serve(Load)
