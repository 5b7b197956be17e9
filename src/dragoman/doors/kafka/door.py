"""One Kafka connection without a socket: frames in, requests served in order, answers out in the same order.

    receive -> frames -> serve one after the other -> outbox -> data_to_send
                  ^ stops while a request is parked     ^ held while the journal has not come far enough

Whatever a client sends, the answer is Kafka's own: an error in an answer where there is a place for one, otherwise the
connection ends, as Kafka's brokers do with bytes that are no request.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from dragoman.doors.kafka.apis import (
    API_VERSIONS,
    BEFORE_AUTHENTICATION,
    FETCH,
    PRODUCE,
    SHARE_ACKNOWLEDGE,
    SHARE_FETCH,
    TABLE,
    UNSUPPORTED,
    versions,
)
from dragoman.doors.kafka.auth import serve_token
from dragoman.doors.kafka.clientlimits import ClientLimits, Limits
from dragoman.doors.kafka.clientquotas import ClientQuotas
from dragoman.doors.kafka.fetch import Fetching
from dragoman.doors.kafka.fetchsession import FetchSessions
from dragoman.doors.kafka.limits import LimitsCache
from dragoman.doors.kafka.produce import Producing
from dragoman.doors.kafka.shareacks import release_all, serve_acknowledge
from dragoman.doors.kafka.sharefetch import ShareFetching
from dragoman.doors.kafka.sharesession import ShareSessions
from dragoman.doors.kafka.talk import Chunk, Request, Talk
from dragoman.kernel.api import Connection, Delivery, Holder, Session, Settle
from dragoman.model.levels import APPLIED
from dragoman.wire.kafka.codec import decode_request, encode_response_frame
from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.frame import (
    FRAME_BYTES_MAX,
    Frame,
    FrameBuffer,
    read_request_header,
)
from dragoman.wire.kafka.schema import APIS

STRANGER_BYTES_MAX: Final = 64 * 1024  # of a frame before its sender has said who it is
BEHIND_BYTES_MAX: Final = 128 << 20  # of requests behind a parked one
BEHIND_MAX: Final = 10_000
UNSENT_BYTES_MAX: Final = 1 << 20  # of answers that the peer has not taken, before more is served


def make_door(session: Session, connection: Connection) -> "KafkaDoor":
    """The door of a new connection."""
    return KafkaDoor(session, connection)


def door_maker(
    limits: Limits, worked_ns: Callable[[], int]
) -> Callable[[Session, Connection], "KafkaDoor"]:
    """Makes the doors of one broker, whose clients share their quotas and limits. `worked_ns`: processor time of the
    thread that serves them so far.
    """
    quotas = ClientQuotas(worked_ns)
    shared = ClientLimits(limits)
    return lambda session, connection: KafkaDoor(session, connection, quotas, shared)


class KafkaDoor:
    """See `kernel.api.ConnectionDoor`."""

    __slots__ = (
        "_behind_bytes",
        "_buffer",
        "_fetch_sessions",
        "_frames",
        "_producing",
        "_session",
        "_share_sessions",
        "_talk",
    )

    def __init__(
        self,
        session: Session,
        connection: Connection,
        quotas: ClientQuotas | None = None,
        limits: ClientLimits | None = None,
    ) -> None:
        self._session = session
        self._talk = Talk(session, connection)
        self._talk.quotas = quotas or ClientQuotas()
        self._talk.limits = limits or self._talk.limits
        wait_ms = self._talk.quotas.connected(session, connection.peer[0])
        self._talk.muted_until_ms = session.elapsed_ms() + wait_ms if wait_ms else 0
        self._buffer = FrameBuffer()
        if self._talk.principal is None:
            self._buffer.frame_bytes_max = STRANGER_BYTES_MAX
        self._fetch_sessions = FetchSessions()
        self._share_sessions = ShareSessions()
        self._producing = Producing(self._talk, LimitsCache(self._talk))
        self._frames: deque[Frame] = deque()  # not served yet
        self._behind_bytes = 0  # of those

    # --- bytes in ---

    def receive(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._talk.is_closing:
            return
        if self._talk.principal is not None:
            self._buffer.frame_bytes_max = FRAME_BYTES_MAX
        for frame in self._buffer.receive(data):
            self._frames.append(frame)
            self._behind_bytes += frame[2] - frame[1]
        self._work()
        if self._behind_bytes > BEHIND_BYTES_MAX or len(self._frames) > BEHIND_MAX:
            self._close()

    def _work(self) -> None:
        """Serve requests until one parks, or the peer has enough to read."""
        talk = self._talk
        frames = self._frames
        while frames and self._may_serve():
            frame = frames.popleft()
            self._behind_bytes -= frame[2] - frame[1]
            try:
                self._serve(frame)
            except KafkaCodecError:
                self._close()
            talk.finish()
        if self._buffer.failure and not frames and talk.parked is None:
            self._close()

    def _may_serve(self) -> bool:
        talk = self._talk
        if talk.muted_until_ms and talk.muted_until_ms > self._session.elapsed_ms():
            return False
        return talk.parked is None and not talk.is_closing and talk.unsent_bytes <= UNSENT_BYTES_MAX

    def _serve(self, frame: Frame) -> None:
        """Raises KafkaCodecError."""
        buf, start, end = frame
        if self._talk.is_raw:
            serve_token(self._talk, bytes(buf[start:end]))
            return
        header = read_request_header(buf, start, end)
        key, version = header.api_key, header.api_version
        request = Request(
            key, version, header.correlation_id, header.client_id or "", buf, header.body, end
        )
        self._talk.begin(request.client_id)
        api = TABLE.get(key)
        if api is None or not api.low <= version <= api.high:
            self._refuse(request)
        elif key not in BEFORE_AUTHENTICATION and self._talk.is_stranger():
            self._close()
        elif key == PRODUCE:
            self._producing.serve(request)
        elif key == FETCH:
            Fetching(self._talk, request, self._fetch_sessions).serve()
        elif key in {SHARE_FETCH, SHARE_ACKNOWLEDGE}:
            self._share(request)
        elif api.serve is None:
            self._talk.answer(request, versions())
        else:
            message = decode_request(key, version, buf, header.body, end)
            answer = api.serve(self._talk, request, message)
            if answer is not None:
                self._talk.answer(request, answer)

    def _share(self, request: Request) -> None:
        """Raises KafkaCodecError."""
        talk, sessions = self._talk, self._share_sessions
        message = decode_request(
            request.api_key, request.version, request.buf, request.body, request.end
        )
        if request.api_key == SHARE_FETCH:
            ShareFetching(talk, request, message, sessions).serve()
        else:
            talk.answer(request, serve_acknowledge(talk, request, message, sessions))

    def _refuse(self, request: Request) -> None:
        """An API or version that is not served. ApiVersions says so in its oldest body, with the list (KIP-511)."""
        if request.api_key == API_VERSIONS:
            frame = encode_response_frame(
                API_VERSIONS, 0, request.correlation_id, versions(UNSUPPORTED)
            )
            self._talk.send(0, APPLIED, [frame])
            return
        self._close()

    def _close(self) -> None:
        """What was answered still leaves; nothing more is read."""
        self._talk.is_closing = True
        self._talk.parked = None
        self._frames.clear()
        self._behind_bytes = 0

    # --- what happens ---

    def deliver(self, deliveries: list[Delivery]) -> None:
        """What a member of a share group waited for at a queue; what comes too late for that goes back."""
        parked = self._talk.parked
        mine = [each for each in deliveries if each.holder.tag is parked]
        for late in deliveries:
            holder = late.holder
            if holder.tag is not parked:
                runs = [(late.start, late.end)]
                self._session.settle(
                    Settle(holder.subscription.id, late.partition, holder.id, runs, "release")
                )
        if mine and isinstance(parked, ShareFetching):
            self._talk.parked = None
            self._talk.resume()
            parked.deliver(mine)
            self._talk.finish()
            self._work()

    def cancelled(self, holder: Holder) -> None:
        """Nothing is consumed by lease here."""

    def answered(self, ticket: int, result: object) -> None:
        """A member's turn has come."""
        parked = self._talk.parked
        if parked is None:
            return
        self._talk.resume()
        is_answered = parked.answered(ticket, result)
        self._talk.finish()
        if is_answered:
            self._talk.parked = None
            self._work()

    def progressed(self) -> None:
        """A watched stream has grown, or the journal has come further."""
        parked = self._talk.parked
        if parked is None:
            return
        self._talk.resume()
        is_answered = parked.look()
        self._talk.finish()
        if is_answered:
            self._talk.parked = None
            self._work()

    def tick(self) -> None:
        """The parked request's time is over, or what was held back may be served."""
        parked = self._talk.parked
        if parked is None:
            self._work()
        elif parked.deadline_ms is not None and parked.deadline_ms <= self._session.elapsed_ms():
            self._talk.parked = None
            self._talk.resume()
            parked.expire()
            self._talk.finish()
            self._work()

    def next_tick_ms(self) -> int | None:
        """When the parked request's time is over; at once if more may be served."""
        parked = self._talk.parked
        if parked is not None:
            return parked.deadline_ms
        if self._frames and self._talk.muted_until_ms > self._session.elapsed_ms():
            return self._talk.muted_until_ms
        return self._session.elapsed_ms() if self._frames and self._may_serve() else None

    # --- bytes out ---

    def data_to_send(self) -> list[Chunk]:
        """Answers that may leave, in the order of their requests."""
        chunks: list[Chunk] = []
        outbox = self._talk.outbox
        session = self._session
        while outbox:
            slot = outbox[0]
            if slot.level > APPLIED and session.reached(slot.level) < slot.position:
                session.want(slot.position, slot.level)
                break
            outbox.popleft()
            chunks += slot.chunks
            self._talk.unsent_bytes -= sum(map(len, slot.chunks))
        return chunks

    def is_full(self) -> bool:
        """Clients send no more than a few requests ahead; one that does not stop is closed."""
        return False

    def lost(self) -> None:
        """What is held by members that spoke here is ready for others."""
        for session in self._share_sessions:
            release_all(self._talk, session)

    def is_closing(self) -> bool:
        """Whether the connection ends, now that all answers have left."""
        return self._talk.is_closing and not self._talk.outbox

    def shut(self, reason: str) -> None:
        """Kafka has no words for goodbye: the connection ends."""
        self._close()


assert TABLE.keys() <= APIS.keys(), "an API is served that the codec lacks"
