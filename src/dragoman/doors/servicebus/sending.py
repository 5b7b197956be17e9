"""What Service Bus's clients send: messages, batches of them (format 0x80013700), and such as are to wait.

A message without an id is given one, for clients cannot settle what has none.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.servicebus.definitions import NOT_SENT_TO
from dragoman.doors.servicebus.entities import SESSIONS, check_open
from dragoman.doors.servicebus.naming import name_message
from dragoman.doors.shared.amqp10.batches import BATCH_FORMAT, parts_of
from dragoman.doors.shared.amqp10.ingest import Taken, take
from dragoman.doors.shared.amqp10.profile import CREDIT, Incoming, Intake, Peer, Refused, Terms
from dragoman.formats.amqp10 import id_text
from dragoman.kernel.api import (
    Address,
    FindQueue,
    FindStream,
    Publish,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import SubscriptionNotFound
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.errors import (
    DECODE_ERROR,
    INVALID_FIELD,
    MESSAGE_SIZE_EXCEEDED,
    NOT_ALLOWED,
)
from dragoman.wire.amqp10.messaging import Rejected

MESSAGE_BYTES_MAX: Final = 1 << 20
ID_CHARS_MAX: Final = 128
ID_BYTES: Final = 12


class ServiceBusSink:
    """See `profile.Sink`. What the entity says of itself is looked at with every run."""

    def __init__(self, peer: Peer, name: str) -> None:
        self._peer = peer
        self._address = Address(name)
        self._stream: StreamSettings | None = None
        self._queue: SubscriptionSettings | None = None
        self._look()
        assert self._stream is not None
        most = self._stream.message_bytes_max or MESSAGE_BYTES_MAX
        self.terms: Terms = Terms(message_bytes_max=most, taken_bytes_max=2 * most)
        self.credit: int = CREDIT

    def _look(self) -> None:
        """Learn whether the entity takes anything now, and what messages must say."""
        session, namespace, name = self._peer.session, self._peer.namespace, self._address.name
        stream: StreamSettings
        queue: SubscriptionSettings | None
        stream = session.submit(FindStream(namespace=namespace, name=name)).settings
        try:
            queue = session.submit(FindQueue(namespace=namespace, name=name)).settings
        except SubscriptionNotFound:
            queue = None
        if stream is self._stream and queue is self._queue:
            return
        check_open(stream.notes, NOT_SENT_TO)
        if queue is not None:
            check_open(queue.notes, NOT_SENT_TO)
        self._stream, self._queue = stream, queue
        self._dedups = stream.dedup_window_ms > 0
        self._needs_session = queue is not None and queue.order == SESSIONS

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """See `profile.Sink`."""
        self._look()
        found: list[Intake] = []
        alike: list[Taken] = []
        for incoming in run:
            try:
                messages = self.read(incoming.payload, incoming.format)
            except Refused as error:
                self._close_run(found, alike)
                found.append(Intake(1, None, Rejected(error.error)))
                continue
            if incoming.format == BATCH_FORMAT or messages[0].due_ms:
                self._close_run(found, alike)
                found.append(Intake(1, self.publish(messages), is_batch=True))
            else:
                alike += messages
        self._close_run(found, alike)
        return found

    def _close_run(self, found: list[Intake], alike: list[Taken]) -> None:
        if alike:
            found.append(Intake(len(alike), self.publish(alike)))
            alike.clear()

    def read(self, payload: bytes, format: int) -> list[Taken]:
        """The messages of a delivery. Raises Refused."""
        most = self.terms.message_bytes_max
        if len(payload) > most:
            text = f"The received message (size {len(payload)}) exceeds the limit ({most})."
            raise Refused(MESSAGE_SIZE_EXCEEDED, text)
        try:
            parts = parts_of(payload) if format == BATCH_FORMAT else [payload]
            return [self._read(part) for part in parts]
        except DecodeError as error:
            raise Refused(DECODE_ERROR, str(error)) from None

    def _read(self, payload: bytes) -> Taken:
        """Raises Refused, DecodeError."""
        taken = take(payload)
        said = taken.properties
        for name, text in (("message-id", said.message_id), ("session-id", said.group_id)):
            if type(text) is str and len(text) > ID_CHARS_MAX:
                raise Refused(INVALID_FIELD, f"a {name} has at most {ID_CHARS_MAX} characters")
        if self._needs_session and not said.group_id:
            raise Refused(
                NOT_ALLOWED, "The SessionId was not set on a message of a session entity."
            )
        if said.message_id is None:
            name_message(taken, self._peer.session.token(ID_BYTES))
        return taken

    def publish(self, run: Sequence[Taken]) -> Publish:
        """One command for messages; those that wait, wait for the time of the first."""
        command = Publish(self._peer.namespace, self._address, AMQP10, [each.entry for each in run])
        now_ms = self._peer.session.wall_ms()
        base_ms = max(now_ms, run[0].due_ms)
        command.due_ms = run[0].due_ms if run[0].due_ms > now_ms else 0
        if any(each.ttl_ms for each in run):
            command.expires_ms = [base_ms + each.ttl_ms if each.ttl_ms else 0 for each in run]
        if any(each.key or each.properties.group_id for each in run):
            command.keys = [(each.properties.group_id or each.key).encode() for each in run]
        if self._dedups:
            command.dedup = [id_text(each.properties.message_id) for each in run]
        return command

    def close(self) -> None:
        """See `profile.Sink`."""
