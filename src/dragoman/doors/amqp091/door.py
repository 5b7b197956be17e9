r"""One RabbitMQ connection without a socket: events of the codec to handlers, refusals to closes, bytes out.

    receive -> codec -> event -> opening (channel 0), publish and ack runs (hot), methods by table
                           \\--Refused, KernelError--> channel.close, or connection.close and then only close-ok
    end of a read -> confirms          progressed -> what waited for the journal

Publishes that find no room are held: the rest of the connection's input waits behind them, as it would in RabbitMQ,
and the client is told by connection.blocked. Other methods cost more than their bytes tell: after so many of them the
rest of what was read waits for the next turn, so that others have theirs, and nothing more is read until then.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from dragoman.doors.amqp091.channel import Consumer
from dragoman.doors.amqp091.channels import Channels
from dragoman.doors.amqp091.delivering import deliver
from dragoman.doors.amqp091.errors import (
    ACCESS_REFUSED,
    CHANNEL_ERROR,
    COMMAND_INVALID,
    CONNECTION_FORCED,
    INTERNAL_ERROR,
    RESOURCE_ERROR,
    Refused,
)
from dragoman.doors.amqp091.exchanges import declare_all
from dragoman.doors.amqp091.link import UNSENT_BYTES_MAX, Link
from dragoman.doors.amqp091.liveness import FAILED_LOGIN_MS, GOODBYE_MS, Liveness
from dragoman.doors.amqp091.opening import STEPS, LoginRefused, Stage, greeting
from dragoman.doors.amqp091.publishing import Held, publish
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.amqp091.settling import ack
from dragoman.doors.shared.notyet import NotYet
from dragoman.kernel.api import Connection, Delivery, Holder, Session
from dragoman.wire.amqp091.connection import Connection as Codec
from dragoman.wire.amqp091.connection import Role
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import (
    AckRun,
    Content,
    Event,
    HeaderAccepted,
    HeaderRefused,
    MethodEvent,
    PublishRun,
)
from dragoman.wire.amqp091.frames import HEARTBEAT_FRAME
from dragoman.wire.amqp091.methodcodec import IDS
from dragoman.wire.amqp091.methods import (
    ConnectionBlocked,
    ConnectionClose,
    ConnectionCloseOk,
    ConnectionTuneOk,
    ConnectionUnblocked,
    Method,
)

PUBLISH_IDS: Final = (60, 40)
ACK_IDS: Final = (60, 80)
HELD_BYTES_MAX: Final = 32 << 20  # read behind a publish that found no room
HELD_RETRY_MS: Final = 100
LOOK_MS: Final = 60_000
SLICE_BYTES: Final = 64 << 10  # decoded in one go
METHODS_MAX: Final = 500  # other than publishes and acks, in one turn


def door_maker(roster: Roster) -> Callable[[Session, Connection], "Amqp091Door"]:
    """What makes the door of each new connection; `roster` is told of it."""
    return lambda session, connection: Amqp091Door(session, connection, roster)


class Amqp091Door:
    """See `kernel.api.ConnectionDoor`."""

    __slots__ = (
        "_channels",
        "_codec",
        "_held",
        "_held_bytes",
        "_is_blocked",
        "_is_proving",
        "_last_words",
        "_link",
        "_liveness",
        "_look_ms",
        "_methods",
        "_retry_ms",
        "_roster",
        "_session",
        "_stage",
        "_unread",
    )

    def __init__(
        self, session: Session, connection: Connection, roster: Roster | None = None
    ) -> None:
        self._session = session
        self._roster = roster
        self._link = Link(session, connection)
        self._link.limits = roster
        if roster is not None:
            self._link.flows = roster.flows
        self._codec = Codec(Role.SERVER)
        self._channels = Channels(self._link, self._codec.forget_channel)
        self._stage = Stage.HEADER
        self._liveness = Liveness(session.elapsed_ms())
        self._held: deque[Event] = deque()  # events behind a publish that found no room
        self._held_bytes = 0
        self._methods = 0  # served in this turn, publishes and acks aside
        self._unread: deque[bytes] = deque()  # input behind as many methods as a turn takes
        self._is_blocked = False  # the client was told so
        self._is_proving = False  # what proves who the client is is looked at; the rest waits
        self._retry_ms: int | None = None
        self._look_ms: int | None = None  # for deliveries that nobody acknowledges
        self._last_words: ConnectionClose | None = None  # of a refused login

    # --- bytes in ---

    def receive(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._is_deaf():
            return
        self._liveness.heard(self._session.elapsed_ms())
        self._link.received += 1
        self._link.received_bytes += len(data)
        if self.is_full():
            self._unread.append(data)
        else:
            self._methods = 0
            self._read(data)
        self._confirm()

    def _is_deaf(self) -> bool:
        return self._stage is Stage.GONE or self._stage is Stage.REFUSED

    def _read(self, data: bytes) -> None:
        """Take input slice by slice; what comes behind METHODS_MAX methods waits for the next turn."""
        for start in range(0, len(data), SLICE_BYTES):
            if self._is_deaf():
                return
            if self._methods >= METHODS_MAX:
                self._unread.appendleft(data[start:])
                self._retry_ms = self._session.elapsed_ms()
                return
            part = data[start : start + SLICE_BYTES]
            events = self._codec.receive(part)
            if self._held:
                self._hold(events, len(part))
            else:
                self._take_all(events)

    def _take_all(self, events: list[Event]) -> None:
        for at, event in enumerate(events):
            if self._is_deaf():
                return
            try:
                self._take(event)
            except Held:
                self._block(events[at:])
                return
            except NotYet:
                self._hold(events[at:], 0)
                self._is_proving = True
                return
            except AmqpError as error:
                self._close(error)
            except Exception as error:  # noqa: BLE001 - a fault of ours ends this connection and no other
                self._fail(error)
            if type(event) is MethodEvent:
                self._methods += 1
            enough = self._methods >= METHODS_MAX or self._link.unsent_bytes > UNSENT_BYTES_MAX
            if enough and at + 1 < len(events):
                self._hold(events[at + 1 :], 0)
                self._retry_ms = self._session.elapsed_ms()
                return

    def _take(self, event: Event) -> None:
        if type(event) is PublishRun:
            self._channels.serve(event.channel, publish, event, PUBLISH_IDS)
        elif type(event) is AckRun:
            self._channels.serve(event.channel, ack, event, ACK_IDS)
        elif type(event) is MethodEvent:
            self._method(event.channel, event.method)
        elif isinstance(event, AmqpError):
            self._channels.refused_by_codec(event)
        elif isinstance(event, HeaderAccepted):
            node = self._session.node()
            is_certified = bool(self._link.connection.certified)
            self._link.send(greeting(node.version, node.cluster_id, is_certified=is_certified))
            self._stage = Stage.GREETED
        elif isinstance(event, HeaderRefused):
            self._link.out.append(self._codec.data_to_send())
            self._leave()
        elif isinstance(event, Content):
            raise AmqpError(COMMAND_INVALID, "unimplemented method", *IDS[type(event.method)])

    # --- channel 0 ---

    def _method(self, number: int, method: Method) -> None:
        if number:
            self._channels.method(number, method)
        elif type(method) is ConnectionClose:
            self._link.send(ConnectionCloseOk())
            self._leave()
        elif type(method) is ConnectionCloseOk:
            self._leave()
        elif self._stage is not Stage.CLOSING:
            self._step(method)

    def _step(self, method: Method) -> None:
        step = STEPS.get((self._stage, type(method)))
        if step is None:
            text = f"unexpected method in connection state {self._stage.named}"
            raise AmqpError(CHANNEL_ERROR, text, *IDS[type(method)])
        try:
            self._stage = step(self._link, method)
        except LoginRefused as error:
            self._refuse_login(str(error), method)
            return
        except Refused as error:
            raise AmqpError(error.code, error.text, *IDS[type(method)]) from error
        if type(method) is ConnectionTuneOk:
            self._codec.retune(self._link.tuning)
            self._liveness.start(self._link.tuning.heartbeat_s, self._session.elapsed_ms())
        elif self._stage is Stage.OPEN:
            self._liveness.deadline_ms = None
            self._channels.is_open = True
            if self._roster is not None:
                self._roster.add(self._link, self._channels, self.force)
            declare_all(self._link)

    def _refuse_login(self, mechanism: str, method: Method) -> None:
        text = f"Login was refused using authentication mechanism {mechanism}. For details see the broker logfile."
        if "authentication_failure_close" in self._link.capabilities:
            words = AmqpError(ACCESS_REFUSED, text).reply_text
            self._last_words = ConnectionClose(ACCESS_REFUSED, words, 0, 0)
        self._stage = Stage.REFUSED
        self._liveness.deadline_ms = self._session.elapsed_ms() + FAILED_LOGIN_MS

    # --- the end ---

    def _close(self, error: AmqpError) -> None:
        """A connection error: say it, and listen for nothing but close-ok."""
        if self._stage in {Stage.CLOSING, Stage.GONE}:
            return
        self._drop_channels()
        self._link.send(
            ConnectionClose(error.code, error.reply_text, error.class_id, error.method_id)
        )
        self._stage = Stage.CLOSING
        self._liveness.deadline_ms = self._session.elapsed_ms() + GOODBYE_MS
        if self._codec.failed:
            self._leave()

    def _fail(self, error: Exception) -> None:
        self._close(AmqpError(INTERNAL_ERROR, type(error).__name__))
        self._leave()

    def _drop_channels(self) -> None:
        self._channels.close()
        self._is_proving = False
        self._held.clear()
        self._unread.clear()
        self._retry_ms = None

    def _leave(self) -> None:
        self._drop_channels()
        self._stage = Stage.GONE

    def force(self, reason: str) -> None:
        """Somebody who may has asked for this connection's end."""
        self._close(AmqpError(CONNECTION_FORCED, reason))
        self._session.wake()

    def shut(self, reason: str) -> None:
        """The broker is leaving."""
        if self._stage is Stage.OPEN:
            text = f"broker forced connection closure with reason '{reason}'"
            words = AmqpError(CONNECTION_FORCED, text).reply_text
            self._link.send(ConnectionClose(CONNECTION_FORCED, words, 0, 0))
        self._leave()

    # --- no room ---

    def _block(self, events: list[Event]) -> None:
        self._hold(events, 0)
        if not self._is_blocked and "connection.blocked" in self._link.capabilities:
            self._is_blocked = True
            self._link.send(ConnectionBlocked("low on disk"))
        self._retry_ms = self._session.elapsed_ms() + HELD_RETRY_MS

    def _hold(self, events: list[Event], size: int) -> None:
        self._held.extend(events)
        self._held_bytes += size
        if self._held_bytes > HELD_BYTES_MAX:
            self._close(AmqpError(RESOURCE_ERROR, "low on disk"))

    def _retry(self) -> None:
        self._methods = 0
        events = list(self._held)
        self._held.clear()
        self._take_all(events)
        while self._unread and not self._held and self._methods < METHODS_MAX:
            self._read(self._unread.popleft())
        if not self._held:
            self._held_bytes = 0
            if not self._unread:
                self._retry_ms = None
            if self._is_blocked:
                self._is_blocked = False
                self._link.send(ConnectionUnblocked())
        self._confirm()

    # --- what happens ---

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for this connection's consumers."""
        self._link.is_owed = True
        for delivery in deliveries:
            consumer: Consumer = delivery.holder.tag
            try:
                deliver(consumer, delivery)
            except Exception as error:  # noqa: BLE001 - as in `receive`
                self._fail(error)
                return

    def cancelled(self, holder: Holder) -> None:
        """A consumer's queue went away."""
        consumer: Consumer = holder.tag
        consumer.channel.cancelled(consumer)

    def answered(self, ticket: int, result: object) -> None:
        """No command of this door is promised by a ticket."""

    def progressed(self) -> None:
        """The journal has come further, or a stream; or it is known whether a password is good."""
        if self._is_proving:
            self._is_proving = False
            self._retry()
        self._confirm()
        self._read_on()

    def _confirm(self) -> None:
        for channel in list(self._link.waiting):
            channel.progress()

    def _read_on(self) -> None:
        self._link.is_behind = False
        for reader in list(self._link.readers):
            if self._link.unsent_bytes > UNSENT_BYTES_MAX:
                self._link.is_behind = True
                return
            try:
                reader.progress()
            except Exception as error:  # noqa: BLE001 - as in `receive`
                self._fail(error)
                return

    def tick(self) -> None:
        """A deadline, a heartbeat, or another try."""
        now_ms = self._session.elapsed_ms()
        if self._liveness.is_over(now_ms):
            if self._last_words is not None:
                self._link.send(self._last_words)
            self._leave()
        elif self._liveness.wants_heartbeat(now_ms):
            self._link.out.append(HEARTBEAT_FRAME)
        if self._look_ms is not None and now_ms >= self._look_ms:
            self._link.is_owed = self._channels.time_out(now_ms)
            self._look_ms = None
        if self._link.unsent_bytes > UNSENT_BYTES_MAX:
            return
        if self._retry_ms is not None and now_ms >= self._retry_ms:
            self._retry()
        if self._link.is_behind:
            self._read_on()

    def next_tick_ms(self) -> int | None:
        """When to be ticked."""
        if self._stage is Stage.GONE:
            return None
        now_ms = self._session.elapsed_ms()
        if self._look_ms is None and self._link.is_owed:
            self._look_ms = now_ms + LOOK_MS
        times = [self._liveness.next_ms(), self._look_ms]
        if self._link.unsent_bytes <= UNSENT_BYTES_MAX:
            times += [self._retry_ms, now_ms if self._link.is_behind else None]
        return min((time for time in times if time is not None), default=None)

    # --- bytes out ---

    def data_to_send(self) -> list[bytes]:
        """Frames in order."""
        self._link.unsent_bytes = 0
        out = self._link.out
        if out:
            self._link.out = []
            self._link.sent += len(out)
            self._link.sent_bytes += sum([len(frames) for frames in out])
            if out != [HEARTBEAT_FRAME]:
                self._liveness.spoke()
        return out

    def is_full(self) -> bool:
        """Whether input waits for the next turn."""
        if self._is_proving or self._unread:
            return True
        return bool(self._held) and self._methods >= METHODS_MAX

    def lost(self) -> None:
        """Nothing here outlives the session."""
        if self._roster is not None:
            self._roster.remove(self._link)

    def is_closing(self) -> bool:
        """Whether the connection ends once everything is sent."""
        return self._stage is Stage.GONE
