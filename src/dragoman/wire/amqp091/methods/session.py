"""Connection and channel methods (classes 10, 20, 30): who speaks, in what frames, until when.

Each class lists its arguments in wire order, with the type that spells them; every argument has a
default. Reserved arguments are kept so that any method encodes back to the bytes it came from.
"""

from typing import Final, NamedTuple

from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE
from dragoman.wire.amqp091.methods.kinds import Bit, Long, LongStr, Octet, Short, ShortStr, Table


class ConnectionStart(NamedTuple):
    """Server's greeting: what it is and how one may log in."""

    version_major: Octet = 0
    version_minor: Octet = 9
    server_properties: Table = EMPTY_TABLE
    mechanisms: LongStr = b""
    locales: LongStr = b"en_US"


class ConnectionStartOk(NamedTuple):
    """Client's choice of mechanism, with its first response."""

    client_properties: Table = EMPTY_TABLE
    mechanism: ShortStr = ""
    response: LongStr = b""
    locale: ShortStr = "en_US"


class ConnectionSecure(NamedTuple):
    """A further challenge of the login mechanism."""

    challenge: LongStr = b""


class ConnectionSecureOk(NamedTuple):
    """The response to a challenge."""

    response: LongStr = b""


class ConnectionTune(NamedTuple):
    """Server's limits; 0 means none; heartbeat in seconds."""

    channel_max: Short = 0
    frame_max: Long = 0
    heartbeat: Short = 0


class ConnectionTuneOk(NamedTuple):
    """Client's limits, never above the server's."""

    channel_max: Short = 0
    frame_max: Long = 0
    heartbeat: Short = 0


class ConnectionOpen(NamedTuple):
    """Choose a virtual host."""

    virtual_host: ShortStr = "/"
    reserved_1: ShortStr = ""
    reserved_2: Bit = False


class ConnectionOpenOk(NamedTuple):
    """The virtual host is open."""

    reserved_1: ShortStr = ""


class ConnectionClose(NamedTuple):
    """End of the connection, and what caused it."""

    reply_code: Short = 200
    reply_text: ShortStr = ""
    class_id: Short = 0
    method_id: Short = 0


class ConnectionCloseOk(NamedTuple):
    """The last frame of a connection."""


class ConnectionBlocked(NamedTuple):
    """RabbitMQ: publishes are held back until unblocked."""

    reason: ShortStr = ""


class ConnectionUnblocked(NamedTuple):
    """RabbitMQ: publishes flow again."""


class ConnectionUpdateSecret(NamedTuple):
    """RabbitMQ: a fresh secret for the same login."""

    new_secret: LongStr = b""
    reason: ShortStr = ""


class ConnectionUpdateSecretOk(NamedTuple):
    """RabbitMQ: the fresh secret is in force."""


class ChannelOpen(NamedTuple):
    """Open the channel that carries this frame."""

    reserved_1: ShortStr = ""


class ChannelOpenOk(NamedTuple):
    """The channel is open."""

    reserved_1: LongStr = b""


class ChannelFlow(NamedTuple):
    """Ask the peer to stop or go on sending content."""

    active: Bit = False


class ChannelFlowOk(NamedTuple):
    """The flow is as asked."""

    active: Bit = False


class ChannelClose(NamedTuple):
    """End of the channel, and what caused it."""

    reply_code: Short = 200
    reply_text: ShortStr = ""
    class_id: Short = 0
    method_id: Short = 0


class ChannelCloseOk(NamedTuple):
    """The last frame of a channel."""


class AccessRequest(NamedTuple):
    """AMQP 0-8's access ticket: still answered, never used."""

    realm: ShortStr = ""
    exclusive: Bit = False
    passive: Bit = True
    active: Bit = True
    write: Bit = True
    read: Bit = True


class AccessRequestOk(NamedTuple):
    """A ticket that means nothing."""

    ticket: Short = 1


SESSION_METHODS: Final[dict[tuple[int, int], type[tuple[object, ...]]]] = {
    (10, 10): ConnectionStart,
    (10, 11): ConnectionStartOk,
    (10, 20): ConnectionSecure,
    (10, 21): ConnectionSecureOk,
    (10, 30): ConnectionTune,
    (10, 31): ConnectionTuneOk,
    (10, 40): ConnectionOpen,
    (10, 41): ConnectionOpenOk,
    (10, 50): ConnectionClose,
    (10, 51): ConnectionCloseOk,
    (10, 60): ConnectionBlocked,
    (10, 61): ConnectionUnblocked,
    (10, 70): ConnectionUpdateSecret,
    (10, 71): ConnectionUpdateSecretOk,
    (20, 10): ChannelOpen,
    (20, 11): ChannelOpenOk,
    (20, 20): ChannelFlow,
    (20, 21): ChannelFlowOk,
    (20, 40): ChannelClose,
    (20, 41): ChannelCloseOk,
    (30, 10): AccessRequest,
    (30, 11): AccessRequestOk,
}
