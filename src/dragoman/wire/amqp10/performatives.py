"""The nine performatives and the five frames of SASL (part 2, section 2.7; part 5, section 5.3.3).

`Transfer`, `Flow` and `Disposition` have a faster way in and out, too: `transfers`.
"""

from typing import Any, Final

from dragoman.wire.amqp10.composites import (
    U8,
    U16,
    U32,
    U64,
    Bin,
    Bool,
    Composite,
    Fields,
    Map,
    Nested,
    Str,
    Sym,
    Syms,
    composite,
)

RECEIVER: Final = True
SENDER: Final = False

# How a sender settles: before it is asked, after, or as it likes (section 2.8.2).
SND_UNSETTLED: Final = 0
SND_SETTLED: Final = 1
SND_MIXED: Final = 2
# Who settles first (section 2.8.3).
RCV_FIRST: Final = 0
RCV_SECOND: Final = 1

MAX_FRAME_SIZE_MIN: Final = 512
UNLIMITED_U32: Final = 0xFFFF_FFFF
UNLIMITED_U16: Final = 0xFFFF
SEQUENCE_MASK: Final = 0xFFFF_FFFF  # sequence numbers wrap (RFC 1982)


@composite(0x10, "amqp:open:list")
class Open(Composite):
    """Who a peer is, and what it can take (section 2.7.1)."""

    container_id: Str
    hostname: Str | None = None
    max_frame_size: U32 = UNLIMITED_U32
    channel_max: U16 = UNLIMITED_U16
    idle_time_out: U32 | None = None
    outgoing_locales: Syms | None = None
    incoming_locales: Syms | None = None
    offered_capabilities: Syms | None = None
    desired_capabilities: Syms | None = None
    properties: Fields | None = None


@composite(0x11, "amqp:begin:list")
class Begin(Composite, kw_only=True):
    """Begin a session on a channel (section 2.7.2)."""

    remote_channel: U16 | None = None
    next_outgoing_id: U32
    incoming_window: U32
    outgoing_window: U32
    handle_max: U32 = UNLIMITED_U32
    offered_capabilities: Syms | None = None
    desired_capabilities: Syms | None = None
    properties: Fields | None = None


@composite(0x12, "amqp:attach:list")
class Attach(Composite):
    """Attach a link to a session (section 2.7.3)."""

    name: Str
    handle: U32
    role: Bool
    snd_settle_mode: U8 = SND_MIXED
    rcv_settle_mode: U8 = RCV_FIRST
    source: Nested = None
    target: Nested = None
    unsettled: Map | None = None
    incomplete_unsettled: Bool = False
    initial_delivery_count: U32 | None = None
    max_message_size: U64 | None = None
    offered_capabilities: Syms | None = None
    desired_capabilities: Syms | None = None
    properties: Fields | None = None


@composite(0x13, "amqp:flow:list")
class Flow(Composite, kw_only=True):
    """How much may be sent, of the session and of one link (section 2.7.4)."""

    next_incoming_id: U32 | None = None
    incoming_window: U32
    next_outgoing_id: U32
    outgoing_window: U32
    handle: U32 | None = None
    delivery_count: U32 | None = None
    link_credit: U32 | None = None
    available: U32 | None = None
    drain: Bool = False
    echo: Bool = False
    properties: Fields | None = None


@composite(0x14, "amqp:transfer:list")
class Transfer(Composite):
    """A message, or a part of one (section 2.7.5)."""

    handle: U32
    delivery_id: U32 | None = None
    delivery_tag: Bin | None = None
    message_format: U32 | None = None
    settled: Bool | None = None
    more: Bool = False
    rcv_settle_mode: U8 | None = None
    state: Nested = None
    resume: Bool = False
    aborted: Bool = False
    batchable: Bool = False


@composite(0x15, "amqp:disposition:list")
class Disposition(Composite):
    """What became of deliveries first to last (section 2.7.6)."""

    role: Bool
    first: U32
    last: U32 | None = None
    settled: Bool = False
    state: Nested = None
    batchable: Bool = False


@composite(0x16, "amqp:detach:list")
class Detach(Composite):
    """Take a link off, for good when it is closed (section 2.7.7)."""

    handle: U32
    closed: Bool = False
    error: Nested = None


@composite(0x17, "amqp:end:list")
class End(Composite):
    """End the session (section 2.7.8)."""

    error: Nested = None


@composite(0x18, "amqp:close:list")
class Close(Composite):
    """End the connection (section 2.7.9)."""

    error: Nested = None


@composite(0x40, "amqp:sasl-mechanisms:list")
class SaslMechanisms(Composite):
    """What the server offers."""

    sasl_server_mechanisms: Syms


@composite(0x41, "amqp:sasl-init:list")
class SaslInit(Composite):
    """What the client has chosen."""

    mechanism: Sym
    initial_response: Bin | None = None
    hostname: Str | None = None


@composite(0x42, "amqp:sasl-challenge:list")
class SaslChallenge(Composite):
    """The server asks on."""

    challenge: Bin


@composite(0x43, "amqp:sasl-response:list")
class SaslResponse(Composite):
    """The client answers."""

    response: Bin


@composite(0x44, "amqp:sasl-outcome:list")
class SaslOutcome(Composite):
    """Whether the client is let in."""

    code: U8
    additional_data: Bin | None = None


SASL_OK: Final = 0
SASL_AUTH: Final = 1
SASL_SYS: Final = 2

Performative = Any
"""One of the nine."""
