"""Which protocol a client speaks, from its first bytes.

    "AMQP" 0 0 9 1        AMQP 0-9-1          "AMQP" 0|2|3 1 0 0    AMQP 1.0
    0x16                  TLS, then look again inside
    "PRI "                HTTP/2              "GET ", "POST" ...    HTTP/1.1
    otherwise             a Kafka length prefix, if it is at most the frame limit

Any port answers any protocol; the usual ports are only the habits of clients.
"""

from typing import Final, Literal

Protocol = Literal["amqp", "amqp10", "kafka", "http", "http2", "tls", "unknown"]

SNIFF_BYTES: Final = 8
KAFKA_FRAME_BYTES_MAX: Final = 100 * 1024 * 1024
_TLS_HANDSHAKE: Final = 0x16
_VERBS: Final = (b"GET ", b"POST", b"PUT ", b"DELE", b"HEAD", b"OPTI", b"PATC", b"TRAC", b"CONN")
_KAFKA_LENGTH_BYTES: Final = 4
_KAFKA_KEY_MAX: Final = 0x0100  # api keys are small: the two bytes behind the length are below this


def protocol_of(head: bytes) -> Protocol | None:
    """The protocol that begins with `head`; None while more bytes are needed (SNIFF_BYTES always suffice)."""
    if not head:
        return None
    if head[0] == _TLS_HANDSHAKE:
        return "tls"
    if len(head) < _KAFKA_LENGTH_BYTES:
        return None
    start = head[:4]
    if start == b"AMQP":
        if len(head) < SNIFF_BYTES:
            return None
        return "amqp10" if head[5:8] == b"\x01\x00\x00" and head[4] in {0, 2, 3} else "amqp"
    if start == b"PRI ":
        return "http2"
    if start in _VERBS:
        return "http"
    return _kafka(head)


def _kafka(head: bytes) -> Protocol | None:
    if int.from_bytes(head[:4], "big") > KAFKA_FRAME_BYTES_MAX:
        return "unknown"
    if len(head) < SNIFF_BYTES:
        return None
    return "kafka" if int.from_bytes(head[4:6], "big") < _KAFKA_KEY_MAX else "unknown"
