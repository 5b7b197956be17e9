"""Service Bus load from prebuilt frames: one connection, one queue.

| mode    | what is done                                                                         |
|---------|--------------------------------------------------------------------------------------|
| send    | unsettled sends, at most `window` of them without an outcome                          |
| receive | STORED messages that were sent before, each locked, each completed by its own frame   |

A message has a header, properties, three application-properties and `size_bytes` of data. `echoed` completes as Node's
client does, which waits for the broker to say it again; others settle by themselves.

Parameters: host, port, mode, size_bytes, window, echoed, seconds or count, queue; `synced` names a queue that is there
already.
"""

import time
from http.client import HTTPConnection
from struct import Struct

from bench.generators import control
from bench.generators.amqp10_wire import (
    OPENING,
    SETTLED,
    TIMEOUT_S,
    TRANSFER,
    UNSETTLED,
    Numbered,
    Wire,
    outcomes,
)
from dragoman.wire.amqp10.composites import from_bytes, to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import frame
from dragoman.wire.amqp10.messaging import ACCEPTED, Header, Properties, Source, Target
from dragoman.wire.amqp10.performatives import RECEIVER, SENDER, Attach, Disposition
from dragoman.wire.amqp10.values import Described, ULong

AGENT = "bench-servicebus"
STORED = 40_000  # for those that receive
FILL_WINDOW = 500  # half of the credit that is kept up: what comes past it is refused
CREDIT = 1_000
_MARK = 0x7FFF_FFF0
pack_id = Struct(">I").pack
DESCRIPTION = (
    b'<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml"><QueueDescription '
    b'xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"/></content></entry>'
)


def administer(parameters: control.Parameters, method: str, body: bytes = b"") -> None:
    """Create the queue, or delete it."""
    http = HTTPConnection(parameters["host"], parameters["port"], timeout=TIMEOUT_S)
    http.request(method, f"/{parameters['queue']}?api-version=2021-05", body)
    status = http.getresponse().status
    http.close()
    if status >= 400:
        raise control.LoadFailedError(f"{method} of the queue: {status}")


def message(size_bytes: int) -> bytes:
    """As the clients make them."""
    application = {"region": "eu", "kind": "order", "attempt": 1}
    parts = (
        to_bytes(Header(durable=True)),
        to_bytes(Properties(message_id="2f1c0a52-0c1f-4a7b", content_type="application/json")),
        encode(Described(ULong(0x74), application)),
        encode(Described(ULong(0x75), b"x" * size_bytes)),
    )
    return b"".join(parts)


class Sender:
    """Sends and outcomes."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._wire = Wire(parameters["host"], parameters["port"], AGENT)
        self._wire.claim()
        target = Target(str(parameters["queue"]))
        self._wire.attach(Attach("s", 0, False, UNSETTLED, source=Source("me"), target=target))
        self._transfers = Numbered(0, message(parameters["size_bytes"]))
        self.sent = self.answered = 0

    def send(self, window: int, most: int) -> None:
        """As many as the window lets, and the outcomes of some."""
        room = min(window - (self.sent - self.answered), most - self.sent)
        if room:
            self._wire.sock.sendall(self._transfers.frames(self.sent + 1, room))
            self.sent += room
        self.answered += outcomes(self._wire.frames())

    def send_all(self, count: int) -> None:
        """So many, and all their outcomes."""
        while self.answered < count:
            self.send(FILL_WINDOW, count)

    def close(self) -> None:
        self._wire.close()


class Receiver:
    """Messages and their completion. Ids of deliveries follow each other, as the last of each read must show."""

    def __init__(self, parameters: control.Parameters, settles: int) -> None:
        self._wire = Wire(parameters["host"], parameters["port"], AGENT)
        self._wire.claim()
        source = Source(str(parameters["queue"]))
        self._wire.attach(Attach("r", 0, True, settles, source=source, target=Target("me")))
        self._echoed = bool(parameters.get("echoed"))
        said = Disposition(RECEIVER, _MARK, _MARK, not self._echoed, ACCEPTED)
        self._parts = frame(0, said).split(pack_id(_MARK))
        assert len(self._parts) == 3
        self._is_settled = settles == SETTLED
        self._first = -1
        self._granted = 0
        self.received = self.echoed = 0

    def read(self, count: int) -> None:
        """So many messages, completed, and told so where that was asked for."""
        while self.received < count or (self._echoed and self.echoed < count):
            if self._granted - self.received < CREDIT // 2:
                self._granted = self.received + CREDIT
                self._wire.flow(0, CREDIT, self.received)
            frames = self._wire.frames()
            came = [each for each in frames if each[OPENING : OPENING + 3] == TRANSFER]
            if self._echoed and len(came) < len(frames):
                self.echoed += _echoes(frames)
            if came:
                self._complete(came)

    def _complete(self, came: list[bytes]) -> None:
        first = from_bytes(came[0], OPENING)[0].delivery_id
        last = from_bytes(came[-1], OPENING)[0].delivery_id
        self._first = first if self._first < 0 else self._first
        if last != first + len(came) - 1 or first != self._first + self.received:
            raise control.LoadFailedError(f"deliveries {first} to {last}: {len(came)}")
        self.received += len(came)
        if not self._is_settled:
            ids = [pack_id(first + index) for index in range(len(came))]
            self._wire.sock.sendall(b"".join([number.join(self._parts) for number in ids]))

    def close(self) -> None:
        self._wire.close()


def _echoes(frames: list[bytes]) -> int:
    """How many completions were said again."""
    dispositions = [each for each in frames if each[OPENING : OPENING + 3] != TRANSFER]
    for each in dispositions:
        body = from_bytes(each, OPENING)[0]
        assert not isinstance(body, Disposition) or (body.role is SENDER and body.settled)
    return outcomes(dispositions)


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._is_made = "synced" not in parameters
        self._parameters = parameters
        if self._is_made:
            administer(parameters, "PUT", DESCRIPTION)
        else:
            parameters["queue"] = parameters["synced"]
        self._sender = Sender(parameters)
        self._receives = parameters["mode"] == "receive"
        self._count = min(int(parameters.get("count") or STORED), STORED)
        self._receiver: Receiver | None = None
        if self._receives:
            self._sender.send_all(self._count)
            self._receiver = Receiver(parameters, UNSETTLED)

    def run(self) -> control.Result:
        """Send until the time is over or the count is reached; or receive all."""
        start = time.monotonic()
        if self._receiver is not None:
            self._receiver.read(self._count)
            count = self._receiver.received
        else:
            count = self._send(start + float(self._parameters.get("seconds") or 1e9))
        elapsed = time.monotonic() - start
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def _send(self, end: float) -> int:
        sender = self._sender
        window = int(self._parameters["window"])
        wanted = int(self._parameters.get("count") or 1 << 30)
        while time.monotonic() < end and sender.sent < wanted:
            sender.send(window, wanted)
        wanted = sender.sent
        while sender.answered < wanted:
            sender.send(window, wanted)
        return wanted

    def clean(self) -> None:
        """The queue goes; one that stays is emptied."""
        if not self._receives and not self._is_made:
            self._receiver = Receiver(self._parameters, SETTLED)
            self._receiver.read(self._sender.sent)
        if self._receiver is not None:
            self._receiver.close()
        self._sender.close()
        if self._is_made:
            administer(self._parameters, "DELETE")


if __name__ == "__main__":
    control.serve(Load)
