"""Event Hubs load from prebuilt frames: one connection, one partition.

| mode    | what is done                                                          | count  |
|---------|-----------------------------------------------------------------------|--------|
| send    | batches of `batch` events, at most `window` of them without an outcome | events |
| receive | reads what was stored before the load, again and again from the first  | events |

Parameters: host, port, mode, size_bytes, batch, window, seconds or count, queue (the hub's name).
"""

import time

from bench.generators import control
from bench.generators.amqp10_wire import (
    OPENING,
    SETTLED,
    TRANSFER,
    Numbered,
    Wire,
    outcomes,
)
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Source, Target
from dragoman.wire.amqp10.performatives import Attach
from dragoman.wire.amqp10.values import Described, ULong

BATCH_FORMAT = 0x80013700
AGENT = "bench-eventhubs"
CREDIT = 100_000
STORED_EVENTS = 50_000  # for those that receive
OVERHEAD_BYTES = 64  # of a frame, about


def batch_of(size_bytes: int, count: int) -> bytes:
    """A batch of so many events."""
    event = encode(Described(ULong(0x75), bytes(size_bytes)))
    return encode(Described(ULong(0x75), event)) * count


class Sender:
    """Prebuilt transfers, of which only number and tag change."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._wire = Wire(parameters["host"], parameters["port"], AGENT)
        address = f"{parameters['queue']}/Partitions/0"
        self._wire.attach(Attach("s", 0, False, source=Source("me"), target=Target(address)))
        self._batch = int(parameters["batch"])
        self._window = int(parameters["window"])
        payload = batch_of(parameters["size_bytes"], self._batch)
        self._transfers = Numbered(0, payload, BATCH_FORMAT)
        self.sent = self.answered = 0

    def send(self) -> None:
        """As many as the window lets, and the outcomes of some."""
        room = self._window - (self.sent - self.answered)
        self._wire.sock.sendall(self._transfers.frames(self.sent, room))
        self.sent += room
        self.hear()

    def hear(self) -> None:
        """Outcomes."""
        self.answered += outcomes(self._wire.frames())

    @property
    def events(self) -> int:
        return self.sent * self._batch

    def drain(self) -> None:
        """All outcomes have come."""
        while self.answered < self.sent:
            self.hear()

    def close(self) -> None:
        self._wire.close()


class Receiver:
    """Everything of the partition, counted by frames."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._wire = Wire(parameters["host"], parameters["port"], AGENT)
        address = f"{parameters['queue']}/ConsumerGroups/$Default/Partitions/0"
        attach = Attach("r", 0, True, SETTLED, source=Source(address), target=Target("me"))
        self._wire.attach(attach)
        self._size = int(parameters["size_bytes"])
        self.received = 0

    def read(self, count: int) -> None:
        """So many events."""
        self._wire.flow(0, CREDIT)
        granted = CREDIT
        while self.received < count:
            for each in self._wire.frames():
                if each[OPENING : OPENING + 3] == TRANSFER:
                    if len(each) < self._size + OVERHEAD_BYTES:
                        raise control.LoadFailedError(f"a transfer of {len(each)} bytes")
                    self.received += 1
            if granted - self.received < CREDIT // 2:
                self._wire.flow(0, CREDIT, self.received)
                granted = self.received + CREDIT

    def close(self) -> None:
        self._wire.close()


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
