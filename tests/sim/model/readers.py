"""What a leased subscription has open: one object per message, in offset order, per partition."""

from collections.abc import Iterator

from tests.sim.model.log import Entry, Stream
from tests.sim.translator import colour_of, with_colour

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s
from dragoman.kernel.settings import SubscriptionSettings

READY_STATES = (s.READY, s.RETURNED)
KEYED = ("key", "session")
DELAYED = 8  # stored, and not shown yet: windows count it apart
ALL = 1 << 60  # past every offset


STATES = {**s.STATES, DELAYED: "DELAYED"}


class Message:
    """One message as one reader sees it."""

    __slots__ = (
        "aside",
        "body",
        "due_ms",
        "duration_ms",
        "entry",
        "expires_ms",
        "fails",
        "holder",
        "key",
        "lane",
        "offset",
        "revised",
        "size",
        "state",
        "tries",
        "until_ms",
        "wait",
    )

    def __init__(self, entry: Entry, expires_ms: int, key: bytes, lane: int) -> None:
        self.entry = entry
        self.offset = entry.offset
        self.body = entry.body  # as this reader has it
        self.revised = False
        self.expires_ms = expires_ms  # for this reader; 0 never
        self.size = entry.size
        self.key = key  # b"" none, or nobody asks
        self.lane = lane  # higher ones first
        self.state = s.PENDING if entry.pending else s.READY
        self.holder = 0
        self.aside = False  # LEASED, and DEFERRED before that
        self.until_ms = 0  # elapsed time at which its lease ends; 0 with its connection
        self.duration_ms = 0
        self.tries = 0
        self.fails = 0
        self.due_ms = 0  # elapsed time at which it is to be retried
        self.wait = (0, 0)  # the same as wall time, and how long that is

    def is_over(self, now_ms: int) -> bool:
        """Whether it has expired."""
        return 0 < self.expires_ms <= now_ms

    def __repr__(self) -> str:
        return f"{self.offset}:{self.body!r}:{STATES[self.state]}"


def _matches(rule: dict[str, str], body: bytes) -> bool:
    """Whether a rule, of those that lives play, takes the message."""
    return rule["kind"] == "true" or rule["expression"].split("'")[1] == colour_of(body)


class Reader:
    """A leased subscription: its open messages per partition, in offset order."""

    def __init__(self, record: r.SubscriptionCreated) -> None:
        self.id = record.id
        self.stream = record.stream
        self.name = record.name
        self.settings: SubscriptionSettings = record.settings
        self.owner = record.owner
        self.parts: list[list[Message]] = [[] for _ in record.frontiers]
        self.frontiers = list(record.frontiers)  # never handed out from here on
        self.states: dict[bytes, bytes] = {}  # of sessions
        self.shown = [at if self.settings.delay_ms else ALL for at in record.frontiers]
        self.put_in_order = (0, ALL)  # what a reader with an order is to find next

    @property
    def is_keyed(self) -> bool:
        return self.settings.order in KEYED

    @property
    def knows_keys(self) -> bool:
        return self.is_keyed or self.settings.order == "fair"

    @property
    def is_ordered(self) -> bool:
        return bool(self.settings.filter) or self.settings.order != "none"

    def messages(self) -> Iterator[Message]:
        for part in self.parts:
            yield from part

    def ready(self) -> list[Message]:
        return [message for message in self.messages() if message.state in READY_STATES]

    def ready_bytes(self) -> int:
        return sum(message.size for message in self.ready())

    def between(self, partition: int, start: int, end: int) -> list[Message]:
        part = self.parts[partition] if partition < len(self.parts) else []
        return [message for message in part if start <= message.offset < end]

    def held_by(self, holder: int) -> list[Message]:
        return [m for m in self.messages() if m.state == s.LEASED and m.holder == holder]

    def takes(self, body: bytes) -> bool:
        """Whether its filter lets the message through."""
        wanted = self.settings.filter
        if self.has_rules:
            return any(_matches(rule, body) for rule in wanted["rules"] if "action" not in rule)
        return not wanted or colour_of(body) == wanted["colour"]

    @property
    def has_rules(self) -> bool:
        """Whether it filters as a subscription of Service Bus."""
        return self.settings.dialect == "servicebus"

    def copies(self, body: bytes) -> list[bytes]:
        """What its rules with actions make of a message, in their order."""
        return [
            with_colour(body, rule["action"]["expression"].split("'")[1])
            for rule in self.settings.filter["rules"]
            if "action" in rule and _matches(rule, body)
        ]

    def is_for(self, entry: Entry) -> bool:
        """Whether it gets to see the entry. A reader without actions has no copies, whatever it had before."""
        if entry.taker:
            acts = self.has_rules and any(
                "action" in rule for rule in self.settings.filter["rules"]
            )
            return entry.taker == self.id and acts
        return not (entry.control or entry.aborted) and self.takes(entry.body)

    def add(self, partition: int, entry: Entry) -> None:
        if not self.is_for(entry):
            return
        key = entry.order_key() if self.knows_keys else b""
        message = Message(entry, self.expires_ms(entry), key, self.lane_of(entry.priority))
        if message.state == s.READY and message.offset >= self.shown[partition]:
            message.state = DELAYED
        self.parts[partition].append(message)

    def lane_of(self, priority: int) -> int:
        if self.settings.order != "priority":
            return 0
        return min(max(priority, 0), self.settings.priorities)

    def expires_ms(self, entry: Entry) -> int:
        ttl = self.settings.ttl_ms
        ends = [entry.expires_ms] if entry.expires_ms else []
        if ttl >= 0:
            ends.append(entry.stored_ms + ttl)
        return min(ends, default=0)

    def alter(self, settings: SubscriptionSettings, ends: list[int]) -> None:
        if not settings.delay_ms:
            self.shown = [ALL for _ in ends]
        elif not self.settings.delay_ms:
            self.shown = list(ends)
        self.settings = settings
        for message in self.messages():
            message.expires_ms = self.expires_ms(message.entry)

    def begin_anew(self, stream: Stream, record: r.Sought) -> None:
        """Ready from the point on, and in the runs that were open before it; nobody holds anything."""
        part = self.parts[record.partition]
        part.clear()
        if self.settings.delay_ms:
            self.shown[record.partition] = record.frontier
        for entry in stream.entries[record.partition]:
            opened = any(start <= entry.offset < end for start, end in record.open)
            if entry.pending or opened or entry.offset >= record.frontier:
                self.add(record.partition, entry)
                if opened and part and part[-1].entry is entry and part[-1].state == s.READY:
                    part[-1].state = s.RETURNED
        self.frontiers[record.partition] = record.frontier

    def show(self, partition: int) -> None:
        """What was pending is ready now, or will never be."""
        part = self.parts[partition]
        for message in part:
            if message.state == s.PENDING and not message.entry.pending:
                is_new = message.offset >= self.frontiers[partition]
                message.state = s.READY if is_new else s.RETURNED
                if message.offset >= self.shown[partition]:
                    message.state = DELAYED
        part[:] = [message for message in part if not message.entry.aborted]

    def show_delayed(self, record: r.Shown) -> None:
        """What is stored below the offset is ready, or was purged."""
        part = self.parts[record.partition]
        for message in part:
            if message.state == DELAYED and message.offset < record.offset:
                message.state = s.DONE if record.dropped else s.READY
        part[:] = [message for message in part if message.state != s.DONE]
        if record.dropped:
            self.advance(record.partition, record.offset)
        self.put_in_order = (self.shown[record.partition], record.offset)
        self.shown[record.partition] = record.offset

    def advance(self, partition: int, end: int) -> None:
        """Everything below has been handed out, or given up."""
        self.frontiers[partition] = max(self.frontiers[partition], end)
