"""Frames out of what a socket gave, and the heads of requests. Hot: compiled.

    frame      length i32 | header | body
    header 0   api key i16 | api version i16 | correlation id i32
    header 1   header 0 | client id nullable string
    header 2   header 1 | tagged fields; the client id keeps its 16-bit length

A frame is given as (buffer, start, end) behind its length. Frames that came whole share the buffer
they came in, so nothing is copied; one that came in pieces is joined once, when its last piece is
there. Nothing is allocated for a length that was only declared.
"""

from struct import Struct
from typing import Final

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.primitives import skip_tagged_fields
from dragoman.wire.kafka.schema import APIS, NEVER

FRAME_BYTES_MAX: Final = 100 * 1024 * 1024  # Kafka's own socket.request.max.bytes
# Everything but Produce becomes dicts, some twenty times its bytes: no such request is that long.
REQUEST_BYTES_MAX: Final = 8 * 1024 * 1024
PIECE_BYTES_MIN: Final = 4096  # smaller pieces are joined at once, or each byte would be an object
HEADER_BYTES_MIN: Final = 8
PRODUCE: Final = 0

_LENGTH: Final = Struct(">i").unpack_from
_HEADER: Final = Struct(">hhih").unpack_from
_HEADER_0: Final = Struct(">hhi").unpack_from
_FLEXIBLE_FROM: Final[dict[int, int]] = {api.key: api.flexible_from for api in APIS.values()}

Frame = tuple[bytes, int, int]


class FrameBuffer:
    """Splits what is received into frames.

    When a length is out of bounds, `failure` says so: the frames before it were given, no more
    will come, and the connection is to be closed once they are answered.
    """

    __slots__ = ("_head", "_missing", "_pieces", "failure", "frame_bytes_max")

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        # May be changed between reads: small before authentication, large after.
        self.frame_bytes_max: int = frame_bytes_max
        self.failure: str = ""
        self._head: bytes = b""  # 0 to 3 bytes of a length
        self._pieces: list[bytes] = []  # of the frame under way
        self._missing: int = 0  # bytes that it lacks; 0 when none is under way

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: a connection closed now lost nothing."""
        return not self._head and not self._missing

    def receive(self, data: bytes) -> list[Frame]:
        """Take what was read. Return the frames that it completed, in order."""
        frames: list[Frame] = []
        if self.failure:
            return frames
        pos: int = 0
        if self._missing:
            pos = min(self._missing, len(data))
            self._take_piece(data, frames)
        elif self._head:
            data = self._head + data
            self._head = b""
        self._split(data, pos, frames)
        return frames

    def _take_piece(self, data: bytes, frames: list[Frame]) -> None:
        pieces = self._pieces
        if len(data) < self._missing:
            self._missing -= len(data)
            if len(data) < PIECE_BYTES_MIN and len(pieces[-1]) < PIECE_BYTES_MIN:
                pieces[-1] += data
            else:
                pieces.append(data)
            return
        pieces.append(data[: self._missing])
        whole = b"".join(pieces)
        self._pieces = []
        self._missing = 0
        frames.append((whole, 0, len(whole)))

    def _split(self, data: bytes, pos: int, frames: list[Frame]) -> None:
        end: int = len(data)
        while end - pos >= 4:
            size: int = _LENGTH(data, pos)[0]
            if size < 0 or size > self.frame_bytes_max:
                self.failure = f"a frame of {size} bytes; 0 to {self.frame_bytes_max} are taken"
                return
            pos += 4
            if size > end - pos:
                self._pieces = [data[pos:]]
                self._missing = size - (end - pos)
                return
            frames.append((data, pos, pos + size))
            pos += size
        if pos < end:
            self._head = data[pos:]


class RequestHeader:
    """The head of a request; `body` is where its body starts."""

    __slots__ = ("api_key", "api_version", "body", "client_id", "correlation_id")

    def __init__(
        self, api_key: int, api_version: int, correlation_id: int, client_id: str | None, body: int
    ) -> None:
        self.api_key: int = api_key
        self.api_version: int = api_version
        self.correlation_id: int = correlation_id
        self.client_id: str | None = client_id
        self.body: int = body


def read_request_header(buf: bytes, pos: int, end: int) -> RequestHeader:
    """Read the head of the request in `buf[pos:end]`.

    An API or version that the table lacks is no error here: the head is then read as version 1 (or
    2, above the first flexible version), so that the door can answer UNSUPPORTED_VERSION.

    Raises:
        KafkaCodecError: the head is malformed, or the request too long for its API.
    """
    if end - pos < HEADER_BYTES_MIN + 2:
        raise KafkaCodecError("a request shorter than its header")
    values: tuple[int, int, int, int] = _HEADER(buf, pos)
    api_key, api_version, correlation_id, size = values
    if end - pos > REQUEST_BYTES_MAX and api_key != PRODUCE:
        raise KafkaCodecError(f"a request of {end - pos} bytes to API {api_key}")
    pos += 10
    client_id: str | None = None
    if size >= 0:
        if size > end - pos:
            raise KafkaCodecError("a client id longer than its request")
        client_id = _text(buf[pos : pos + size])
        pos += size
    elif size != -1:
        raise KafkaCodecError("a client id of negative length")
    if api_version >= _FLEXIBLE_FROM.get(api_key, NEVER):
        pos = _behind_tags(buf, pos, end)
    return RequestHeader(api_key, api_version, correlation_id, client_id, pos)


def read_request_header_0(buf: bytes, pos: int, end: int) -> RequestHeader:
    """Read a head of version 0, which ends before the client id (ControlledShutdown v0 only)."""
    if end - pos < HEADER_BYTES_MIN:
        raise KafkaCodecError("a request shorter than its header")
    values: tuple[int, int, int] = _HEADER_0(buf, pos)
    return RequestHeader(values[0], values[1], values[2], None, pos + HEADER_BYTES_MIN)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise KafkaCodecError("a client id that is not UTF-8") from error


def _behind_tags(buf: bytes, pos: int, end: int) -> int:
    try:
        first: int = buf[pos]
        pos += 1
        if first:
            pos = skip_tagged_fields(buf, pos, first)
    except IndexError as error:
        raise KafkaCodecError("a request shorter than its header") from error
    if pos > end:
        raise KafkaCodecError("a request shorter than its header")
    return pos


def write_request_header(
    api_key: int, api_version: int, correlation_id: int, client_id: str | None
) -> bytes:
    """Write a request's head as a client does, for tests and benchmarks."""
    raw = b"" if client_id is None else client_id.encode()
    size = -1 if client_id is None else len(raw)
    head = Struct(">hhih").pack(api_key, api_version, correlation_id, size) + raw
    return head + b"\0" if api_version >= _FLEXIBLE_FROM.get(api_key, NEVER) else head
