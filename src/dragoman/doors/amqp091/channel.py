"""One channel: what was declared, consumed and published on it, and its replies in order.

    open --channel.close from the client--> gone (close-ok)
         --refusal--> closing (channel.close sent): everything but close and close-ok is dropped --close-ok--> gone

Replies and deliveries of a channel leave in the order they were made. One that waits for the journal parks, and what
comes behind it parks too. Confirms wait on their own (`confirms`), behind what is parked.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

from dragoman.doors.amqp091.confirms import Confirms
from dragoman.doors.amqp091.errors import NOT_IMPLEMENTED, Refused
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.tallies import Tally
from dragoman.doors.amqp091.transactions import Transaction
from dragoman.doors.shared.unacked import CURSOR, Span, Spans, Unacked
from dragoman.kernel.api import Cancel, Holder, Outcome, Settle
from dragoman.model.errors import SubscriptionNotFound
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE, FieldTable
from dragoman.wire.amqp091.frames import method_frame
from dragoman.wire.amqp091.methods import BasicCancel, Method

TIMEOUT: Final = "amqp091.consumer-timeout"  # the note of a queue that keeps its own, in ms
CONSUMERS_MAX: Final = 65_535  # of one channel


class Consumer:
    """One basic.consume. `holder` is the kernel's side of it."""

    __slots__ = (
        "arguments",
        "channel",
        "exclusive",
        "holder",
        "no_ack",
        "prefetch",
        "queue",
        "spelling",
        "tag",
        "tag_raw",
    )

    holder: Holder

    def __init__(self, channel: "Channel", tag: str, queue: str, no_ack: bool) -> None:
        self.channel = channel
        self.tag = tag
        self.tag_raw = tag.encode()
        self.queue = queue
        self.no_ack = no_ack
        self.exclusive = False
        self.prefetch = channel.prefetch
        self.arguments: FieldTable = EMPTY_TABLE
        self.spelling: int = 0  # what redeliveries must be told, see `spell`

    def end(self) -> None:
        """It is handed nothing more; what it holds stays unsettled."""
        link = self.channel.link
        link.session.submit(Cancel(namespace=link.namespace, holder=self.holder.id))

    def settled(self, count: int) -> None:
        """So many deliveries are acknowledged: the kernel knows."""

    def standing(self) -> tuple[bool, bool]:
        """Whether its queue serves one consumer at a time, and whether this one is served."""
        subscription = self.holder.subscription
        if not subscription.settings.single_active:
            return False, self.holder.active
        return True, subscription.consumers.standing() is self.holder

    def note_timeout(self) -> None:
        """How long its queue lets a delivery wait now."""
        subscription = self.holder.subscription
        self.channel.note_timeout(subscription.id, subscription.settings.notes)


class Channel:
    """See the module."""

    __slots__ = (
        "confirms",
        "consumers",
        "is_closing",
        "link",
        "number",
        "parked",
        "pool",
        "pool_size",
        "prefetch",
        "queue_last",
        "reader_next",
        "readers",
        "reply_queue",
        "tag_next",
        "tally",
        "timeouts",
        "transaction",
        "unacked",
    )

    def __init__(self, link: Link, number: int) -> None:
        self.link = link
        self.number = number
        self.is_closing = False  # channel.close was sent
        self.consumers: dict[str, Consumer] = {}
        self.unacked = Unacked()
        self.tag_next = 1
        self.tally = Tally()
        self.confirms: Confirms | None = None
        self.transaction: Transaction | None = None
        self.prefetch = 0  # for consumers opened from now on
        self.pool = 0  # credit shared by all consumers, from basic.qos(global)
        self.pool_size = 0  # what it began with
        self.timeouts: dict[
            int, int
        ] = {}  # ms to acknowledge, where a queue has its own, by its number
        self.queue_last = ""  # what the empty queue name means
        self.reply_queue = ""  # of the direct reply-to consumer
        self.readers: dict[int, Consumer] = {}  # of streams, by number
        self.reader_next = 0  # numbers go downwards
        self.parked: deque[tuple[bytes, int, int]] = deque()  # (frames, position, level)

    # --- replies ---

    def send(self, frames: bytes, position: int = 0, level: int = APPLIED) -> None:
        """Frames behind everything sent before, once `position` has reached `level`."""
        session = self.link.session
        is_ripe = level == APPLIED or session.reached(level) >= position
        if is_ripe and not self.parked:
            self.link.out.append(frames)
            return
        self.parked.append((frames, position, level))
        self.link.waiting[self] = None
        if not is_ripe:
            session.want(position, level)

    def send_messages(self, frames: bytes, position: int = 0, level: int = APPLIED) -> None:
        """As `send`: frames of messages, which are counted until the peer takes them."""
        self.link.unsent_bytes += len(frames)
        self.send(frames, position, level)

    def reply(self, method: Method, *, durable: bool = False) -> None:
        """A method; one that speaks of something durable waits until that is safe."""
        frame = method_frame(self.number, method)
        if durable:
            self.send(frame, self.link.session.position(), SYNCED)
        else:
            self.send(frame)

    def note_timeout(self, subscription: int, notes: Mapping[str, str]) -> None:
        """How long its queue lets a delivery wait to be acknowledged, as its settings say."""
        told = notes.get(TIMEOUT)
        if told is not None:
            self.timeouts[subscription] = int(told)
        else:
            self.timeouts.pop(subscription, None)

    def is_late(self, now_ms: int, timeout_ms: int) -> int:
        """The time-out that a delivery has passed, in ms; 0 when none has. `timeout_ms` is that of most queues."""
        for consumer in self.consumers.values():
            consumer.note_timeout()
        return self.unacked.overdue(now_ms, timeout_ms, self.timeouts)

    def progress(self) -> None:
        """Let go what waits no longer; stays in `link.waiting` while something does."""
        session = self.link.session
        while self.parked:
            frames, position, level = self.parked[0]
            if level > APPLIED and session.reached(level) < position:
                session.want(position, level)
                return
            self.parked.popleft()
            self.link.out.append(frames)
        if self.confirms is not None:
            self.confirm(self.confirms)
        if self.confirms is None or not self.confirms.is_waiting():
            self.link.waiting.pop(self, None)

    def confirm(self, confirms: Confirms) -> None:
        """Confirm what may be confirmed."""
        frames = confirms.take(self.link.session, self.number)
        if frames:
            self.link.out.append(frames)

    # --- settlement ---

    def settle(self, spans: Spans, outcome: Outcome, *, failed: bool = False) -> None:
        """Say what became of deliveries. Those whose queue is gone are gone with it. Raises Refused."""
        for span in spans.values():
            if span.subscription == CURSOR:
                self.settle_read(span, outcome, failed=failed)
                continue
            command = Settle(span.subscription, span.partition, span.holder, span.runs, outcome)
            command.failed = failed
            command.offsets = span.offsets
            if outcome == "release":
                command.delay_ms = 0
            try:
                self.link.session.settle(command)
            except SubscriptionNotFound:
                continue

    def settle_read(self, span: Span, outcome: Outcome, *, failed: bool) -> None:
        """Deliveries of a stream: an ack is credit, what is given up is nothing. Raises Refused (540)."""
        reader = self.readers.get(span.holder)
        if reader is None:
            return
        if failed:
            text = f"basic.nack and basic.reject not supported by stream queues queue '{reader.queue}' in vhost"
            raise Refused(NOT_IMPLEMENTED, f"{text} '{self.link.vhost}'")
        if outcome == "ack":
            reader.settled(sum([end - start for start, end in span.runs]))

    # --- the end ---

    def cancelled(self, consumer: Consumer) -> None:
        """Its queue went away; a client that understands is told."""
        if self.consumers.pop(consumer.tag, None) is None:
            return
        if consumer.queue == self.reply_queue:
            self.reply_queue = ""
        if "consumer_cancel_notify" in self.link.capabilities:
            self.reply(BasicCancel(consumer.tag, True))

    def close(self) -> None:
        """Consumers end; what they held is ready again, in its place. Nothing gathered is carried out."""
        for consumer in self.consumers.values():
            consumer.end()
        self.consumers.clear()
        spans: Spans = {}
        self.unacked.take_upto(self.tag_next, spans)
        self.settle(spans, "release")
        self.confirms = None
        self.transaction = None
