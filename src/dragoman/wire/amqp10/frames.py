"""Framing (part 2, section 2.3).

| size 4 | data offset 1, in words | type 1 | channel 2 | extended header | performative | payload |

"AMQP" id 1 0 0      id: 0 AMQP, 2 TLS (which a listener finds by itself), 3 SASL
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp10.composites import Composite, to_bytes

AMQP_HEADER: Final = b"AMQP\x00\x01\x00\x00"
TLS_HEADER: Final = b"AMQP\x02\x01\x00\x00"
SASL_HEADER: Final = b"AMQP\x03\x01\x00\x00"
HEADER_BYTES: Final = 8
FRAME_HEADER_BYTES: Final = 8
FRAME_AMQP: Final = 0
FRAME_SASL: Final = 1
SASL_FRAME_BYTES_MAX: Final = (
    8_192  # 512 by the letter (part 5, section 5.3.1); tokens as passwords are longer
)
EMPTY_FRAME: Final = b"\x00\x00\x00\x08\x02\x00\x00\x00"
"""A sign of life (section 2.4.5)."""

pack_frame: Final = Struct(">IBBH").pack


def frame(channel: int, performative: Composite, payload: bytes = b"") -> bytes:
    """One frame of AMQP. Raises NotEncodable."""
    body = to_bytes(performative)
    size = FRAME_HEADER_BYTES + len(body) + len(payload)
    return pack_frame(size, 2, FRAME_AMQP, channel) + body + payload


def sasl_frame(performative: Composite) -> bytes:
    """One frame of SASL. Raises NotEncodable."""
    body = to_bytes(performative)
    return pack_frame(FRAME_HEADER_BYTES + len(body), 2, FRAME_SASL, 0) + body
