"""Event Hubs load from prebuilt frames: one connection, one partition.

| mode    | what is done                                                          | count  |
|---------|-----------------------------------------------------------------------|--------|
| send    | batches of `batch` events, at most `window` of them without an outcome | events |
| receive | reads what was stored before the load, again and again from the first  | events |

Parameters: host, port, mode, size_bytes, batch, window, seconds or count, queue (the hub's name).
"""

import socket
import time
from struct import Struct
from typing import Any

from bench.generators import control
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import AMQP_HEADER, frame
from dragoman.wire.amqp10.messaging import Source, Target
from dragoman.wire.amqp10.performatives import Attach, Begin, Disposition, Flow, Open, Transfer
from dragoman.wire.amqp10.values import Described, Symbol, ULong

BATCH_FORMAT = 0x80013700
AGENT = {Symbol("user-agent"): "bench-eventhubs"}
WINDOW_FRAMES = 1 << 30
CREDIT = 100_000
STORED_EVENTS = 50_000  # for those that receive
RECEIVE_BYTES = 1 << 20
TIMEOUT_S = 60.0
SETTLED = 1
TRANSFER = b"\x00\x53\x14"
OVERHEAD_BYTES = 64  # of a frame, about
_SIZE = Struct(">I")
_ID = Struct(">I")


class Link:
    """A connection with one link, by blocking calls."""

    def __init__(self, host: str, port: int, attach: Attach) -> None:
        self.sock = socket.create_connection((host, port), TIMEOUT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        begin = Begin(next_outgoing_id=0, incoming_window=WINDOW_FRAMES, outgoing_window=5_000)
        hello = (frame(0, each) for each in (Open("bench", properties=AGENT), begin, attach))
        self.sock.sendall(AMQP_HEADER + b"".join(hello))
        while not any(isinstance(body, Attach) for body in self.read()):
            pass

    def frames(self) -> list[bytes]:
        """Whole frames, of one read at least."""
        data = self._buffer + self.sock.recv(RECEIVE_BYTES)
        found = []
        at = 8 if data.startswith(b"AMQP") else 0
        while len(data) >= at + 4:
            end = at + int(_SIZE.unpack_from(data, at)[0])
            if end > len(data):
                break
            found.append(data[at:end])
            at = end
        self._buffer = data[at:]
        return found

    def read(self) -> list[Any]:
        """Performatives."""
        return [from_bytes(each, 8)[0] for each in self.frames() if len(each) > 8]

    def close(self) -> None:
        self.sock.close()


def batch_of(size_bytes: int, count: int) -> bytes:
    """A batch of so many events."""
    event = encode(Described(ULong(0x75), bytes(size_bytes)))
    return encode(Described(ULong(0x75), event)) * count


class Sender:
    """Prebuilt transfers, of which only number and tag change."""

    def __init__(self, parameters: control.Parameters) -> None:
        address = f"{parameters['queue']}/Partitions/0"
        attach = Attach("s", 0, False, source=Source("me"), target=Target(address))
        self._link = Link(parameters["host"], parameters["port"], attach)
        self._batch = int(parameters["batch"])
        self._window = int(parameters["window"])
        mark = 0x7FFF_FFF0
        said = Transfer(0, mark, _ID.pack(mark), BATCH_FORMAT)
        raw = frame(0, said, batch_of(parameters["size_bytes"], self._batch))
        self._parts = raw.split(_ID.pack(mark))
        assert len(self._parts) == 3, "number and tag, and nothing that looks like them"
        self.sent = self.answered = 0

    def send(self) -> None:
        """As many as the window lets, and the outcomes of some."""
        room = self._window - (self.sent - self.answered)
        numbers = [_ID.pack(self.sent + index) for index in range(room)]
        self._link.sock.sendall(b"".join(number.join(self._parts) for number in numbers))
        self.sent += room
        self.hear()

    def hear(self) -> None:
        """Outcomes."""
        for body in self._link.read():
            if isinstance(body, Disposition):
                if type(body.state).__name__ != "Accepted":
                    raise control.LoadFailedError(f"an outcome: {body.state!r}")
                last = body.first if body.last is None else body.last
                self.answered += last - body.first + 1

    @property
    def events(self) -> int:
        return self.sent * self._batch

    def drain(self) -> None:
        """All outcomes have come."""
        while self.answered < self.sent:
            self.hear()

    def close(self) -> None:
        self._link.close()


class Receiver:
    """Everything of the partition, counted by frames."""

    def __init__(self, parameters: control.Parameters) -> None:
        address = f"{parameters['queue']}/ConsumerGroups/$Default/Partitions/0"
        attach = Attach("r", 0, True, SETTLED, source=Source(address), target=Target("me"))
        self._link = Link(parameters["host"], parameters["port"], attach)
        self._size = int(parameters["size_bytes"])
        self.received = 0

    def read(self, count: int) -> None:
        """So many events."""
        flow = Flow(
            next_incoming_id=0,
            incoming_window=WINDOW_FRAMES,
            next_outgoing_id=0,
            outgoing_window=5_000,
            handle=0,
            delivery_count=0,
            link_credit=CREDIT,
        )
        self._link.sock.sendall(frame(0, flow))
        while self.received < count:
            for each in self._link.frames():
                if each[8:11] == TRANSFER:
                    if len(each) < self._size + OVERHEAD_BYTES:
                        raise control.LoadFailedError(f"a transfer of {len(each)} bytes")
                    self.received += 1

    def close(self) -> None:
        self._link.close()


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._parameters = parameters
        self._is_sending = parameters["mode"] == "send"
        self._sender = Sender(parameters)
        if not self._is_sending:
            while self._sender.events < STORED_EVENTS:
                self._sender.send()
            self._sender.drain()

    def run(self) -> control.Result:
        """Send, or receive, until the time is over or the count is reached."""
        start = time.monotonic()
        end = start + float(self._parameters.get("seconds") or 1e9)
        wanted = int(self._parameters.get("count") or 1 << 62)
        count = 0
        while time.monotonic() < end and count < wanted:
            if self._is_sending:
                self._sender.send()
                count = self._sender.events
            else:
                receiver = Receiver(self._parameters)
                receiver.read(min(self._sender.events, wanted))
                count += receiver.received
                receiver.close()
        if self._is_sending:
            self._sender.drain()
        elapsed = time.monotonic() - start
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def clean(self) -> None:
        """The hub stays: nothing of Event Hubs deletes one."""
        self._sender.close()


if __name__ == "__main__":
    control.serve(Load)
