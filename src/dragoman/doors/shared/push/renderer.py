"""What a service that pushes says to what is common to all of them. It decides nothing else.

    plan        where a subscription's messages go and how many to a request; None: nowhere for now
    request_of  messages as a request; or a verdict at once, for what cannot be spelled
    judge       what an answer means

Handshakes and validations are the face's own affair, through the same `Outbound`. So are headers, credentials in them
included. A face keeps its settings in the subscription's `notes`.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from dragoman.formats import decode
from dragoman.kernel.api import Outcome, PushedInfo
from dragoman.model.message import Message
from dragoman.ports.outbound import Answered, Outgoing

PushedSubscription = PushedInfo
"""What a face is told of a subscription."""


class PushMessage:
    """A message as it was leased.

    body     the stored entry, in `format`; of a batch (`index` says which of its messages) the whole batch
    attempt  which attempt this is, 1 the first
    holder   who leased it
    """

    __slots__ = ("attempt", "body", "format", "holder", "index", "offset", "partition", "stored_ms")

    def __init__(
        self,
        format: int,
        body: bytes,
        index: int,
        partition: int,
        offset: int,
        stored_ms: int,
        attempt: int,
        holder: int,
    ) -> None:
        self.format = format
        self.body = body
        self.index = index
        self.partition = partition
        self.offset = offset
        self.stored_ms = stored_ms
        self.attempt = attempt
        self.holder = holder

    def decode(self) -> Message:
        """The message, whatever protocol brought it. Raises FormatError."""
        return decode(self.format, self.body, self.index, self.stored_ms)


class Plan:
    """How a subscription is pushed.

    url           where; empty when each message says so itself
    count_max     messages to a request
    bytes_max     of their stored bytes together, unless the first is larger; 0 no limit
    requests_max  under way at once; 0 as many as the target takes, or REQUESTS_MAX where each has its own
    rate          requests per second, by a bucket of `burst` tokens; 0 as fast as they go
    """

    __slots__ = ("burst", "bytes_max", "count_max", "rate", "requests_max", "url")

    def __init__(
        self,
        url: str,
        *,
        count_max: int = 1,
        bytes_max: int = 0,
        requests_max: int = 0,
        rate: float = 0.0,
        burst: int = 1,
    ) -> None:
        assert count_max >= 1
        assert burst >= 1
        self.rate = rate
        self.burst = burst
        self.url = url
        self.count_max = count_max
        self.bytes_max = bytes_max
        self.requests_max = requests_max


class Verdict:
    """What becomes of messages: see `kernel.api.Settle`.

    delay_ms   of a release: until the next attempt; negative takes the subscription's own
    is_failed  of a release: it counts against the subscription's attempts
    reason     of a rejection
    text       what came of the attempt, for a message that becomes a dead letter of it
    """

    __slots__ = ("delay_ms", "is_failed", "outcome", "reason", "text")

    def __init__(
        self,
        outcome: Outcome,
        *,
        delay_ms: int = -1,
        is_failed: bool = True,
        reason: str = "",
        text: str = "",
    ) -> None:
        self.outcome: Outcome = outcome
        self.delay_ms = delay_ms
        self.is_failed = is_failed
        self.reason = reason
        self.text = text


ACK: Final = Verdict("ack")


class Judged(Outgoing):
    """A request that carries who judges its answer, in place of the face's `judge`."""

    __slots__ = ("judge",)

    def __init__(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_ms: int,
        judge: Callable[[Answered], Verdict],
        *,
        at_once: int = 0,
    ) -> None:
        super().__init__(method, url, headers, body, timeout_ms, at_once=at_once)
        self.judge = judge


class Renderer(Protocol):
    """One face."""

    name: str
    """What `SubscriptionSettings.push` says of its subscriptions."""

    def plan(self, subscription: PushedSubscription) -> Plan | None: ...

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict: ...

    def judge(
        self, answered: Answered, attempt: int, subscription: PushedSubscription
    ) -> Verdict: ...
