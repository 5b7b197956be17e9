"""gRPC load from prebuilt frames: unary calls of grpc.health.v1.Health/Check, so many in flight on one connection.

What is measured is the server below its handlers: HTTP/2, flow control, headers, statuses. Every answer must be SERVING
and its status OK. Header blocks repeat, as those of gRPC's clients do, and use no table.

Parameters: host, port, in_flight, seconds.
"""

import socket
import time

from bench.generators import control

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END, WHOLE = 1, 4
WINDOW = (1 << 31) - 1
RECEIVE_BYTES = 1 << 18
TIMEOUT_S = 30.0
ASKED = b"\0\0\0\0\0"
SERVING = b"\0\0\0\0\x02\x08\x01"
FIELDS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/grpc.health.v1.Health/Check"),
    (":authority", "127.0.0.1"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
    ("user-agent", "grpc-python/1.85.3 grpc-c/53.0.0 (linux; chttp2)"),
    ("grpc-accept-encoding", "identity, deflate, gzip"),
)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


BLOCK = b"".join(
    b"\0" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()
    for name, value in FIELDS
)


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        address = (str(parameters["host"]), int(parameters["port"]))
        self.in_flight = int(parameters["in_flight"])
        self.seconds = float(parameters["seconds"])
        self.sock = socket.create_connection(address, TIMEOUT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        grown = frame(WINDOW_UPDATE, 0, 0, (WINDOW - 65_535).to_bytes(4, "big"))
        self.sock.sendall(PREFACE + frame(SETTINGS, 0, 0, b"") + grown)
        self.number = 1
        self.room = 65_535
        self.rest = b""
        self.bodies = 0
        self.sock.sendall(self._calls(1))
        if self._ended() != 1:
            raise control.LoadFailedError("one call, and not one answer")

    def _calls(self, count: int) -> bytes:
        """So many requests, as far as the server takes content."""
        parts = []
        for _ in range(count):
            self.room -= len(ASKED)
            parts.append(frame(HEADERS, WHOLE, self.number, BLOCK))
            parts.append(frame(DATA, END, self.number, ASKED))
            self.number += 2
        if self.room < 0:
            raise control.LoadFailedError("the server takes no more content")
        return b"".join(parts)

    def run(self) -> control.Result:
        """Calls until time is up; then what is under way is let end."""
        start = time.perf_counter()
        end = start + self.seconds
        count, self.bodies = 0, 0
        open_ = self.in_flight
        self.sock.sendall(self._calls(open_))
        while open_:
            done = self._ended()
            count += done
            if time.perf_counter() < end:
                self.sock.sendall(self._calls(done))
            else:
                open_ -= done
        elapsed_s = time.perf_counter() - start
        if self.bodies != count:
            raise control.LoadFailedError(f"{self.bodies} answers of {count} say SERVING")
        return {"count": count, "rate": count / elapsed_s}

    def _ended(self) -> int:
        """How many calls have ended, of at least one."""
        done = 0
        while not done:
            data = self.sock.recv(RECEIVE_BYTES)
            if not data:
                raise control.LoadFailedError("the server closed the connection")
            done = self._read(self.rest + data)
        return done

    def _read(self, data: bytes) -> int:
        at, end, done = 0, len(data), 0
        while end - at >= 9:
            size = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            start = at + 9
            if end - start < size:
                break
            kind, flags = data[at + 3], data[at + 4]
            at = start + size
            if kind == HEADERS:
                done += flags & END
            elif kind == DATA:
                self.bodies += data[start:at] == SERVING
            else:
                self._serve(kind, flags, data[start - 4 : start], data[start:at])
        self.rest = data[at:]
        return done

    def _serve(self, kind: int, flags: int, stream: bytes, payload: bytes) -> None:
        """What is no answer."""
        if kind == WINDOW_UPDATE:
            if stream == bytes(4):
                self.room += int.from_bytes(payload, "big")
        elif kind in {SETTINGS, PING}:
            if not flags & END:  # which is ACK here
                self.sock.sendall(frame(kind, END, 0, payload if kind == PING else b""))
        else:
            raise control.LoadFailedError(f"frame {kind}: {payload[:100]!r}")

    def clean(self) -> None:
        """Nothing stays."""
        self.sock.close()


if __name__ == "__main__":
    control.serve(Load)
