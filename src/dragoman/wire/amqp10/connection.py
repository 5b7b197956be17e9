r"""The server's end of an AMQP 1.0 connection: feed it bytes, ask it for events and for bytes to send.

    HEADER --"AMQP" 3--> SASL --sasl-init, welcome--> AMQP_HEADER --"AMQP" 0--> OPENING --open--> OPEN --close--> CLOSED
        \--"AMQP" 0 (nobody has to prove anything)---------------------------------^

All of it may come in one read: clients open, begin and attach before the first answer. What cannot go on is ended by
itself, link, session or connection, with the standard's condition, and told as an event. Bounds: FRAME_BYTES_MAX for a
frame, CHANNEL_MAX sessions, ATTACHES_MAX links that the client has not detached, ATTACH_BYTES_MAX for what it said of
them, INCOMPLETE_BYTES_MAX for all deliveries of which more is to come.

It does not know time (the layer above asks `idle_time_out_ms` and calls `send_heartbeat`), nor what a node is.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from struct import Struct
from typing import Any, Final

from dragoman.wire.amqp10.composites import Composite, from_bytes
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.errors import (
    DECODE_ERROR,
    FRAMING_ERROR,
    LINK_STOLEN,
    NOT_ALLOWED,
    RESOURCE_LIMIT_EXCEEDED,
    ConnectionFailed,
    Error,
    SessionFailed,
)
from dragoman.wire.amqp10.events import (
    Begun,
    Closed,
    Detached,
    Disposed,
    Ended,
    Event,
    Opened,
    SaslBegun,
)
from dragoman.wire.amqp10.frames import (
    AMQP_HEADER,
    EMPTY_FRAME,
    FRAME_AMQP,
    FRAME_HEADER_BYTES,
    FRAME_SASL,
    HEADER_BYTES,
    SASL_FRAME_BYTES_MAX,
    SASL_HEADER,
    frame,
    sasl_frame,
)
from dragoman.wire.amqp10.links import Link, LinkState
from dragoman.wire.amqp10.messaging import ACCEPTED
from dragoman.wire.amqp10.performatives import (
    MAX_FRAME_SIZE_MIN,
    SASL_AUTH,
    SASL_OK,
    Attach,
    Begin,
    Close,
    Detach,
    Disposition,
    End,
    Flow,
    Open,
    SaslInit,
    SaslMechanisms,
    SaslOutcome,
    Transfer,
)
from dragoman.wire.amqp10.session import HANDLE_MAX, INCOMING_WINDOW, Session, SessionState
from dragoman.wire.amqp10.transfers import read_disposition, read_transfer

FRAME_BYTES_MAX: Final = 65_536  # Azure's
CHANNEL_MAX: Final = 4_999  # Azure's
IDLE_TIME_OUT_MS: Final = 120_000  # Azure's
INCOMPLETE_BYTES_MAX: Final = 64 << 20
ATTACHES_MAX: Final = 10_000  # refused ones, too, until the client detaches them
ATTACH_BYTES_MAX: Final = 8 << 20  # some 500 bytes each are usual
MECHANISMS: Final = ("MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL")
_FRAME: Final = Struct(">IBBH").unpack_from
_TRANSFER: Final = b"\x00\x53\x14"
_DISPOSITION: Final = b"\x00\x53\x15"


class Stage(Enum):
    """How far the connection has come: what is waited for."""

    HEADER = "a protocol header"
    SASL = "sasl-init"
    JUDGING = "the layer above"
    AMQP_HEADER = "the header of AMQP"
    OPENING = "open"
    OPEN = "anything"
    CLOSED = "nothing"


class Connection:
    """See the module. `out` is what is to be sent: the layer above takes it."""

    __slots__ = (
        "_channels",
        "_frame_bytes",
        "_free_channels",
        "_link_bytes",
        "_links",
        "_past",
        "_readers",
        "_tail",
        "incomplete_bytes",
        "names",
        "out",
        "out_bytes",
        "peer_channel_max",
        "peer_frame_bytes_max",
        "peer_idle_ms",
        "stage",
    )

    def __init__(self) -> None:
        self.stage = Stage.HEADER
        self.out: list[bytes] = []
        self.out_bytes: int = 0  # of messages in `out`, about
        self._tail = b""
        self.peer_frame_bytes_max = MAX_FRAME_SIZE_MIN
        self.peer_channel_max = 0
        self.peer_idle_ms = 0  # the client wants to hear from us as often; 0 does not care
        self.incomplete_bytes = 0
        self._links = 0
        self._link_bytes = 0
        self._frame_bytes = 0  # of the one that is read
        self.names: dict[tuple[str, bool], Link] = {}  # links by name and the client's role
        self._channels: dict[int, Session] = {}  # by the client's channel
        self._past: set[int] = set()  # channels of the client whose sessions are over
        self._free_channels: list[int] = []  # ours, given back
        self._readers: Mapping[Stage, Callable[[bytes, int, list[Event]], int]] = {
            Stage.HEADER: self._read_header,
            Stage.SASL: self._read_sasl,
            Stage.AMQP_HEADER: self._read_header,
            Stage.OPENING: self._read_frame,
            Stage.OPEN: self._read_frame,
        }

    # --- in ---

    def receive(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Never raises for what a peer sent."""
        events: list[Event] = []
        if self._tail:
            data = self._tail + data
        pos = 0
        try:
            while True:
                read = self._readers.get(self.stage)
                after = pos if read is None else read(data, pos, events)
                if after == pos:
                    break
                pos = after
        except ConnectionFailed as failed:
            self.close(failed.error)
            events.append(Closed(failed.error))
        self._tail = b"" if self.stage is Stage.CLOSED else data[pos:]
        return events

    def go_on(self) -> list[Event]:
        """Events that wait in bytes received before, now that the stage has changed."""
        return self.receive(b"")

    def _read_header(self, data: bytes, pos: int, events: list[Event]) -> int:
        """Part 2, section 2.2. Where the header ends; `pos` while it is not whole."""
        header = data[pos : pos + HEADER_BYTES]
        wanted = (AMQP_HEADER, SASL_HEADER) if self.stage is Stage.HEADER else (AMQP_HEADER,)
        if not any(known.startswith(header) for known in wanted):
            self.out.append(wanted[-1])
            self.stage = Stage.CLOSED
            events.append(Closed(None))
            return len(data)
        if len(header) < HEADER_BYTES:
            return pos
        self.out.append(header)
        if header == SASL_HEADER:
            self.stage = Stage.SASL
            self.out.append(sasl_frame(SaslMechanisms(MECHANISMS)))
        else:
            self.stage = Stage.OPENING
        return pos + HEADER_BYTES

    def _frame_at(self, data: bytes, pos: int, kind: int, bytes_max: int) -> tuple[int, int, int]:
        """Of the frame at `pos`: where its body begins, where it ends, its channel; (0, 0, 0) while it is not whole.

        Raises ConnectionFailed.
        """
        if len(data) - pos < FRAME_HEADER_BYTES:
            return 0, 0, 0
        size, offset, frame_kind, channel = _FRAME(data, pos)
        if not FRAME_HEADER_BYTES <= offset * 4 <= size:
            raise ConnectionFailed(FRAMING_ERROR, "a frame shorter than its header")
        if size > bytes_max:
            raise ConnectionFailed(FRAMING_ERROR, f"a frame has at most {bytes_max} bytes")
        if frame_kind != kind:
            raise ConnectionFailed(FRAMING_ERROR, f"a frame of kind {frame_kind}")
        if len(data) - pos < size:
            return 0, 0, 0
        return pos + offset * 4, pos + size, channel

    def _read_sasl(self, data: bytes, pos: int, events: list[Event]) -> int:
        at, stop, _ = self._frame_at(data, pos, FRAME_SASL, SASL_FRAME_BYTES_MAX)
        if not stop:
            return pos
        value = _composite(data[at:stop])[0]
        if not isinstance(value, SaslInit):
            raise ConnectionFailed(NOT_ALLOWED, "sasl-init is to come first")
        self.stage = Stage.JUDGING
        events.append(SaslBegun(value))
        return stop

    def _read_frame(self, data: bytes, pos: int, events: list[Event]) -> int:
        at, stop, channel = self._frame_at(data, pos, FRAME_AMQP, FRAME_BYTES_MAX)
        if not stop:
            return pos
        if at == stop:
            return stop  # a sign of life
        session = self._channels.get(channel)
        try:
            if session is not None and session.state is SessionState.BEGUN:
                if data.startswith(_TRANSFER, at):
                    self._transfer(session, data, at, stop, events)
                    return stop
                if data.startswith(_DISPOSITION, at):
                    _dispose(session, read_disposition(data[at:stop], 0), events)
                    return stop
            self._frame_bytes = stop - at
            performative, end = _composite(data[at:stop])
            self._serve(channel, performative, data[at + end : stop], events)
        except DecodeError as error:
            raise ConnectionFailed(DECODE_ERROR, str(error)) from None
        except SessionFailed as failed:
            self._end(failed.channel, failed.error, events)
        return stop

    def _transfer(
        self, session: Session, data: bytes, at: int, stop: int, events: list[Event]
    ) -> None:
        transfer, end = read_transfer(data, at)
        if end > stop:
            raise DecodeError("a transfer cut short")
        session.take(transfer, data[end:stop], events)

    def _serve(self, channel: int, performative: Any, payload: bytes, events: list[Event]) -> None:
        """Anything but what is hot. Raises SessionFailed and ConnectionFailed."""
        kind = type(performative)
        if kind is Open and self.stage is Stage.OPENING:
            self._opened(performative, events)
        elif self.stage is not Stage.OPEN:
            raise ConnectionFailed(NOT_ALLOWED, "open is to come first")
        elif kind is Close:
            error = performative.error if isinstance(performative.error, Error) else None
            self.close(None)
            events.append(Closed(error))
        elif kind is Begin:
            self._begin(channel, performative, events)
        else:
            self._serve_session(channel, performative, payload, events)

    def _opened(self, opened: Open, events: list[Event]) -> None:
        if opened.max_frame_size < MAX_FRAME_SIZE_MIN:
            raise ConnectionFailed(
                NOT_ALLOWED, f"a largest frame has at least {MAX_FRAME_SIZE_MIN} bytes"
            )
        self.stage = Stage.OPEN
        self.peer_frame_bytes_max = min(opened.max_frame_size, FRAME_BYTES_MAX)
        self.peer_channel_max = opened.channel_max
        self.peer_idle_ms = opened.idle_time_out or 0
        events.append(Opened(opened))

    def _begin(self, channel: int, begin: Begin, events: list[Event]) -> None:
        if channel > CHANNEL_MAX or channel in self._channels or begin.remote_channel is not None:
            raise ConnectionFailed(NOT_ALLOWED, f"no session can begin on channel {channel}")
        number = self._free_channels.pop() if self._free_channels else len(self._channels)
        if number > self.peer_channel_max:
            raise ConnectionFailed(NOT_ALLOWED, "no channel is left of those that you take")
        session = self._channels[channel] = Session(self, number, channel, begin)
        self._past.discard(channel)
        answer = Begin(
            remote_channel=channel,
            next_outgoing_id=session.next_outgoing_id,
            incoming_window=INCOMING_WINDOW,
            outgoing_window=begin.incoming_window,
            handle_max=HANDLE_MAX,
        )
        session.write(answer)
        events.append(Begun(session))

    def _serve_session(
        self, channel: int, performative: Any, payload: bytes, events: list[Event]
    ) -> None:
        session = self._channels.get(channel)
        if session is None:
            if channel not in self._past:
                raise ConnectionFailed(NOT_ALLOWED, f"no session on channel {channel}")
            return  # clients detach links, and more, of sessions that they have ended
        if type(performative) is End:
            self._ended(session, performative, events)
        elif session.state is SessionState.BEGUN:
            self._serve_links(session, performative, payload, events)

    def _serve_links(
        self, session: Session, performative: Any, payload: bytes, events: list[Event]
    ) -> None:
        match performative:
            case Attach():
                session.attach(performative, events)
            case Detach():
                session.detach(performative, events)
            case Flow():
                session.hear(performative, events)
            case _:
                self._serve_spelled_out(session, performative, payload, events)

    def _serve_spelled_out(
        self, session: Session, performative: Any, payload: bytes, events: list[Event]
    ) -> None:
        """Transfers and dispositions whose descriptors are not in their shortest form."""
        if isinstance(performative, Transfer):
            session.take(performative, payload, events)
        elif isinstance(performative, Disposition):
            events.append(Disposed(session, performative))
        else:
            raise ConnectionFailed(NOT_ALLOWED, "no performative that may come here")

    # --- ends ---

    def _ended(self, session: Session, end: End, events: list[Event]) -> None:
        was = session.state
        session.end(None)
        self._forget(session)
        if was is SessionState.BEGUN:
            error = end.error if isinstance(end.error, Error) else None
            events.append(Ended(session, error))

    def _end(self, channel: int, error: Error, events: list[Event]) -> None:
        """A session cannot go on."""
        session = self._channels[channel]
        session.end(error)
        self._release(session)
        events.append(Ended(session, error))

    def _release(self, session: Session) -> None:
        """Nothing of its links is wanted any more."""
        for link in list(session.links.values()):
            if link.incomplete is not None:
                self.incomplete_bytes -= link.incomplete.bytes
            session.forget(link)

    def _forget(self, session: Session) -> None:
        self._release(session)
        session.state = SessionState.ENDED
        session.waiting.clear()
        del self._channels[session.remote_channel]
        self._past.add(session.remote_channel)
        self._free_channels.append(session.channel)

    def steal(self, attach: Attach, events: list[Event]) -> Link | None:
        """A link of that name and direction makes way for the new one (part 2, section 2.6.1)."""
        link = self.names.get((attach.name, attach.role))
        if link is not None and link.state in (LinkState.PENDING, LinkState.ATTACHED):
            error = Error(LINK_STOLEN, "attached anew")
            link.detach(error)
            events.append(Detached(link, is_closed=True, error=error))
        return link

    def take_on(self, link: Link) -> None:
        """A link more. Raises ConnectionFailed."""
        link.attach_bytes = self._frame_bytes
        self._links += 1
        self._link_bytes += link.attach_bytes
        if self._links > ATTACHES_MAX or self._link_bytes > ATTACH_BYTES_MAX:
            raise ConnectionFailed(RESOURCE_LIMIT_EXCEEDED, "too many links that are not detached")

    def let_go(self, link: Link) -> None:
        """The client has detached it."""
        self._links -= 1
        self._link_bytes -= link.attach_bytes

    def hold(self, size: int) -> None:
        """Keep more of an incomplete delivery. Raises ConnectionFailed."""
        self.incomplete_bytes += size
        if self.incomplete_bytes > INCOMPLETE_BYTES_MAX:
            raise ConnectionFailed(RESOURCE_LIMIT_EXCEEDED, "too much that is incomplete")

    # --- out ---

    def taken(self) -> list[bytes]:
        """What is to be sent, which is then no business of ours any more."""
        out = self.out
        if out:
            self.out = []
            self.out_bytes = 0
        return out

    def write(self, channel: int, performative: Composite) -> None:
        """A frame."""
        self.out.append(frame(channel, performative))

    def welcome(self) -> None:
        """The client is let in."""
        self._judge(SaslOutcome(SASL_OK, b"Welcome!"), Stage.AMQP_HEADER)

    def turn_away(self) -> None:
        """The client is not who it says (part 5, section 5.3.3.6)."""
        self._judge(SaslOutcome(SASL_AUTH), Stage.CLOSED)

    def _judge(self, outcome: SaslOutcome, stage: Stage) -> None:
        assert self.stage is Stage.JUDGING
        self.out.append(sasl_frame(outcome))
        self.stage = stage

    def open(self, container: str, properties: dict[Any, Any], offered: tuple[str, ...]) -> None:
        """Our open."""
        answer = Open(container, None, FRAME_BYTES_MAX, CHANNEL_MAX, IDLE_TIME_OUT_MS)
        answer.offered_capabilities = offered or None
        answer.properties = properties or None
        self.write(0, answer)

    def close(self, error: Error | None) -> None:
        """Say goodbye, once, behind an open (section 2.4.6); nothing is read any more."""
        if self.stage is Stage.CLOSED:
            return
        if self.stage is Stage.OPENING:
            self.open("", {}, ())
        if self.stage in (Stage.OPENING, Stage.OPEN):
            self.write(0, Close(error))
        self.stage = Stage.CLOSED

    def send_heartbeat(self) -> None:
        """A sign of life."""
        self.out.append(EMPTY_FRAME)


def _dispose(session: Session, said: Disposition, events: list[Event]) -> None:
    """What is said of neighbours, back to back and in the same words, is said once of all of them."""
    last = events[-1] if events else None
    if type(last) is Disposed and last.session is session and said.state is ACCEPTED:
        before = last.disposition
        end = before.first if before.last is None else before.last
        if (
            before.state is ACCEPTED
            and before.role is said.role
            and before.settled is said.settled
            and said.first == end + 1
        ):
            before.last = said.first if said.last is None else said.last
            return
    events.append(Disposed(session, said))


def _composite(data: bytes) -> tuple[Any, int]:
    """Raises ConnectionFailed."""
    try:
        return from_bytes(data)
    except DecodeError as error:
        raise ConnectionFailed(DECODE_ERROR, str(error)) from None
