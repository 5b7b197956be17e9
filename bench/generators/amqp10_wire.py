"""AMQP 1.0 in the few frames a load needs, by blocking calls: a connection, its links, transfers with room for numbers.

Not a client: whatever it did not ask for is skipped, and what refuses it raises `LoadFailedError`.
"""

import socket
from struct import Struct
from typing import Any

from bench.generators import control
from dragoman.wire.amqp10.composites import from_bytes, to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import AMQP_HEADER, frame
from dragoman.wire.amqp10.messaging import Properties, Source, Target
from dragoman.wire.amqp10.performatives import Attach, Begin, Flow, Open, Transfer
from dragoman.wire.amqp10.values import Described, Symbol, ULong

CBS = "$cbs"
CBS_HANDLES = (254, 255)
WINDOW_FRAMES = 1 << 30
RECEIVE_BYTES = 1 << 20
TIMEOUT_S = 60.0
OPENING = 8  # bytes of a frame before its performative
TRANSFER = b"\x00\x53\x14"
DISPOSITION = b"\x00\x53\x15"
ENDS = frozenset((0x16, 0x17, 0x18))  # of a link, a session, the connection
UNSETTLED, SETTLED = 0, 1
_MARK = 0x7FFF_FFF0
_size_at = Struct(">I").unpack_from
pack_id = Struct(">I").pack


class Wire:
    """A connection with one session."""

    def __init__(self, host: str, port: int, agent: str) -> None:
        self.sock = socket.create_connection((host, port), TIMEOUT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        properties = {Symbol("user-agent"): agent}
        begin = Begin(next_outgoing_id=0, incoming_window=WINDOW_FRAMES, outgoing_window=5_000)
        self.sock.sendall(AMQP_HEADER)
        self.say(Open("bench", properties=properties), begin)

    def say(self, *performatives: Any, channel: int = 0) -> None:
        """Frames without a payload."""
        self.sock.sendall(b"".join(frame(channel, each) for each in performatives))

    def frames(self) -> list[bytes]:
        """Whole frames, of one read at least."""
        got = self.sock.recv(RECEIVE_BYTES)
        if not got:
            raise control.LoadFailedError("the broker hung up")
        data = self._buffer + got
        found = []
        at = OPENING if data.startswith(b"AMQP") else 0
        end = len(data)
        while end >= at + 4:
            stop = at + _size_at(data, at)[0]
            if stop > end:
                break
            if stop > at + OPENING and data[at + OPENING + 2] in ENDS:
                raise control.LoadFailedError(f"it is over: {from_bytes(data, at + OPENING)[0]!r}")
            found.append(data[at:stop])
            at = stop
        self._buffer = data[at:]
        return found

    def read(self) -> list[Any]:
        """Performatives."""
        return [from_bytes(each, OPENING)[0] for each in self.frames() if len(each) > OPENING]

    def attach(self, attach: Attach, channel: int = 0) -> None:
        """A link, once it is there."""
        self.say(attach, channel=channel)
        while not any(isinstance(one, Attach) and one.name == attach.name for one in self.read()):
            pass

    def flow(self, handle: int, credit: int, count: int = 0, channel: int = 0) -> None:
        """Credit for a link on which messages come."""
        said = Flow(
            next_incoming_id=0,
            incoming_window=WINDOW_FRAMES,
            next_outgoing_id=0,
            outgoing_window=5_000,
            handle=handle,
            delivery_count=count,
            link_credit=credit,
        )
        self.say(said, channel=channel)

    def claim(self) -> None:
        """What a client of Service Bus claims first: everything. A broker that knows no keys believes it."""
        sends, receives = CBS_HANDLES
        self.attach(Attach("claims", sends, False, source=Source("me"), target=Target(CBS)))
        self.attach(Attach("answers", receives, True, source=Source(CBS), target=Target("me")))
        self.flow(receives, 1)
        application = {"operation": "put-token", "type": "jwt", "name": "sb://bench/"}
        token = to_bytes(Properties(message_id="1", reply_to="me"))
        token += encode(Described(ULong(0x74), application))
        token += encode(Described(ULong(0x77), "anybody"))
        self.sock.sendall(frame(0, Transfer(sends, 0, b"0", 0, settled=True), token))
        while not any(each[OPENING : OPENING + 3] == TRANSFER for each in self.frames()):
            pass

    def close(self) -> None:
        self.sock.close()


class Numbered:
    """A transfer, prebuilt, of which only number and tag change."""

    def __init__(self, handle: int, payload: bytes, format: int = 0) -> None:
        raw = frame(0, Transfer(handle, _MARK, pack_id(_MARK), format), payload)
        self._parts = raw.split(pack_id(_MARK))
        assert len(self._parts) == 3, "number and tag, and nothing that looks like them"

    def frames(self, first: int, count: int) -> bytes:
        """Transfers with these numbers."""
        parts = self._parts
        return b"".join([pack_id(first + index).join(parts) for index in range(count)])


def outcomes(frames: list[bytes]) -> int:
    """How many deliveries were accepted. Raises LoadFailedError for any other outcome."""
    count = 0
    for each in frames:
        if each[OPENING : OPENING + 3] != DISPOSITION:
            continue
        body = from_bytes(each, OPENING)[0]
        if type(body.state).__name__ != "Accepted":
            raise control.LoadFailedError(f"an outcome: {body.state!r}")
        count += (body.first if body.last is None else body.last) - body.first + 1
    return count
