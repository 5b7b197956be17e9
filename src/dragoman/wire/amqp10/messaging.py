"""Termini, outcomes, and the sections that the broker writes or looks into (parts 3 and 4).

source, target, coordinator         where a link begins or ends
received, accepted, rejected, ...   what became of a delivery; declared and transactional-state of transactions
header, properties                  of a message
"""

from typing import Any, Final

from dragoman.wire.amqp10.composites import (
    U8,
    U32,
    U64,
    Anything,
    Bin,
    Bool,
    Composite,
    Fields,
    MessageId,
    Nested,
    Str,
    Sym,
    Syms,
    Time,
    composite,
)

DURABLE_NONE: Final = 0
EXPIRE_SESSION_END: Final = "session-end"
MOVE: Final = "move"
COPY: Final = "copy"


@composite(0x28, "amqp:source:list")
class Source(Composite):
    """Where a link's messages come from (part 3, section 3.5.3)."""

    address: Anything = None
    durable: U32 = 0
    expiry_policy: Sym = EXPIRE_SESSION_END
    timeout: U32 = 0
    dynamic: Bool = False
    dynamic_node_properties: Fields | None = None
    distribution_mode: Sym | None = None
    filter: Fields | None = None
    default_outcome: Nested = None
    outcomes: Syms | None = None
    capabilities: Syms | None = None


@composite(0x29, "amqp:target:list")
class Target(Composite):
    """Where a link's messages go (part 3, section 3.5.4)."""

    address: Anything = None
    durable: U32 = 0
    expiry_policy: Sym = EXPIRE_SESSION_END
    timeout: U32 = 0
    dynamic: Bool = False
    dynamic_node_properties: Fields | None = None
    capabilities: Syms | None = None


@composite(0x30, "amqp:coordinator:list")
class Coordinator(Composite):
    """A target that is the node's transactions (part 4, section 4.5.1)."""

    capabilities: Syms | None = None


@composite(0x23, "amqp:received:list")
class Received(Composite):
    """How far a delivery has come (part 3, section 3.4.1)."""

    section_number: U32
    section_offset: U64


@composite(0x24, "amqp:accepted:list")
class Accepted(Composite):
    """Taken for good."""


@composite(0x25, "amqp:rejected:list")
class Rejected(Composite):
    """Invalid, never to be tried again."""

    error: Nested = None


@composite(0x26, "amqp:released:list")
class Released(Composite):
    """Not taken, and not looked at."""


@composite(0x27, "amqp:modified:list")
class Modified(Composite):
    """Not taken: tried again in the manner that is told."""

    delivery_failed: Bool | None = None
    undeliverable_here: Bool | None = None
    message_annotations: Fields | None = None


@composite(0x33, "amqp:declared:list")
class Declared(Composite):
    """A transaction has begun (part 4, section 4.5.7)."""

    txn_id: Bin


@composite(0x34, "amqp:transactional-state:list")
class TransactionalState(Composite):
    """Part of a transaction (part 4, section 4.5.8)."""

    txn_id: Bin
    outcome: Nested = None


@composite(0x31, "amqp:declare:list")
class Declare(Composite):
    """Begin a transaction (part 4, section 4.5.2)."""

    global_id: Anything = None


@composite(0x32, "amqp:discharge:list")
class Discharge(Composite):
    """End a transaction, all of it or nothing (part 4, section 4.5.3)."""

    txn_id: Bin
    fail: Bool | None = None


@composite(0x70, "amqp:header:list")
class Header(Composite):
    """How a message is to be carried (part 3, section 3.2.1)."""

    durable: Bool = False
    priority: U8 = 4
    ttl: U32 | None = None
    first_acquirer: Bool = False
    delivery_count: U32 = 0


@composite(0x73, "amqp:properties:list")
class Properties(Composite):
    """What a message says of itself (part 3, section 3.2.4)."""

    message_id: MessageId = None
    user_id: Bin | None = None
    to: Anything = None
    subject: Str | None = None
    reply_to: Anything = None
    correlation_id: MessageId = None
    content_type: Sym | None = None
    content_encoding: Sym | None = None
    absolute_expiry_time: Time | None = None
    creation_time: Time | None = None
    group_id: Str | None = None
    group_sequence: U32 | None = None
    reply_to_group_id: Str | None = None


Outcome = Accepted | Rejected | Released | Modified
DeliveryState = Any
"""An outcome, Received, Declared, TransactionalState, or described by somebody else; None says nothing."""
ACCEPTED: Final = Accepted()
RELEASED: Final = Released()
ACCEPTED_NAME: Final = "amqp:accepted:list"
REJECTED_NAME: Final = "amqp:rejected:list"
RELEASED_NAME: Final = "amqp:released:list"
MODIFIED_NAME: Final = "amqp:modified:list"
OUTCOME_NAMES: Final = (ACCEPTED_NAME, REJECTED_NAME, RELEASED_NAME, MODIFIED_NAME)
