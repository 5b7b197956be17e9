"""The one error of this codec, with the reply codes a peer understands.

A code says what went wrong and whether the channel or the whole connection dies of it (AMQP 0-9-1
section 1.2, with RabbitMQ's habits where the two differ). The text is what RabbitMQ's users match
on.
"""

from typing import Final

REPLY_TEXT_BYTES_MAX: Final = 255  # reply-text is a shortstr

CODE_NAMES: Final[dict[int, str]] = {
    311: "CONTENT_TOO_LARGE",
    312: "NO_ROUTE",
    313: "NO_CONSUMERS",
    320: "CONNECTION_FORCED",
    402: "INVALID_PATH",
    403: "ACCESS_REFUSED",
    404: "NOT_FOUND",
    405: "RESOURCE_LOCKED",
    406: "PRECONDITION_FAILED",
    501: "FRAME_ERROR",
    502: "SYNTAX_ERROR",
    503: "COMMAND_INVALID",
    504: "CHANNEL_ERROR",
    505: "UNEXPECTED_FRAME",
    506: "RESOURCE_ERROR",
    530: "NOT_ALLOWED",
    540: "NOT_IMPLEMENTED",
    541: "INTERNAL_ERROR",
}

FRAME_ERROR: Final = 501
SYNTAX_ERROR: Final = 502
COMMAND_INVALID: Final = 503
CHANNEL_ERROR: Final = 504
UNEXPECTED_FRAME: Final = 505
RESOURCE_ERROR: Final = 506
NOT_ALLOWED: Final = 530
PRECONDITION_FAILED: Final = 406


class AmqpError(Exception):
    """A refusal in the protocol's own words; also an event, so that what came before it is kept.

    `class_id` and `method_id` name the culprit, 0 when no method is to blame. `channel` is where a
    channel error closes; a connection error closes everything and says 0.
    """

    def __init__(
        self,
        code: int,
        text: str,
        class_id: int = 0,
        method_id: int = 0,
        *,
        is_connection_error: bool = True,
        channel: int = 0,
    ) -> None:
        assert code in CODE_NAMES
        assert is_connection_error or channel > 0
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.class_id = class_id
        self.method_id = method_id
        self.is_connection_error = is_connection_error
        self.channel = channel

    @property
    def reply_text(self) -> str:
        """`NAME - text`, cut so that it fits a shortstr."""
        whole = f"{CODE_NAMES[self.code]} - {self.text}".encode()
        return whole[:REPLY_TEXT_BYTES_MAX].decode(errors="ignore")

    def __str__(self) -> str:
        return f"{self.code} {CODE_NAMES[self.code]} - {self.text}"


def frame_error(text: str, class_id: int = 0, method_id: int = 0) -> AmqpError:
    """501: the bytes do not make a frame, or a frame's bytes do not make a method."""
    return AmqpError(FRAME_ERROR, text, class_id, method_id)


def cannot_decode(payload: bytes, class_id: int, method_id: int) -> AmqpError:
    """501: a method's arguments, behind its four octets of ids, are not what they should be."""
    octets = ",".join(map(str, payload[4 : 4 + REPLY_TEXT_BYTES_MAX]))
    return frame_error(f"cannot decode <<{octets}>>", class_id, method_id)


SNIPPET_BYTES: Final = 16
_PRINTED: Final = frozenset(b"\t\n\r" + bytes(range(32, 127)))


def snippet(payload: bytes) -> str:
    """The first bytes of a frame, as RabbitMQ shows them: Erlang's spelling of a binary."""
    named = "all" if len(payload) <= SNIPPET_BYTES else f"first {SNIPPET_BYTES}"
    shown = payload[:SNIPPET_BYTES]
    if shown and _PRINTED.issuperset(shown):
        text = shown.decode().replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        return f'{named} octets = <<"{text}">>'
    return f"{named} octets = <<{','.join(map(str, shown))}>>"


def syntax_error(text: str) -> AmqpError:
    """502: a field holds a value that its type does not allow."""
    return AmqpError(SYNTAX_ERROR, text)


def unexpected_frame(text: str, class_id: int = 0, method_id: int = 0) -> AmqpError:
    """505: a good frame at the wrong moment."""
    return AmqpError(UNEXPECTED_FRAME, text, class_id, method_id)
