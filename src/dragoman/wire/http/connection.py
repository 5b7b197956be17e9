"""One server connection: bytes in, whole requests out, in the order in which they came. Hot.

    receive(data) -> requests            `wants_continue`  the sender of the next one waits to be told to go on
         |                               `stage`           where in a request the bytes end, for deadlines
         v
      failure                            once set, nothing more is read: answer it, then close

llhttp parses, in its strict mode: it refuses what two readers could read differently (content-length with
transfer-encoding, two lengths, folded headers, bare line feeds, spaces before colons, control characters: RFC 9112,
sections 5, 6.3 and 11.2). What it lets pass and we do not: versions other than 1.0 and 1.1, a transfer coding besides
chunked, chunks in HTTP/1.0, none or two Host headers, heads and bodies beyond the limits.

Bounds hold before memory is taken, up to one read: a body's length is judged when the head is complete, a head and the
framing of chunks as they come.
"""

from collections.abc import Callable
from typing import Final

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from dragoman.wire.http.request import RawHeader, Request

IDLE: Final = 0  # between requests
HEAD: Final = 1
BODY: Final = 2

TARGET_BYTES_MAX: Final = 16 * 1024  # SQS and Event Grid sign URLs; browsers stop at about this
HEAD_BYTES_MAX: Final = 64 * 1024  # of all headers; AWS tokens alone take several KiB
HEADERS_MAX: Final = 128
FRAMING_FACTOR_MAX: Final = 16  # bytes of chunk framing per byte of content: one-byte chunks take 5
FRAMING_BYTES_MIN: Final = 16 * 1024

_HOST: Final = b"host"
_LENGTH: Final = b"content-length"
_CODING: Final = b"transfer-encoding"
_EXPECT: Final = b"expect"
_UPGRADE: Final = b"upgrade"
_SPECIAL: Final = frozenset((_HOST, _LENGTH, _CODING, _EXPECT, _UPGRADE))


class Failure:
    """Why nothing more is read: the answer's status, and what was wrong in a few words.

    `unread_bytes` of a body are still to come, as far as the head told; -1 unknown.
    """

    __slots__ = ("status", "text", "unread_bytes")

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        self.unread_bytes = 0


class _Refused(Exception):
    """Unwinds the parser; the failure is noted already."""


class HttpConnection:
    """See the module.

    body_bytes_max  asked once per request, when its head is complete: how large its body may be. It may leave what it
                    found out in `request.note`
    takes_over      asked for a request without a body that asks for an upgrade: True ends the parsing of HTTP, and
                    `rest` holds what came behind. None ignores that it was asked (RFC 9110, section 7.8)
    """

    __slots__ = (
        "_body",
        "_body_bytes",
        "_body_bytes_max",
        "_coding",
        "_expects",
        "_fed_bytes",
        "_feeding_bytes",
        "_headers",
        "_hosts",
        "_is_cut",
        "_is_over",
        "_length",
        "_parser",
        "_request",
        "_target",
        "_upgrade",
        "_whole",
        "body_bytes_max",
        "failure",
        "is_upgraded",
        "rest",
        "stage",
        "takes_over",
        "wants_continue",
    )

    def __init__(self, body_bytes_max: Callable[[Request], int]) -> None:
        self.body_bytes_max = body_bytes_max
        self.takes_over: Callable[[Request], bool] | None = None
        self.failure: Failure | None = None
        self.wants_continue = False
        self.is_upgraded = False
        self.rest = b""
        self.stage = IDLE
        self._is_over = False  # its sender has said that no request follows
        self._whole: list[Request] = []
        self._body: list[bytes] = []
        self._feeding_bytes = (
            0  # the most that can be of the head that comes in: all reads with a part of it
        )
        self._parser = self._new_parser()
        self._begin()

    def _new_parser(self, callbacks: object = None) -> HttpRequestParser:
        parser = HttpRequestParser(callbacks or self)
        parser.set_dangerous_leniencies(lenient_version=True)  # any digits: we answer 505
        return parser

    def _begin(self) -> None:
        """Nothing of the next request is here yet."""
        self.stage = IDLE
        self._request: Request | None = None
        self._target = b""
        self._headers: list[RawHeader] = []
        self._fed_bytes = 0  # in this stage, by reads that began in it
        self._hosts = 0
        self._length = -1
        self._coding = b""
        self._expects = b""
        self._upgrade = b""
        self._is_cut = False  # the parser stopped between its head and its body
        self._body_bytes = 0
        self._body_bytes_max = 0

    def body_received_bytes(self) -> int:
        """Of the body that is coming in."""
        return self._body_bytes

    # --- bytes in ---

    def receive(self, data: bytes) -> list[Request]:
        """Requests that are whole now. After a failure, and after an upgrade, bytes are kept or dropped unread."""
        if self.failure is not None:
            return []
        if self.is_upgraded:
            self.rest += data
            return []
        while data and not self._is_over:
            data = self._feed(data)
        if not self._whole:
            return []
        whole, self._whole = self._whole, []
        return whole

    def _feed(self, data: bytes) -> bytes:
        """Parse; what is left to be parsed anew."""
        stage = self.stage
        self._feeding_bytes = len(data) + (self._feeding_bytes if stage == HEAD else 0)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as pause:
            return self._go_on(data[pause.args[0] :])
        except HttpParserError as error:
            self._fail_for(error)
        else:
            if self.stage == stage and not self._whole:
                self._fed_bytes += len(data)
                self._check_fed()
        return b""

    def _go_on(self, rest: bytes) -> bytes:
        """Behind the head of a request that asked for another protocol: the parser takes no body for it."""
        if self._is_cut:
            self._is_cut = False
            self._resume()
            return rest
        if self.takes_over is not None and self.takes_over(self._whole[-1]):
            self.is_upgraded = True
            self.rest = rest
            return b""
        self._parser = self._new_parser()
        return rest

    def _resume(self) -> None:
        """Have the body of such a request parsed: a new parser is told a head that asks for nothing else."""
        framing = (
            b"transfer-encoding: chunked" if self._coding else b"content-length: %d" % self._length
        )
        self._parser = self._new_parser(_Resumed(self))
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)

    def _fail_for(self, error: HttpParserError) -> None:
        """Bytes that are no request. What we refused ourselves is noted already."""
        if self.failure is not None or self._is_over:
            return
        if isinstance(error, HttpParserCallbackError) and error.__context__ is not None:
            raise error.__context__  # a fault of our own
        unknown = isinstance(error, HttpParserInvalidMethodError)
        self.fail(501 if unknown else 400, str(error))

    def fail(self, status: int, text: str) -> None:
        """Read nothing more."""
        self.failure = Failure(status, text)
        self.wants_continue = False
        self._body = []

    def _refuse(self, status: int, text: str) -> None:
        """Raises _Refused, which the parser lets through as an error of its own."""
        self.fail(status, text)
        raise _Refused

    def _check_fed(self) -> None:
        """A read that changed nothing but length: is it still within bounds?"""
        if self.stage == BODY:
            framing = self._fed_bytes - self._body_bytes
            if framing > FRAMING_BYTES_MIN + self._body_bytes * FRAMING_FACTOR_MAX:
                self.fail(400, "more framing than content")
        elif self._fed_bytes > HEAD_BYTES_MAX + TARGET_BYTES_MAX:
            self.fail(431, "the headers are too large")

    # --- called by the parser ---

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.stage = HEAD

    def on_url(self, part: bytes) -> None:
        """The target, in one part or several."""
        self._target = self._target + part if self._target else part
        if len(self._target) > TARGET_BYTES_MAX:
            self._refuse(414, f"the target is longer than {TARGET_BYTES_MAX} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; behind the body, a trailer, which goes to a list that nobody reads."""
        name = name.lower()
        value = value.rstrip(b" \t")
        self._headers.append((name, value))
        if name in _SPECIAL:
            self._note(name, value)

    def _note(self, name: bytes, value: bytes) -> None:
        if name == _HOST:
            self._hosts += 1
        elif name == _LENGTH:
            self._length = int(value)  # digits only, and one alone: llhttp has looked
        elif name == _CODING:
            self._coding = value.lower()
        elif name == _EXPECT:
            self._expects = value.lower()
        else:
            self._upgrade = value

    def on_headers_complete(self) -> None:
        """The head: judged before anything of the body is kept."""
        parser = self._parser
        version = parser.get_http_version()
        method = parser.get_method().decode()
        if version != "1.1":
            self._check_old(version)
        elif self._hosts != 1:
            self._refuse(400, "HTTP/1.1 needs one Host header")
        headers, self._headers = self._headers, []
        if len(headers) > HEADERS_MAX or self._feeding_bytes > HEAD_BYTES_MAX:
            self._check_head(headers)
        if self._coding and self._coding != b"chunked":
            self._refuse(501, "of the transfer codings only chunked is known")
        request = Request(method, self._path(method), headers, b"")
        request.is_old = version == "1.0"
        request.is_last = not parser.should_keep_alive()
        if self._upgrade and parser.should_upgrade():
            request.upgrade = self._upgrade
            self._is_cut = self._length > 0 or bool(self._coding)
        self._request = request
        self._body_bytes_max = self.body_bytes_max(request)
        self.stage = BODY
        self._fed_bytes = 0
        if self._length > self._body_bytes_max:
            self._too_large(self._length)
        if self._expects:
            self._expect(request)

    def _check_head(self, headers: list[RawHeader]) -> None:
        """Asked for only where as much was read that it may be too large."""
        size = sum(len(name) + len(value) for name, value in headers)
        if len(headers) > HEADERS_MAX or size > HEAD_BYTES_MAX:
            self._refuse(431, f"more than {HEADERS_MAX} headers or {HEAD_BYTES_MAX} bytes of them")

    def _check_old(self, version: str) -> None:
        if version != "1.0":
            self._refuse(505, f"HTTP/{version} is not spoken here")
        if self._coding:
            self._refuse(400, "HTTP/1.0 has no transfer codings")
        if self._hosts > 1:
            self._refuse(400, "more than one Host header")

    def _path(self, method: str) -> bytes:
        """The target in origin form (RFC 9112, section 3.2)."""
        target = self._target
        if target[:1] == b"/" or (target == b"*" and method == "OPTIONS"):
            return target
        if method == "CONNECT":
            self._refuse(501, "CONNECT is not served")
        scheme, found, rest = target.partition(b"://")
        if not found or scheme.lower() not in {b"http", b"https"}:
            self._refuse(400, "the target is neither a path nor a URL")
        at = min((rest.find(mark) for mark in (b"/", b"?") if mark in rest), default=-1)
        path = rest[at:] if at >= 0 else b""
        return path if path[:1] == b"/" else b"/" + path

    def _too_large(self, length: int) -> None:
        self.fail(413, f"the body is larger than {self._body_bytes_max} bytes")
        assert self.failure is not None
        self.failure.unread_bytes = length - self._body_bytes if length >= 0 else -1
        raise _Refused

    def _expect(self, request: Request) -> None:
        """RFC 9110, section 10.1.1; of HTTP/1.0 it is ignored."""
        if request.is_old:
            return
        if self._expects != b"100-continue":
            self._refuse(417, "the only expectation met is 100-continue")
        self.wants_continue = self._length > 0 or bool(self._coding)

    def on_body(self, part: bytes) -> None:
        """Some of the body."""
        self._body_bytes += len(part)
        if self._body_bytes > self._body_bytes_max:
            self._too_large(self._length)
        self._body.append(part)
        self.wants_continue = False

    def on_message_complete(self) -> None:
        """The request is whole."""
        request = self._request
        assert request is not None, "a body without a head"
        if self._is_cut:
            return  # its body is next: `_resume`
        parts = self._body
        if parts:
            request.body = parts[0] if len(parts) == 1 else b"".join(parts)
            self._body = []
        self._whole.append(request)
        self._is_over = request.is_last
        self.wants_continue = False
        self._begin()


class _Resumed:
    """Hears what a parser says of a head that is known already, then hands on."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection
        self._is_known = True
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if not self._is_known:
            self._connection.on_message_begin()

    def on_url(self, part: bytes) -> None:
        if not self._is_known:
            self._connection.on_url(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_known:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._is_known:
            self._connection.on_headers_complete()
        self._is_known = False
