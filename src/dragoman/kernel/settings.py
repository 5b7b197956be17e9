"""What streams, subscriptions, routes and bindings can be told, in the kernel's own words.

A door keeps what only it understands in `notes` (Kafka's topic configs, the arguments of an AMQP declaration): stored
and given back, never read by the kernel. All are records on disk: fields are only ever added, at the end, with a
default.
"""

from typing import Any, Final, Literal

import msgspec

from dragoman.model.levels import WRITTEN

Overflow = Literal["drop-head", "reject-publish", "reject-publish-dead-letter"]
OrderKind = Literal["none", "priority", "key", "session", "fair"]
RouteKind = Literal[
    "direct", "fanout", "topic", "headers", "consistent-hash", "random", "modulus-hash"
]
FilterDialect = Literal["headers", "eventgrid", "pubsub", "servicebus", "cel"]
HeaderValues = Literal["text", "amqp"]
DeadReason = Literal["rejected", "expired", "maxlen", "delivery_limit", "too-large", "rule"]

PRIORITY_MAX: Final = 255


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a message goes: to the stream `name`, or through the route `name` with a key."""

    name: str
    key: str = ""
    is_route: bool = False


class StreamSchema(msgspec.Struct, frozen=True, omit_defaults=True):
    """What each message of a stream must be as: any of a subject's versions from `first` to `last` (0: the latest)."""

    namespace: str
    subject: str
    encoding: Literal["json", "binary"] = "json"
    first: int = 1
    last: int = 0


class StreamSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stream's own: how many partitions, what it keeps beyond what its readers hold, what a confirm waits for."""

    partitions: int = 1
    durable: bool = True
    level: int = WRITTEN  # what a publish waits for unless it says otherwise
    retention_ms: int = 0  # 0 keeps nothing beyond holds, -1 for ever
    retention_bytes: int = -1  # per partition; -1 no limit
    compact: bool = False
    message_bytes_max: int = 0  # 0: the broker's own limit
    dedup_window_ms: int = 0
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    aliases: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # by protocol; see `kernel.aliases`
    dedup_scope: Literal["stream", "key"] = "stream"  # where a dedup id counts
    # Of a compacted stream: how long a key without a value is kept, which share of the log must be new before it is
    # compacted, what is younger than this is left alone, what is older (-1 never) makes it due.
    tombstone_ms: int = 86_400_000
    dirty_percent: int = 50
    compact_after_ms: int = 0
    compact_within_ms: int = -1
    # How Kafka's readers are shown typed headers, and readers of AMQP 1.0 those of Kafka: as text, or, as Event Hubs
    # has it, in AMQP's encoding and as binary. Read by doors alone.
    header_values: HeaderValues = "text"
    stored_bytes_max: int = 0  # what is sent to it is refused beyond; 0 no limit
    # A door's word for what is judged like its rules, before these.
    message_schema: StreamSchema | None = None


class SubscriptionSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """A leased subscription's own. Its limits mark messages done for itself only."""

    durable: bool = True
    early: bool = False  # deliver before the message is durable, as RabbitMQ's classic queues do; see `standing`
    ttl_ms: int = -1
    length_max: int = -1  # ready messages
    bytes_max: int = -1  # ready bytes of payloads
    overflow: Overflow = "drop-head"
    lease_duration_ms: int = 30_000  # for leases bound to a deadline
    attempts_max: int = 0  # 0 for ever
    attempts_counted: Literal["leased", "failed"] = "failed"
    retry_ms: int = 0  # backoff before a released message is ready again
    retry_ms_max: int = (
        0  # where that is more: one that was held too long waits twice as long each time
    )
    dead_letter: Address | None = None
    order: OrderKind = "none"
    priorities: int = 0  # highest priority honoured, order = priority
    filter: dict[str, Any] = msgspec.field(default_factory=dict)  # as of a binding; empty takes all
    revoke_followers: bool = (
        False  # order = key: a message that returns takes later leased ones along
    )
    single_active: bool = False
    exclusive: bool = False  # for the session that made it, gone with it
    auto_delete: bool = False  # gone with its last consumer
    idle_ms: int = 0  # gone after that long unused; 0 never
    owns_stream: bool = True  # its deletion deletes the stream unless something else holds it
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    paused: bool = False  # hands nothing out
    delay_ms: int = 0  # a message is ready that long after it was stored
    leased_max: int = 0  # messages held at once; 0 no limit
    times_kept: bool = False  # when each message was first leased is known
    push: str = ""  # who in this process pushes its messages out; see `leases.pushed`
    exactly_once: bool = False  # a delivery leaves once nothing can make its lease undone
    dialect: FilterDialect = "headers"  # what `filter` is written in
    dead_letter_expired: bool = True  # what expires goes to `dead_letter`, too; else it is dropped
    group: str = ""  # whose members read by it; holds nothing that its stream retains by itself: see `kernel.sharing`
    share_group: str = ""  # whose members compete for its messages with its other consumers
    # By protocol: how many turns in a row its consumers have; those not named have one. See `leases.turns`.
    weights: dict[str, int] = msgspec.field(default_factory=dict)
    rules: tuple[str, ...] = ()  # by name, in this order, behind the filter: see `kernel.copies`
    laned: bool = False  # in an order though nothing else asks for one: it has, or had, rules

    @property
    def is_ordered(self) -> bool:
        """Whether its windows have an order."""
        return bool(self.filter or self.rules or self.laned) or self.order != "none"


class RouteSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route's own."""

    kind: RouteKind = "direct"
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    alternate: str = ""
    hash_on: str = (
        ""  # for the hash kinds: `header:NAME` or `attribute:NAME`; empty takes the routing key
    )
    notes: dict[str, str] = msgspec.field(default_factory=dict)


class PumpSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a pump carries messages on.

    filter         what is carried, in the words of `dialect`; empty takes all
    headers_set    put on every message carried
    attempts_max   after so many refusals a message goes to `dead_letter`, or is dropped and counted
    retry_ms       before the next attempt, doubled with each
    from_end       begin with what comes (cursor mode), not with the oldest entry kept
    until_end      go as far as the source reached when the pump was made, then be gone (redrive); what comes back to a
                   queue in which it died is as it was before, and will be tried anew
    rate_max       messages per second; 0 no limit
    to_origin      in place of targets: each dead letter goes to the stream in which it died last
    waits_for_room a target that has no room stops the pump until it has; else what it has no room for is given up
    hops_max       what came through so many pumps is given up as well; 0: what went through 16 is let go
    """

    targets: tuple[Address, ...] = ()
    filter: dict[str, Any] = msgspec.field(default_factory=dict)
    headers_set: tuple[tuple[str, str], ...] = ()
    attempts_max: int = 16
    retry_ms: int = 1_000
    dead_letter: Address | None = None
    from_end: bool = False
    until_end: bool = False
    rate_max: int = 0
    to_origin: bool = False
    dialect: FilterDialect = "headers"  # what `filter` is written in
    rules: tuple[str, ...] = ()  # by name, in this order, behind the filter
    waits_for_room: bool = True
    hops_max: int = 0


class BindingSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a route hands on to a target.

    arguments    typed values that the route's kind matches on or weighs by: part of the binding's identity
    filter       what is handed on of what the route's kind has matched, in the words of `dialect`; empty takes all
    headers_set  put on the message for this target
    """

    key: str = ""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    filter: dict[str, Any] = msgspec.field(default_factory=dict)
    headers_set: tuple[tuple[str, str], ...] = ()
    dialect: FilterDialect = "headers"  # what `filter` is written in
    rules: tuple[str, ...] = ()  # by name, in this order, behind the filter
