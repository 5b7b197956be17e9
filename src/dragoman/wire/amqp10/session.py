r"""One session: its two windows, its links, the deliveries that wait for the client's window (part 2, section 2.5.6).

    BEGUN --end from the client, answered--> ENDED
      \--end of ours--> LEAVING (deaf) --the client's end--> ENDED

Windows count transfer frames. Ours is kept strictly: a frame past it ends the session. Theirs too: frames past it wait
in `waiting`, whose size the credit of the links bounds. Once a client has ended a session nothing is written on it.
"""

from collections import deque
from enum import Enum
from typing import Any, Final, Protocol

from dragoman.wire.amqp10.composites import Composite
from dragoman.wire.amqp10.errors import (
    ERRANT_LINK,
    HANDLE_IN_USE,
    INVALID_FIELD,
    MESSAGE_SIZE_EXCEEDED,
    NOT_IMPLEMENTED,
    TRANSFER_LIMIT_EXCEEDED,
    UNATTACHED_HANDLE,
    WINDOW_VIOLATION,
    Error,
    SessionFailed,
)
from dragoman.wire.amqp10.events import Arrived, Attached, Detached, Event, Flowed, Room
from dragoman.wire.amqp10.links import Link, LinkState
from dragoman.wire.amqp10.performatives import (
    SEQUENCE_MASK,
    Attach,
    Begin,
    Detach,
    End,
    Flow,
    Transfer,
)
from dragoman.wire.amqp10.transfers import TAG_BYTES_MAX, TransferTemplate, disposition_frame

INCOMING_WINDOW: Final = 5_000  # transfer frames; filled up again when half of it is used
OUTGOING_WINDOW: Final = 0x7FFF_FFFF  # we send whatever credit asks for
HANDLE_MAX: Final = 255


class Trunk(Protocol):
    """The connection, as its sessions see it; see `connection`."""

    out: list[bytes]
    out_bytes: int
    incomplete_bytes: int
    names: dict[tuple[str, bool], Link]
    peer_frame_bytes_max: int

    def write(self, channel: int, performative: Composite) -> None: ...

    def steal(self, attach: Attach, events: list[Event]) -> Link | None: ...

    def take_on(self, link: Link) -> None: ...

    def let_go(self, link: Link) -> None: ...

    def hold(self, size: int) -> None: ...


class SessionState(Enum):
    """See the module."""

    BEGUN = "in use"
    LEAVING = "ended by us"
    ENDED = "ended by both"


class Session:
    """See the module."""

    __slots__ = (
        "_connection",
        "_free",
        "_remote_window",
        "channel",
        "frame_bytes_max",
        "incoming_left",
        "links",
        "next_delivery_id",
        "next_incoming_id",
        "next_outgoing_id",
        "owner",
        "peer_handle_max",
        "remote_channel",
        "state",
        "waiting",
    )

    def __init__(self, connection: Trunk, channel: int, remote_channel: int, begin: Begin) -> None:
        self._connection = connection
        self.channel = channel
        self.remote_channel = remote_channel
        self.state = SessionState.BEGUN
        self.frame_bytes_max = connection.peer_frame_bytes_max
        self.peer_handle_max = begin.handle_max
        self.links: dict[int, Link] = {}  # by the client's handle
        self._free: list[int] = list(range(min(HANDLE_MAX, begin.handle_max), -1, -1))  # ours
        self.next_incoming_id = begin.next_outgoing_id
        self.incoming_left = INCOMING_WINDOW
        self.next_outgoing_id = 1
        self.next_delivery_id = 0
        self._remote_window = begin.incoming_window
        self.waiting: deque[bytes] = deque()  # transfer frames past the client's window
        self.owner: Any = None

    # --- out ---

    def write(self, performative: Composite) -> None:
        """A frame on this session, unless it is over."""
        if self.state is SessionState.BEGUN:
            self._connection.write(self.channel, performative)

    def flow(self) -> Flow:
        """How the session stands."""
        return Flow(
            next_incoming_id=self.next_incoming_id,
            incoming_window=self.incoming_left,
            next_outgoing_id=self.next_outgoing_id,
            outgoing_window=OUTGOING_WINDOW,
        )

    def send(self, template: TransferTemplate, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """The frames of a delivery, those past the client's window later; the delivery's id."""
        number = self.next_delivery_id
        if self.state is not SessionState.BEGUN:
            return number
        self.next_delivery_id = (number + 1) & SEQUENCE_MASK
        self._connection.out_bytes += len(payload)
        frames = template.write(number, tag, settled, payload)
        if self.waiting or len(frames) > self._remote_window:
            self.waiting.extend(frames)
            self._send_waiting()
        else:
            self._remote_window -= len(frames)
            self.next_outgoing_id = (self.next_outgoing_id + len(frames)) & SEQUENCE_MASK
            self._connection.out += frames
        return number

    def _send_waiting(self) -> None:
        waiting = self.waiting
        while waiting and self._remote_window > 0:
            self._remote_window -= 1
            self.next_outgoing_id = (self.next_outgoing_id + 1) & SEQUENCE_MASK
            self._connection.out.append(waiting.popleft())

    def room(self) -> int:
        """How many frames may leave at once."""
        return 0 if self.waiting else self._remote_window

    def unsent_bytes(self) -> int:
        """Of messages that nobody has taken from the connection yet, about."""
        return self._connection.out_bytes

    def dispose(self, first: int, last: int, *, role: bool, settled: bool, state: object) -> None:
        """What became of deliveries first to last; `role` is ours."""
        if self.state is SessionState.BEGUN:
            frame = disposition_frame(self.channel, role, first, last, settled, state)
            self._connection.out.append(frame)

    def end(self, error: Error | None) -> None:
        """End the session; what the client still sends on it is dropped."""
        if self.state is SessionState.BEGUN:
            self.write(End(error))
            self.state = SessionState.LEAVING
            self.waiting.clear()

    # --- in ---

    def attach(self, attach: Attach, events: list[Event]) -> None:
        """A link. Raises SessionFailed."""
        if attach.handle in self.links or attach.handle > HANDLE_MAX:
            raise self._failed(
                HANDLE_IN_USE, f"handle {attach.handle} is in use or above {HANDLE_MAX}"
            )
        if not self._free:
            raise self._failed(HANDLE_IN_USE, "no handle is left")
        stolen = self._connection.steal(attach, events)
        link = self.links[attach.handle] = Link(self, self._free.pop(), attach)
        self._connection.take_on(link)
        assert stolen is None or stolen.state is not LinkState.ATTACHED
        self._connection.names[attach.name, attach.role] = link
        events.append(Attached(link))

    def detach(self, detach: Detach, events: list[Event]) -> None:
        """A link's end. Raises SessionFailed."""
        link = self._link(detach.handle)
        was = link.state
        if was is not LinkState.LEAVING:
            link.detach(None, closed=detach.closed)
        self.forget(link)
        if was is not LinkState.LEAVING:
            error = detach.error if isinstance(detach.error, Error) else None
            events.append(Detached(link, detach.closed, error))

    def forget(self, link: Link) -> None:
        """Its handles may be used again."""
        link.state = LinkState.GONE
        link.incomplete = None
        self._connection.let_go(link)
        del self.links[link.attach.handle]
        self._free.append(link.handle)
        key = (link.attach.name, link.attach.role)
        if self._connection.names.get(key) is link:
            del self._connection.names[key]

    def hear(self, flow: Flow, events: list[Event]) -> None:
        """The client's windows, and what it says of a link. Raises SessionFailed."""
        seen = 1 if flow.next_incoming_id is None else flow.next_incoming_id
        window = (seen + flow.incoming_window - self.next_outgoing_id) & SEQUENCE_MASK
        was_shut = self.room() == 0
        self._remote_window = window if window < 1 << 31 else 0
        self._send_waiting()
        if flow.handle is not None:
            link = self._link(flow.handle)
            if link.state is LinkState.LEAVING:
                return
            link.hear(flow)
            events.append(Flowed(link, flow))
        elif flow.echo:
            self.write(self.flow())
        if was_shut and self.room() > 0:
            events.append(Room(self))

    def take(self, transfer: Transfer, payload: bytes, events: list[Event]) -> None:
        """A frame of a delivery. Raises SessionFailed."""
        if self.incoming_left <= 0:
            raise self._failed(WINDOW_VIOLATION, "a transfer past the window")
        self.incoming_left -= 1
        self.next_incoming_id = (self.next_incoming_id + 1) & SEQUENCE_MASK
        if self.incoming_left < INCOMING_WINDOW // 2:
            self.incoming_left = INCOMING_WINDOW
            self.write(self.flow())
        link = self._link(transfer.handle)
        if link.state is LinkState.LEAVING:
            return
        if not link.receives:
            raise self._failed(ERRANT_LINK, "a transfer on a link that only sends to you")
        if transfer.aborted:
            self._abort(link)
        elif self._is_welcome(link, transfer, len(payload), events):
            arrival = link.add(transfer, payload)
            if arrival is not None:
                last = events[-1] if events else None
                if type(last) is not Arrived or last.link is not link:
                    last = Arrived(link)
                    events.append(last)
                last.arrivals.append(arrival)

    def _abort(self, link: Link) -> None:
        """Part 2, section 2.7.5: as if it had never been sent, but for the credit."""
        if link.incomplete is not None:
            self._connection.incomplete_bytes -= link.incomplete.bytes
            link.incomplete = None

    def _is_welcome(self, link: Link, transfer: Transfer, size: int, events: list[Event]) -> bool:
        """Whether the link takes it. Raises SessionFailed, and ConnectionFailed for too much that is incomplete."""
        found = link.incomplete
        if found is None:
            if transfer.resume:
                return self._drop(link, NOT_IMPLEMENTED, "deliveries are not resumed", events)
            if transfer.delivery_id is None or transfer.delivery_tag is None:
                raise self._failed(INVALID_FIELD, "a delivery without an id or a tag")
            if len(transfer.delivery_tag) > TAG_BYTES_MAX:
                raise self._failed(INVALID_FIELD, f"a tag has at most {TAG_BYTES_MAX} bytes")
            if link.credit <= 0:
                return self._drop(
                    link, TRANSFER_LIMIT_EXCEEDED, "a delivery without credit", events
                )
            link.credit -= 1
            link.delivery_count = (link.delivery_count + 1) & SEQUENCE_MASK
        elif transfer.delivery_id is not None and transfer.delivery_id != found.id:
            raise self._failed(INVALID_FIELD, "a delivery inside another")
        whole = size + (0 if found is None else found.bytes)
        if link.message_bytes_max and whole > link.message_bytes_max:
            text = f"a message has at most {link.message_bytes_max} bytes"
            return self._drop(link, MESSAGE_SIZE_EXCEEDED, text, events)
        if transfer.more:
            self._connection.hold(size)
        elif found is not None:
            self._connection.incomplete_bytes -= found.bytes
        return True

    def _drop(self, link: Link, condition: str, text: str, events: list[Event]) -> bool:
        """The link cannot go on; the session can."""
        self._abort(link)
        error = Error(condition, text)
        link.detach(error)
        events.append(Detached(link, is_closed=True, error=error))
        return False

    def _link(self, handle: int) -> Link:
        link = self.links.get(handle)
        if link is None:
            raise self._failed(UNATTACHED_HANDLE, f"no link with handle {handle}")
        return link

    def _failed(self, condition: str, text: str) -> SessionFailed:
        return SessionFailed(self.remote_channel, condition, text)
