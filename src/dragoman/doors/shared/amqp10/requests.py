"""Request and response over two links: a request's reply-to is the name of the link that the answer takes, or the
address of that link's target. Where it says nothing the answer takes the link from the same node, of the same session.

Answers wait for the journal, and for credit: of the latter at most ANSWERS_MAX, then the oldest goes.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.shared.amqp10.profile import (
    Answer,
    Handout,
    Incoming,
    Intake,
    Outlet,
    Peer,
    Refused,
    Request,
    Service,
    Spelling,
    Terms,
    Verdict,
)
from dragoman.formats.amqp10 import section
from dragoman.model.levels import APPLIED
from dragoman.wire.amqp10.composites import from_bytes, to_bytes
from dragoman.wire.amqp10.decode import DecodeError, count_values, decode
from dragoman.wire.amqp10.encode import NotEncodable, encode
from dragoman.wire.amqp10.errors import DECODE_ERROR, INTERNAL_ERROR
from dragoman.wire.amqp10.links import Link
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    DeliveryState,
    Header,
    Properties,
    Source,
    Target,
)
from dragoman.wire.amqp10.sections import DATA, VALUE, Sections, slice_message
from dragoman.wire.amqp10.values import Described, ULong

CREDIT: Final = 100  # Azure's
ANSWERS_MAX: Final = 100
REQUEST_BYTES_MAX: Final = 2 << 20  # messages that are to wait are 1 MiB at most
REQUEST_VALUES_MAX: Final = 20_000  # some 50 ms to look into


class Ready:
    """An answer as it is to be sent, once `position` has reached `level`; not before `at_ms` of elapsed time."""

    __slots__ = ("at_ms", "delay_ms", "level", "payload", "position")

    def __init__(self, payload: bytes, answer: Answer) -> None:
        self.payload = payload
        self.position = answer.position
        self.level = answer.level
        self.delay_ms = answer.delay_ms
        self.at_ms: int = 0


class Replies:
    """The source of a link on which answers go: see `profile.Source`, and its spelling at once."""

    gives_back = False
    follows = True

    def __init__(self, peer: Peer, link: Link) -> None:
        self.terms = Terms()
        self.spelling: Spelling = self
        self._session = peer.session
        self._ready: deque[Ready] = deque()
        self._last_ms: int = 0  # when the last one that was put off may go
        self.link = link
        target = link.attach.target
        self.names = {link.attach.name}
        if isinstance(target, Target) and type(target.address) is str:
            self.names.add(target.address)

    def open(self, outlet: Outlet) -> None:
        """See `profile.Source`."""

    def is_called(self, name: Any) -> bool:
        """Whether a reply-to, of any type, means this link."""
        return type(name) is str and name in self.names

    def add(self, ready: Ready) -> None:
        """Send an answer when it may go."""
        if ready.delay_ms:
            now_ms = self._session.elapsed_ms()
            self._last_ms = ready.at_ms = max(now_ms, self._last_ms) + ready.delay_ms
        self._ready.append(ready)
        if len(self._ready) > ANSWERS_MAX:
            self._ready.popleft()
        self.progressed()

    def progressed(self) -> None:
        """See `profile.Source`."""
        while self._ready and self.link.credit:
            first = self._ready[0]
            if first.level > APPLIED and self._session.reached(first.level) < first.position:
                self._session.want(first.position, first.level)
                return
            if first.at_ms > self._session.elapsed_ms():
                return
            self._ready.popleft()
            self.link.send(self._session.token(8), first.payload, settled=False)

    def next_ms(self) -> int | None:
        """Elapsed time at which an answer that was put off may go; None when there is none."""
        return self._ready[0].at_ms or None if self._ready else None

    def flow(self, credit: int, *, drain: bool, properties: Mapping[Any, Any] | None) -> None:
        """See `profile.Source`."""
        self.progressed()

    def left(self) -> int | None:
        """See `profile.Source`."""
        return None if self._ready else self.link.credit

    def deliver(self, delivery: object) -> None:
        """Nothing is leased for it."""
        raise AssertionError(delivery)

    def close(self) -> None:
        """See `profile.Source`."""
        self._ready.clear()

    def spell(self, handout: Handout) -> Sequence[bytes]:
        """Nothing is handed out."""
        raise AssertionError(handout)

    def tags(self, handout: Handout) -> Sequence[bytes] | None:
        """See `spell`."""
        return None

    def judge(self, state: DeliveryState) -> Verdict | None:
        """See `spell`."""
        return None

    def echo(self, state: DeliveryState) -> DeliveryState:
        """See `spell`."""
        return state

    def lost(self, state: DeliveryState) -> DeliveryState:
        """See `spell`."""
        return state


class RequestSink:
    """The sink of a link on which requests come: see `profile.Sink`. `replies` are those of the whole connection."""

    credit = CREDIT

    def __init__(
        self, peer: Peer, link: Link, service: Service, replies: Iterable[Replies]
    ) -> None:
        self.terms = Terms(message_bytes_max=REQUEST_BYTES_MAX)
        self._peer = peer
        self._link = link
        self._service = service
        self._replies = replies

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """See `profile.Sink`. Raises Refused."""
        for incoming in run:
            request = self._read(incoming.payload)
            answer = self._service.ask(self._peer, request)
            ready = Ready(write(request, answer), answer)
            wanted = request.properties.reply_to
            for replies in self._replies:
                if self._is_for(replies) if wanted is None else replies.is_called(wanted):
                    replies.add(ready)
                    break
        return [Intake(len(run), None, ACCEPTED)]

    def _is_for(self, replies: Replies) -> bool:
        """Whether the link belongs to this one: of the same session, from where this one leads."""
        source, target = replies.link.attach.source, self._link.attach.target
        return (
            replies.link.session is self._link.session
            and isinstance(source, Source)
            and isinstance(target, Target)
            and source.address == target.address
        )

    def _read(self, payload: bytes) -> Request:
        try:
            _check_size(payload)
            found = slice_message(payload)
            return Request(
                _properties(payload, found),
                section(payload, found.application, found.body, dict),
                _body(payload, found),
                self._link.attach.name,
                self._link.attach.properties or {},
            )
        except DecodeError as error:
            raise Refused(DECODE_ERROR, str(error)) from None

    def close(self) -> None:
        """See `profile.Sink`."""


def _check_size(payload: bytes) -> None:
    if count_values(payload, 0, len(payload), REQUEST_VALUES_MAX) > REQUEST_VALUES_MAX:
        raise DecodeError(f"a request has at most {REQUEST_VALUES_MAX} values")


def _properties(payload: bytes, found: Sections) -> Properties:
    if found.properties == found.application:
        return Properties()
    value = from_bytes(payload, found.properties)[0]
    if type(value) is not Properties:
        raise DecodeError("properties that are none")
    return value


def _body(payload: bytes, found: Sections) -> Any:
    """The value, or the bytes of all data; None of anything else."""
    if found.shape == VALUE:
        value = decode(payload, found.body)[0]
        return value.value if type(value) is Described else None
    if found.shape != DATA:
        return None
    parts: list[bytes] = []
    pos = found.body
    while pos < found.footer:
        value, pos = decode(payload, pos)
        parts.append(value.value)
    return b"".join(parts)


def write(request: Request, answer: Answer) -> bytes:
    """An answer as a message: its correlation-id is the request's message-id, of the same type."""
    properties = Properties(correlation_id=request.properties.message_id, subject=answer.subject)
    try:
        parts = [to_bytes(Header()), to_bytes(properties)]
        parts.append(encode(Described(ULong(0x74), answer.application)))
        if answer.body is not Answer.EMPTY:
            parts.append(encode(Described(ULong(VALUE), answer.body)))
    except NotEncodable as error:
        raise Refused(INTERNAL_ERROR, str(error)) from None
    return b"".join(parts)
