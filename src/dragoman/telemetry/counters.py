"""What is counted while the broker works: plain slots, raised where things happen, read when somebody asks. Hot.

Nothing here knows what a metric is called or how it is spelled (`console.metrics` does). Counts only grow; they begin
at 0 with the process.
"""

from typing import Final

HANDLED_MAX: Final = 100_000  # subscriptions of which is counted what became of their messages
BUCKETS: Final = 24  # the last one takes everything from 2**22 us (4 s) on


class Histogram:
    """Durations in microseconds, in buckets of powers of two: bucket `b` holds those below 2**b."""

    __slots__ = ("buckets", "count", "sum_us")

    def __init__(self) -> None:
        self.buckets = [0] * BUCKETS
        self.count = 0
        self.sum_us = 0

    def record(self, duration_us: int) -> None:
        """One more."""
        self.buckets[min(max(duration_us, 0).bit_length(), BUCKETS - 1)] += 1
        self.count += 1
        self.sum_us += duration_us


class Traffic:
    """What went through the doors of one protocol."""

    __slots__ = (
        "connections",
        "connections_opened",
        "delivered",
        "delivered_bytes",
        "published",
        "published_bytes",
        "refused",
        "settled",
    )

    def __init__(self) -> None:
        self.connections = 0  # open now
        self.connections_opened = 0
        self.published = 0  # messages taken from clients
        self.published_bytes = 0  # of their bodies as stored, each once
        self.delivered = 0  # messages handed to clients, again ones counted again
        self.delivered_bytes = 0
        self.settled: dict[str, int] = {}  # by outcome
        self.refused: dict[str, int] = {}  # commands, by the code of the error


class Handled:
    """What became of one subscription's messages, whatever protocol its readers speak."""

    __slots__ = ("acked", "delivered", "delivered_no_ack", "got", "got_no_ack", "redelivered")

    def __init__(self) -> None:
        self.acked = 0
        self.delivered = 0  # to consumers that acknowledge
        self.delivered_no_ack = 0
        self.got = 0  # by those who ask for some
        self.got_no_ack = 0
        self.redelivered = 0  # again, among all of these


class GivenUp:
    """Messages that a subscription gave up, by reason: how many, and how many of them were dead-lettered."""

    __slots__ = ("all", "lettered")

    def __init__(self) -> None:
        self.all: dict[str, int] = {}
        self.lettered: dict[str, int] = {}

    def record(self, reason: str, count: int, *, lettered: int) -> None:
        """Some more."""
        self.all[reason] = self.all.get(reason, 0) + count
        if lettered:
            self.lettered[reason] = self.lettered.get(reason, 0) + lettered


class Pushes:
    """What became of requests to URLs."""

    __slots__ = ("answered", "failed", "latency", "sent", "under_way", "waiting")

    def __init__(self) -> None:
        self.sent = 0
        self.answered: dict[str, int] = {}  # by class of status: `2xx`
        self.failed: dict[
            str, int
        ] = {}  # those without an answer, by kind; what was not sent included
        self.under_way = 0  # now
        self.waiting = 0  # for their turn
        self.latency = Histogram()  # of answers


class Meters:
    """All of one broker."""

    __slots__ = (
        "checkpoint",
        "faults",
        "handled",
        "journal_sync",
        "loop_lag",
        "pushes",
        "traffic",
        "turns",
    )

    def __init__(self) -> None:
        self.traffic: dict[str, Traffic] = {}  # by protocol
        self.handled: dict[int, Handled] = {}  # by the number of a subscription
        self.pushes = Pushes()
        self.turns = 0
        self.faults = 0  # of ours, while a client was served
        self.journal_sync = Histogram()
        self.checkpoint = Histogram()
        self.loop_lag = Histogram()

    def of(self, protocol: str) -> Traffic:
        """The protocol's, made when first asked for."""
        found = self.traffic.get(protocol)
        if found is None:
            found = self.traffic[protocol] = Traffic()
        return found

    def handled_of(self, subscription: int) -> Handled:
        """The subscription's, made when first asked for. Of very many the first ones begin anew."""
        found = self.handled.get(subscription)
        if found is None:
            if len(self.handled) >= HANDLED_MAX:
                del self.handled[next(iter(self.handled))]
            found = self.handled[subscription] = Handled()
        return found
