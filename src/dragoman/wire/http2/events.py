"""What a connection tells its owner. Hot: two or three are made per request."""

from typing import Final

from dragoman.wire.http2.heads import Head
from dragoman.wire.http2.streams import Http2Stream

BEGUN: Final = 0  # a request's head: `head`
CONTENT: Final = 1  # some of it: `data`
TRAILERS: Final = 2  # they end it; nobody reads them
RESET: Final = 3  # the stream is gone: `code`
ROOM: Final = 4  # more may be sent on the stream; without a stream, on all
PINGED: Final = 5  # answered already
PONGED: Final = 6  # ours was answered


class Event:
    """What came. `ended`: the peer sends no more on this stream."""

    __slots__ = ("code", "data", "ended", "head", "kind", "stream")

    def __init__(self, kind: int, stream: Http2Stream | None) -> None:
        self.kind = kind
        self.stream = stream
        self.head: Head | None = None
        self.data = b""
        self.ended = False
        self.code = 0


class Failure:
    """Why nothing more is read."""

    __slots__ = ("code", "text")

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
