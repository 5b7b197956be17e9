r"""One link of a session, as far as the wire goes: its handles, its credit, the delivery that is coming in.

    PENDING --accept--> ATTACHED --detach from the client, answered--> GONE
       |                    \--detach of ours--> LEAVING --the client's detach--> GONE
       \--refuse (an attach without a terminus, then a detach)-> LEAVING

While LEAVING, whatever the client still sends on the link is dropped: it cannot know yet.
"""

from enum import Enum
from typing import Any, Final, Protocol

from dragoman.wire.amqp10.composites import Composite
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.performatives import (
    RECEIVER,
    SEQUENCE_MASK,
    Attach,
    Detach,
    Flow,
    Transfer,
)
from dragoman.wire.amqp10.transfers import TransferTemplate

MESSAGE_BYTES_UNSAID: Final = 0


class LinkState(Enum):
    """See the module."""

    PENDING = "to be answered"
    ATTACHED = "in use"
    LEAVING = "detached by us"
    GONE = "detached by both"


class Channel(Protocol):
    """A session, as its links and the events see it; see `session`."""

    channel: int
    frame_bytes_max: int
    owner: Any

    def write(self, performative: Composite) -> None: ...

    def flow(self) -> Flow: ...

    def send(
        self, template: TransferTemplate, tag: bytes, payload: bytes, *, settled: bool
    ) -> int: ...

    def room(self) -> int: ...

    def unsent_bytes(self) -> int: ...

    def dispose(
        self, first: int, last: int, *, role: bool, settled: bool, state: object
    ) -> None: ...

    def end(self, error: Error | None) -> None: ...


class Arrival:
    """One delivery to us, whole."""

    __slots__ = ("format", "id", "payload", "settled", "state", "tag")

    def __init__(
        self, id: int, tag: bytes, format: int, settled: bool, state: Any, payload: bytes
    ) -> None:
        self.id = id
        self.tag = tag
        self.format = format
        self.settled = settled
        self.state = state
        self.payload = payload


class Incomplete:
    """A delivery of which more is to come. However small its parts are, they take no more than their bytes."""

    __slots__ = ("bytes", "format", "id", "payload", "settled", "state", "tag")

    def __init__(self, id: int, tag: bytes, transfer: Transfer) -> None:
        self.id = id
        self.tag = tag
        self.format = transfer.message_format or 0
        self.settled = False
        self.state: Any = None
        self.payload = bytearray()
        self.bytes = 0


class Link:
    """See the module.

    attach          what the client said, in `attach_bytes`
    receives        whether messages come to us on it
    credit          a link to us: what we have granted and the client has not used; a link from us: what it has granted
    owner           the layer above's
    """

    __slots__ = (
        "attach",
        "attach_bytes",
        "credit",
        "delivery_count",
        "handle",
        "incomplete",
        "message_bytes_max",
        "owner",
        "receives",
        "session",
        "state",
        "template",
    )

    def __init__(self, session: Channel, handle: int, attach: Attach) -> None:
        self.session = session
        self.attach = attach
        self.attach_bytes = 0
        self.handle = handle  # ours; the client's is attach.handle
        self.receives = attach.role is not RECEIVER
        self.state = LinkState.PENDING
        self.credit = 0
        self.delivery_count = (attach.initial_delivery_count or 0) if self.receives else 0
        self.message_bytes_max = MESSAGE_BYTES_UNSAID  # of a delivery to us
        self.incomplete: Incomplete | None = None
        self.owner: Any = None
        self.template = TransferTemplate(session.channel, handle, session.frame_bytes_max)

    # --- the answer ---

    def accept(self, answer: Attach) -> None:
        """Answer with `answer`: name, handle, role and delivery count are put right."""
        assert self.state is LinkState.PENDING
        self.state = LinkState.ATTACHED
        self.message_bytes_max = answer.max_message_size or 0
        self._answer(answer)

    def refuse(self, error: Error) -> None:
        """Answer that there is no such node (part 2, section 2.6.3)."""
        assert self.state is LinkState.PENDING
        said = self.attach
        answer = Attach(said.name, 0, not said.role, said.snd_settle_mode, said.rcv_settle_mode)
        if self.receives:
            answer.source = said.source
        else:
            answer.target = said.target
        self._answer(answer)
        self.state = LinkState.ATTACHED
        self.detach(error)

    def _answer(self, answer: Attach) -> None:
        answer.name = self.attach.name
        answer.handle = self.handle
        answer.role = not self.attach.role
        answer.initial_delivery_count = None if self.receives else self.delivery_count
        self.session.write(answer)

    def detach(self, error: Error | None, *, closed: bool = True) -> None:
        """Take the link off; what the client still sends on it is dropped."""
        if self.state is LinkState.PENDING:
            self.refuse(error or Error("amqp:link:detach-forced"))
        elif self.state is LinkState.ATTACHED:
            self.state = LinkState.LEAVING
            self.incomplete = None
            self.session.write(Detach(self.handle, closed, error))

    # --- credit ---

    def grant(self, credit: int) -> None:
        """A link to us: the client may send so many messages from now on."""
        if self.state is LinkState.ATTACHED:
            self.credit = credit
            self.tell(drain=False)

    def tell(self, *, drain: bool, available: int | None = None) -> None:
        """How the link stands (part 2, section 2.6.7)."""
        flow = self.session.flow()
        flow.handle = self.handle
        flow.delivery_count = self.delivery_count
        flow.link_credit = self.credit
        flow.available = available
        flow.drain = drain
        self.session.write(flow)

    def drained(self) -> None:
        """A link from us: no more is here, so the rest of the credit is used up."""
        self.delivery_count = (self.delivery_count + self.credit) & SEQUENCE_MASK
        self.credit = 0
        self.tell(drain=True)

    def hear(self, flow: Flow) -> None:
        """News of the client's end of the link."""
        if self.receives:
            if flow.delivery_count is not None:  # it may have given credit up
                skipped = (flow.delivery_count - self.delivery_count) & SEQUENCE_MASK
                if skipped <= self.credit:
                    self.credit -= skipped
                    self.delivery_count = flow.delivery_count
        elif flow.link_credit is not None:
            seen = flow.delivery_count or 0
            left = (seen + flow.link_credit - self.delivery_count) & SEQUENCE_MASK
            self.credit = (
                left if left < 1 << 31 else 0
            )  # it has been overtaken by what is under way

    # --- messages ---

    def send(self, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """A delivery to the client; its id. It leaves when the session's window lets it."""
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & SEQUENCE_MASK
        return self.session.send(self.template, tag, payload, settled=settled)

    def add(self, transfer: Transfer, payload: bytes) -> Arrival | None:
        """More of a delivery; the delivery once it is whole. The first part has an id and a tag."""
        found = self.incomplete
        if found is None:
            assert transfer.delivery_id is not None and transfer.delivery_tag is not None
            if not transfer.more:
                return Arrival(
                    transfer.delivery_id,
                    transfer.delivery_tag,
                    transfer.message_format or 0,
                    transfer.settled is True,
                    transfer.state,
                    payload,
                )
            found = Incomplete(transfer.delivery_id, transfer.delivery_tag, transfer)
            self.incomplete = found
        found.payload += payload
        found.bytes += len(payload)
        if transfer.settled is not None:
            found.settled = transfer.settled
        if transfer.state is not None:
            found.state = transfer.state
        if transfer.more:
            return None
        self.incomplete = None
        whole = bytes(found.payload)
        return Arrival(found.id, found.tag, found.format, found.settled, found.state, whole)
