"""One end of an AMQP 0-9-1 connection: feed it bytes, ask it for events and bytes to send.

    Connection(Role.SERVER)         Connection(Role.CLIENT)
        <--- AMQP 0 0 9 1 ------------------ (queued at once)
        HeaderAccepted; the door sends start, tune, ...; `retune` when tune-ok has come

It joins the protocol header, the parser and an outbox of bytes. It does not know which method may
follow which: that is the door's dialogue. A door that orders its replies itself uses `receive` and
keeps its own outbox.
"""

from enum import Enum

from dragoman.wire.amqp091.events import Event, HeaderAccepted, HeaderRefused
from dragoman.wire.amqp091.frames import HEARTBEAT_FRAME, PROTOCOL_HEADER, method_frame
from dragoman.wire.amqp091.handshake import (
    DEFAULT_TUNING,
    PROTOCOL_HEADER_BYTES,
    HeaderMatch,
    Tuning,
    match_protocol_header,
)
from dragoman.wire.amqp091.methods import Method
from dragoman.wire.amqp091.parser import MESSAGE_BYTES_MAX, FrameParser


class Role(Enum):
    """Which end this is."""

    SERVER = "waits for the protocol header"
    CLIENT = "sends the protocol header"


class Connection:
    """The codec of one connection. `receive` never raises for what a peer sent."""

    def __init__(
        self,
        role: Role,
        tuning: Tuning = DEFAULT_TUNING,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        self._parser = FrameParser(tuning.frame_max, tuning.channel_max, message_bytes_max)
        self._opening: bytes | None = b"" if role is Role.SERVER else None  # header bytes so far
        self._out: list[bytes] = [PROTOCOL_HEADER] if role is Role.CLIENT else []
        self._refused = False
        self._role = role
        self._peer_spoke = False

    @property
    def failed(self) -> bool:
        """Whether nothing more will be understood."""
        return self._refused or self._parser.failed

    def receive(self, data: bytes) -> list[Event]:
        """The events that `data` completes; see `FrameParser.receive`."""
        if self._refused or not data:
            return []
        if self._role is Role.CLIENT and not self._peer_spoke:
            self._peer_spoke = True
            if data[0] == PROTOCOL_HEADER[0]:  # no frame type: the server wants another version
                self._refused = True
                return [HeaderRefused()]
        if self._opening is not None:
            return self._receive_header(self._opening + data)
        return self._parser.receive(data)

    def retune(self, tuning: Tuning) -> None:
        """Obey the settled limits from the next frame on."""
        self._parser.retune(tuning.frame_max, tuning.channel_max)

    def forget_channel(self, channel: int) -> None:
        """Drop the unfinished content of a closed channel."""
        self._parser.forget_channel(channel)

    def send(self, channel: int, method: Method) -> None:
        """Queue a method. ValueError when an argument does not fit."""
        self._out.append(method_frame(channel, method))

    def send_frames(self, frames: bytes) -> None:
        """Queue frames made by `outgoing`."""
        self._out.append(frames)

    def send_heartbeat(self) -> None:
        """Queue a heartbeat."""
        self._out.append(HEARTBEAT_FRAME)

    def data_to_send(self) -> bytes:
        """All that was queued since the last call."""
        queued, self._out = self._out, []
        return b"".join(queued)

    def _receive_header(self, data: bytes) -> list[Event]:
        match match_protocol_header(data):
            case HeaderMatch.INCOMPLETE:
                self._opening = data
                return []
            case HeaderMatch.REFUSED:
                self._refused = True
                self._out.append(PROTOCOL_HEADER)
                return [HeaderRefused()]
            case HeaderMatch.ACCEPTED:
                self._opening = None
        rest = data[PROTOCOL_HEADER_BYTES:]
        return [HeaderAccepted(), *self._parser.receive(rest)]
