"""AMQP 0-9-1 in the few frames a load needs: prebuilt publishes, deliveries of one known size.

    frame    type 1 | channel 2 | size 4 | payload | 0xCE
    publish  [method Basic.Publish] [header: delivery-mode only] [body]
    deliver  [method Basic.Deliver] [header, as published]       [body]

Every publish carries its number within a block in the first eight bytes of its body, so that a
consumer can check order and loss at any delivery. Not a client: it refuses what it did not ask
for by raising `AmqpError`.
"""

import socket
import struct
from typing import Self

METHOD, HEADER, BODY = 1, 2, 3
FRAME_END = 0xCE
CHANNEL = 1
FRAME_MAX_BYTES = 131_072
CONNECT_TIMEOUT_S = 20.0

BASIC_ACK = 0x003C0050
BASIC_NACK = 0x003C0078
BASIC_DELIVER = 0x003C003C
QUEUE_DECLARE_OK = 0x0032000B
CONNECTION_CLOSE = 0x000A0032
CHANNEL_CLOSE = 0x00140028

# A Basic.Ack or Basic.Nack frame: type, channel, size, method, tag, bits, end.
ACK_FRAME = struct.Struct(">BHIIQBB")
ACK_PAYLOAD_BYTES = 13
TRANSIENT, PERSISTENT = 1, 2


class AmqpError(RuntimeError):
    """The broker said something the load cannot go on with."""


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    """One frame."""
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([FRAME_END])


def method(class_id: int, method_id: int, arguments: bytes = b"", channel: int = CHANNEL) -> bytes:
    """One method frame."""
    return frame(METHOD, channel, struct.pack(">HH", class_id, method_id) + arguments)


def short(text: str) -> bytes:
    """A short string."""
    data = text.encode()
    return bytes([len(data)]) + data


def long(data: bytes) -> bytes:
    """A long string, or a table already encoded."""
    return struct.pack(">I", len(data)) + data


def publish(queue: str, body: bytes, delivery_mode: int) -> bytes:
    """The three frames of one publish to the default exchange."""
    arguments = b"\x00\x00" + short("") + short(queue) + b"\x00"
    header = struct.pack(">HHQHB", 60, 0, len(body), 0x1000, delivery_mode)
    return method(60, 40, arguments) + frame(HEADER, CHANNEL, header) + frame(BODY, CHANNEL, body)


def publish_block(queue: str, size_bytes: int, delivery_mode: int, count: int) -> bytes:
    """`count` publishes, end to end, the body of each opening with its number in the block."""
    assert size_bytes >= 8, "a body holds its number in eight bytes"
    filler = b"x" * (size_bytes - 8)
    return b"".join(
        publish(queue, struct.pack(">Q", number) + filler, delivery_mode) for number in range(count)
    )


class DeliveryShape:
    """Where things lie in a delivery of a queue whose messages all have one size."""

    __slots__ = ("body_at", "prefix", "size", "tag_at")

    def __init__(self, queue: str, consumer_tag: str, size_bytes: int) -> None:
        before_tag = struct.pack(">I", BASIC_DELIVER) + short(consumer_tag)
        method_bytes = len(before_tag) + 8 + 1 + len(short("")) + len(short(queue))
        self.prefix = struct.pack(">BHI", METHOD, CHANNEL, method_bytes) + before_tag
        self.tag_at = len(self.prefix)
        header_at = 7 + method_bytes + 1
        self.body_at = header_at + (7 + 15 + 1) + 7
        self.size = self.body_at + size_bytes + 1

    def check(self, buffer: bytearray, at: int, tag: int, number: int) -> None:
        """Raise unless the delivery at `at` is the `tag`-th and carries `number`."""
        if not buffer.startswith(self.prefix, at) or buffer[at + self.size - 1] != FRAME_END:
            raise AmqpError(f"not the delivery expected: {bytes(buffer[at : at + 40])!r}")
        found_tag = int.from_bytes(buffer[at + self.tag_at : at + self.tag_at + 8], "big")
        found = int.from_bytes(buffer[at + self.body_at : at + self.body_at + 8], "big")
        if (found_tag, found) != (tag, number):
            raise AmqpError(
                f"delivery {tag} of message {number} expected, {found_tag}, {found} came"
            )


def ack(tag: int, *, multiple: bool) -> bytes:
    """A Basic.Ack frame."""
    return ACK_FRAME.pack(METHOD, CHANNEL, ACK_PAYLOAD_BYTES, BASIC_ACK, tag, multiple, FRAME_END)


class ConfirmCount:
    """How many publishes are confirmed, from single and multiple acks in any order."""

    __slots__ = ("above", "floor")

    def __init__(self) -> None:
        self.floor = 0  # all tags up to here are confirmed
        self.above: set[int] = set()  # confirmed one by one past the floor

    @property
    def confirmed(self) -> int:
        """Publishes confirmed so far."""
        return self.floor + len(self.above)

    def feed(self, frames: bytes | bytearray | memoryview) -> None:
        """Count whole ack frames; raise on anything else."""
        for kind, _channel, _size, which, tag, bits, end in ACK_FRAME.iter_unpack(frames):
            if which != BASIC_ACK or kind != METHOD or end != FRAME_END:
                raise AmqpError(f"a confirm was expected, method {which:#x} came")
            if bits & 1:
                self.floor = max(self.floor, tag)
                self.above = {other for other in self.above if other > tag} if self.above else set()
            elif tag == self.floor + 1:
                self.floor = tag
            else:
                self.above.add(tag)
            while self.above and self.floor + 1 in self.above:
                self.floor += 1
                self.above.discard(self.floor)


class AmqpSocket:
    """A blocking connection with one open channel."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    @classmethod
    def connect(
        cls,
        host: str,
        port: int,
        user: str = "guest",
        password: str = "guest",
        heartbeat_s: int = 0,
    ) -> Self:
        """Connect, authenticate, open the virtual host '/' and channel 1."""
        sock = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self = cls(sock)
        sock.sendall(b"AMQP\x00\x00\x09\x01")
        self.expect(10, 10)
        response = long(f"\0{user}\0{password}".encode())
        sock.sendall(method(10, 11, long(b"") + short("PLAIN") + response + short("en_US"), 0))
        self.expect(10, 30)
        tune = struct.pack(">HIH", 64, FRAME_MAX_BYTES, heartbeat_s)
        sock.sendall(method(10, 31, tune, 0) + method(10, 40, short("/") + b"\x00\x00", 0))
        self.expect(10, 41)
        sock.sendall(method(20, 10, b"\x00"))
        self.expect(20, 11)
        return self

    def receive_frame(self) -> tuple[int, bytes]:
        """The next frame's type and payload; heartbeats are skipped."""
        while True:
            if len(self._buffer) >= 7:
                kind, _channel, size = struct.unpack_from(">BHI", self._buffer)
                if len(self._buffer) >= size + 8:
                    payload = self._buffer[7 : 7 + size]
                    self._buffer = self._buffer[size + 8 :]
                    if kind != 8:
                        return kind, payload
                    continue
            data = self.sock.recv(65536)
            if not data:
                raise AmqpError("the broker closed the connection")
            self._buffer += data

    def take_buffered(self) -> bytes:
        """What came behind the last frame read; whoever takes the socket over must count it."""
        data, self._buffer = self._buffer, b""
        return data

    def expect(self, class_id: int, method_id: int) -> bytes:
        """The arguments of the next frame, which must be this method."""
        kind, payload = self.receive_frame()
        wanted = struct.pack(">HH", class_id, method_id)
        if kind != METHOD or payload[:4] != wanted:
            raise AmqpError(f"method {class_id}.{method_id} expected, {payload[:120]!r} came")
        return payload[4:]

    def declare(self, queue: str, *, durable: bool, passive: bool = False) -> int:
        """Declare a queue; the number of messages ready in it."""
        bits = (1 if passive else 0) | (2 if durable else 0)
        self.sock.sendall(method(50, 10, b"\x00\x00" + short(queue) + bytes([bits]) + long(b"")))
        arguments = self.expect(50, 11)
        return int.from_bytes(arguments[1 + arguments[0] :][:4], "big")

    def delete(self, queue: str) -> None:
        """Delete a queue with what is in it."""
        self.sock.sendall(method(50, 40, b"\x00\x00" + short(queue) + b"\x00"))
        self.expect(50, 41)

    def purge(self, queue: str) -> int:
        """Drop what waits in a queue; how many."""
        self.sock.sendall(method(50, 30, b"\x00\x00" + short(queue) + b"\x00"))
        return int.from_bytes(self.expect(50, 31)[:4], "big")

    def confirm_select(self) -> None:
        """Ask for a confirm of every publish."""
        self.sock.sendall(method(85, 10, b"\x00"))
        self.expect(85, 11)

    def consume(self, queue: str, tag: str, *, prefetch: int, no_ack: bool) -> None:
        """Start a consumer with at most `prefetch` deliveries not yet acked."""
        if prefetch:
            self.sock.sendall(method(60, 10, struct.pack(">IHB", 0, prefetch, 0)))
            self.expect(60, 11)
        bits = bytes([2 if no_ack else 0])
        arguments = b"\x00\x00" + short(queue) + short(tag) + bits + long(b"")
        self.sock.sendall(method(60, 20, arguments))
        self.expect(60, 21)

    def close(self) -> None:
        """Leave as a client should."""
        try:
            self.sock.sendall(method(10, 50, b"\x00\xc8" + short("") + b"\x00\x00\x00\x00", 0))
            self.sock.settimeout(2.0)
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        self.sock.close()
