"""The client's half of a connection: bytes in, one answer out, cut short where it grows too long. Hot.

    begin(method) -> receive(data)... -> is_whole       status, headers, body as far as it is kept
                          |         '--> failure        no HTTP, or too much of a head; nothing more is read
                          '-- lost() where the connection's end is the body's end (RFC 9112, section 6.3)

llhttp parses, in its strict mode. Interim answers (1xx) are passed over, but for a change of protocol, which nobody
here asks for. A body is kept up to its limit; one that is longer makes the answer whole all the same, but the
connection is of no more use then, as after a failure.
"""

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

HEAD_BYTES_MAX: Final = 64 * 1024  # status line and headers of all answers to one request, about
HEADERS_MAX: Final = 128
_SEPARATORS: Final = 4  # colon, space and line end of a header
_LINE_BYTES: Final = 16  # of a status line without its text


class _TooMuch(Exception):
    """Unwinds the parser; the failure is noted already."""


class AnswerParser:
    """See the module. `keeps` says, once an answer is whole, whether the next request may go the same way."""

    __slots__ = (
        "_body_bytes_max",
        "_head_bytes",
        "_is_framed",
        "_is_head",
        "_parser",
        "body",
        "failure",
        "headers",
        "is_whole",
        "keeps",
        "received",
        "status",
    )

    def __init__(self, body_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max
        self._parser: HttpResponseParser | None = (
            None  # made for the first bytes: many targets send none
        )
        self.begin("GET")

    def begin(self, method: str) -> None:
        """A request has been sent."""
        self._is_head = method == "HEAD"
        self._head_bytes = 0
        self._is_framed = False  # its end is told by the answer itself
        self.status = 0
        self.headers: list[tuple[str, str]] = []  # names in lower case
        self.body = b""
        self.failure = ""
        self.is_whole = False
        self.keeps = False
        self.received = False  # anything at all

    def receive(self, data: bytes) -> None:
        """Bytes of the answer; nothing that comes behind its end is read."""
        self.received = True
        if self._parser is None:
            self._parser = HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.failure = "it changes to another protocol"
        except HttpParserError as error:
            if not (self.is_whole or self.failure):
                self.failure = f"no HTTP: {error}"
            self.keeps = False

    def lost(self) -> None:
        """The connection has ended."""
        if not self.is_whole and self.status and not self._is_framed and not self.failure:
            self.is_whole = True
        self.keeps = False

    # --- what the parser says ---

    def on_message_begin(self) -> None:
        if self.is_whole:  # an answer to nothing
            self.keeps = False
            raise _TooMuch
        self._count(_LINE_BYTES)
        self.headers = []

    def on_status(self, text: bytes) -> None:
        self._count(len(text))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + _SEPARATORS)
        if len(self.headers) >= HEADERS_MAX:
            self._refuse("more headers than are read")
        folded = name.decode("latin-1").lower()
        if folded in ("content-length", "transfer-encoding"):
            self._is_framed = True
        self.headers.append((folded, value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self._is_framed = False
            return
        self.status = status
        if self._is_head:
            self._end(keeps=False)  # the parser waits for a body that does not come

    def on_body(self, data: bytes) -> None:
        if self.is_whole:
            return
        room = self._body_bytes_max - len(self.body)
        self.body += data[:room]
        if len(data) > room:
            self._end(keeps=False)

    def on_message_complete(self) -> None:
        assert self._parser is not None
        if self.status and not self.is_whole:
            self._end(keeps=self._parser.should_keep_alive())

    def _end(self, *, keeps: bool) -> None:
        self.is_whole = True
        self.keeps = keeps

    def _count(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse("a longer head than is read")

    def _refuse(self, text: str) -> None:
        self.failure = self.failure or text
        raise _TooMuch
