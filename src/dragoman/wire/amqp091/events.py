"""What the parser tells the layer above. HOT: compiled; one object per run, not per message.

Runs gather what a client sent back to back, so that it becomes one command:

    publish k1, publish k1, publish k1, ack 1, ack 2, ack 3, publish k2
    `---------- PublishRun ---------'  `--- AckRun -----'  `PublishRun'

The events of one `receive` stand in the order of the wire.
"""

from dragoman.wire.amqp091.errors import AmqpError


class PublishRun:
    """basic.publish, once or more: same channel, same raw exchange and routing key, same bits.

    `key_raw` is the method's bytes from the exchange's length octet through the routing key,
    unchecked for UTF-8: good as a cache key and as the start of a stored entry. `headers[i]` is the
    payload of message i's header frame (class, weight, body size, flags, properties), `bodies[i]`
    its whole body.
    """

    __slots__ = ("bodies", "channel", "headers", "immediate", "key_raw", "mandatory")

    def __init__(self, channel: int, key_raw: bytes, mandatory: bool, immediate: bool) -> None:
        self.channel: int = channel
        self.key_raw: bytes = key_raw
        self.mandatory: bool = mandatory
        self.immediate: bool = immediate
        self.headers: list[bytes] = []  # as long as bodies, never empty once handed out
        self.bodies: list[bytes] = []


class AckRun:
    """basic.ack, once or more, on one channel, as (first tag, last tag, multiple) in wire order.

    Single acks of ascending neighbours are one span; a multiple ack stands alone with first = last
    (0 means all, AMQP 0-9-1 section 1.8.3.13).
    """

    __slots__ = ("channel", "spans")

    def __init__(self, channel: int) -> None:
        self.channel: int = channel
        self.spans: list[tuple[int, int, bool]] = []


class MethodEvent:
    """A method without content, decoded to one of `methods`."""

    __slots__ = ("channel", "method")

    def __init__(self, channel: int, method: tuple[object, ...]) -> None:
        self.channel: int = channel
        self.method: tuple[object, ...] = method


class Content:
    """A method with content other than publish: return, deliver, get-ok. What a client receives."""

    __slots__ = ("body", "channel", "header", "method")

    def __init__(
        self, channel: int, method: tuple[object, ...], header: bytes, body: bytes
    ) -> None:
        self.channel: int = channel
        self.method: tuple[object, ...] = method
        self.header: bytes = header
        self.body: bytes = body


class Heartbeat:
    """A heartbeat frame. Any other frame is a sign of life too."""

    __slots__ = ()


class HeaderAccepted:
    """The peer opened with `AMQP 0 0 9 1`: answer with connection.start."""

    __slots__ = ()


class HeaderRefused:
    """The peer speaks another protocol; our own header has been queued: send it and close."""

    __slots__ = ()


# An AmqpError among the events is what to close the channel or connection with; after a connection
# error no more events come.
Event = (
    PublishRun
    | AckRun
    | MethodEvent
    | Content
    | Heartbeat
    | HeaderAccepted
    | HeaderRefused
    | AmqpError
)
