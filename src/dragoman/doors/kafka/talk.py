r"""What a handler may use: the session, and the way back to the client.

    request -> handler -> answer(dict) or send(chunks) -> outbox -> wire, in the order of the requests
                      \-> park(wait): nothing behind it is served until it is done

An answer in the outbox leaves once its journal position has reached its level; those behind it wait with it, since
Kafka answers in order. What is parked (a long poll, a join) stops the requests behind it from being read at all.
"""

from collections import deque
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from dragoman.doors.kafka.clientlimits import ClientLimits
from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import ANONYMOUS, Connection, FindStream, Session, StreamHead
from dragoman.model.levels import APPLIED
from dragoman.wire.kafka.codec import encode_response_frame

NODE_ID: Final = 1
PROTOCOL: Final = "kafka"
NAMESPACE: Final = "default"
TOPICS_CACHED_MAX: Final = 4_096
_FALLBACK: Final = ("localhost", 9092)  # where the socket does not say: tests in memory

Chunk = bytes | memoryview


class Request:
    """One request: who answers it, and where its body is."""

    __slots__ = ("api_key", "body", "buf", "client_id", "correlation_id", "end", "version")

    def __init__(
        self,
        api_key: int,
        version: int,
        correlation_id: int,
        client_id: str,
        buf: bytes,
        body: int,
        end: int,
    ) -> None:
        self.api_key = api_key
        self.version = version
        self.correlation_id = correlation_id
        self.client_id = client_id
        self.buf = buf
        self.body = body
        self.end = end


class Slot:
    """An answer on its way: it leaves when `position` has reached `level`."""

    __slots__ = ("chunks", "level", "position")

    def __init__(self, position: int, level: int, chunks: list[Chunk]) -> None:
        self.position = position
        self.level = level
        self.chunks = chunks


class Wait(Protocol):
    """A parked request. `deadline_ms` is elapsed time, None never."""

    deadline_ms: int | None

    def look(self) -> bool:
        """Something has moved: answer if it can be answered; whether it was."""
        ...

    def expire(self) -> None:
        """The deadline has come: answer."""
        ...

    def answered(self, ticket: int, result: object) -> bool:
        """The kernel's answer to a ticket; whether it was the one waited for."""
        ...


class Talk:
    """One connection's conversation."""

    __slots__ = (
        "_began_ns",
        "_client_id",
        "_finds",
        "claimed",
        "connection",
        "exchange",
        "is_closing",
        "is_raw",
        "level",
        "limits",
        "mechanism",
        "muted_until_ms",
        "outbox",
        "parked",
        "principal",
        "proved",
        "quotas",
        "session",
        "unsent_bytes",
        "until_ms",
    )

    def __init__(self, session: Session, connection: Connection) -> None:
        self.session = session
        self.connection = connection
        # Who speaks. None: credentials are asked for and were not given yet.
        self.principal: str | None = None
        self.mechanism = ""  # of SASL, once agreed on
        self.claimed = ""  # who the client says it is, which is not proved yet
        self.exchange: Any = None  # of SASL, while it takes more than one message
        self.is_raw = False  # tokens of SASL come as they are, not as requests
        self.proved = ""  # the mechanism by which it has proved who it is
        self.until_ms: int | None = None  # elapsed time at which that has to be proved anew
        self.level = APPLIED  # what the answer to the request at hand waits for
        self.outbox: deque[Slot] = deque()
        self.unsent_bytes = 0  # of answers in the outbox
        self.parked: Wait | None = None
        self.quotas: Any = None  # `clientquotas.ClientQuotas`, set by the door
        self.limits = ClientLimits()  # another's, where the door sets it
        self._client_id = ""  # whose request is served, where its time is looked at
        self._began_ns = (
            0  # processor time that it has not been charged for begins here; 0: not looked at
        )
        self.muted_until_ms = 0  # elapsed time before which nothing more is served
        self.is_closing = False
        self._finds: dict[str | bytes, FindStream] = {}
        if session.node().authenticate("", b"") is not None:
            self.log_in(ANONYMOUS)

    def log_in(self, principal: str) -> None:
        """Who speaks, from here on."""
        self.principal = principal
        self.session.act_as(principal, self.connection.peer[0])

    def throttle(self, client_id: str, key: str, amount: int) -> int:
        """Charge the client; the ms for which nothing more of it is served."""
        throttle_ms: int = self.quotas.charge(self, client_id, key, amount) if amount else 0
        self.mute(throttle_ms)
        return max(throttle_ms, self.throttle_time())

    def begin(self, client_id: str) -> None:
        """A request is served from here on, on behalf of who sent it."""
        self._client_id = client_id
        self.resume()

    def resume(self) -> None:
        """The request at hand is served again: what it waited for has come."""
        self._began_ns = self.quotas.worked_ns() if self.quotas.has_shares else 0

    def finish(self) -> None:
        """Nothing more is done for the request at hand now; what came after its answer was spelled is charged, too."""
        if self._began_ns:
            self.throttle_time()
            self._began_ns = 0

    def throttle_time(self) -> int:
        """Charge the client for the time that its request took so far; the ms for which nothing more is served."""
        if not self._began_ns:
            return 0
        now_ns = self.quotas.worked_ns()
        worked_ns, self._began_ns = now_ns - self._began_ns, now_ns
        throttle_ms: int = self.quotas.charge_time(self, self._client_id, worked_ns)
        self.mute(throttle_ms)
        return throttle_ms

    def mute(self, throttle_ms: int) -> None:
        """Serve nothing more for so long."""
        if throttle_ms:
            until_ms = self.session.elapsed_ms() + throttle_ms
            self.muted_until_ms = max(self.muted_until_ms, until_ms)

    def is_stranger(self) -> bool:
        """Whether nobody knows (any more) who it is."""
        until_ms = self.until_ms
        return self.principal is None or (
            until_ms is not None and until_ms <= self.session.elapsed_ms()
        )

    def as_broker(self) -> AbstractContextManager[None]:
        """What is asked within is the broker's own look, of which the client is told what it may know."""
        return as_broker(self.session, self.principal or ANONYMOUS, self.connection.peer[0])

    def answer(self, request: Request, message: dict[str, Any]) -> None:
        """Encode and queue an answer; it waits for everything decided so far, at `level`."""
        if self._began_ns:
            told_ms = message.get("throttle_time_ms", 0)
            message["throttle_time_ms"] = max(told_ms, self.throttle_time())
        frame = encode_response_frame(
            request.api_key, request.version, request.correlation_id, message
        )
        level = self.level
        self.level = APPLIED
        self.send(self.session.position() if level else 0, level, [frame])

    def send(self, position: int, level: int, chunks: list[Chunk]) -> None:
        """Queue an encoded answer."""
        self.outbox.append(Slot(position, level, chunks))
        self.unsent_bytes += sum(map(len, chunks))

    def park(self, wait: Wait) -> None:
        """Answer later, and serve nothing before that."""
        assert self.parked is None
        self.parked = wait

    def wait_for(self, level: int) -> None:
        """The answer to the request at hand waits for `level` at least."""
        self.level = max(self.level, level)

    def find(self, topic: str | bytes) -> StreamHead:
        """A topic by name or by its 16-byte id. Raises StreamNotFound."""
        command = self._finds.get(topic)
        if command is None:
            if len(self._finds) >= TOPICS_CACHED_MAX:
                self._finds.clear()
            command = FindStream(name=topic) if isinstance(topic, str) else FindStream(uuid=topic)
            self._finds[topic] = command
        head: StreamHead = self.session.submit(command)
        return head

    def address(self) -> tuple[str, int]:
        """Where the client is told to connect to: where it did, unless the operator says otherwise."""
        told = self.session.node().advertised(PROTOCOL)
        if told is not None:
            return told
        local = self.connection.local
        return (local[0], local[1]) if local[0] else _FALLBACK

    def leader_epoch(self) -> int:
        """Of every partition: how often this store was started."""
        return self.session.incarnation()
