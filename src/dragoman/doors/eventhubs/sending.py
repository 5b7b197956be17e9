"""What Event Hubs' clients send: events, and batches of them (format 0x80013700). A delivery goes to one partition.

to a partition     there; a key is refused
as a publisher     where the publisher's name leads, which is the key of all its events
with a key         where the key leads: the batch's, or the one that all its events have
otherwise          partitions take turns
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.eventhubs.addresses import Target
from dragoman.doors.eventhubs.hashing import partition_of
from dragoman.doors.eventhubs.hubs import find, partition_in
from dragoman.doors.shared.amqp10.batches import BATCH_FORMAT, annotations_of, parts_of
from dragoman.doors.shared.amqp10.ingest import Taken, take
from dragoman.doors.shared.amqp10.profile import CREDIT, Incoming, Intake, Peer, Refused, Terms
from dragoman.formats.amqp10 import PARTITION_KEY
from dragoman.kernel.api import ANY_PARTITION, Address, Publish, StreamHead
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.errors import DECODE_ERROR, INVALID_FIELD, NOT_ALLOWED
from dragoman.wire.amqp10.messaging import Rejected
from dragoman.wire.amqp10.sections import (
    MESSAGE_ANNOTATIONS,
    PREFIX_BYTES,
    merge_map,
    pack_entry,
    slice_message,
    split_entry,
)
from dragoman.wire.amqp10.values import Symbol

MESSAGE_BYTES_MAX: Final = 1 << 20
KEY_CHARS_MAX: Final = 128
PUBLISHER: Final = encode(Symbol("x-opt-publisher"))
KEY: Final = encode(Symbol(PARTITION_KEY))


class Load:
    """The events of a delivery, and the key that leads them; empty where none does."""

    __slots__ = ("events", "key")

    def __init__(self, events: list[Taken], key: str) -> None:
        self.events = events
        self.key = key


class EventHubsSink:
    """See `profile.Sink`."""

    def __init__(self, peer: Peer, target: Target, *, creates: bool) -> None:
        """Raises NotFound, InvalidArgument."""
        self.terms = Terms(message_bytes_max=MESSAGE_BYTES_MAX)
        self.credit: int = CREDIT
        self._peer = peer
        self._target = target
        self._name = find(peer.session, peer.namespace, target.hub, creates=creates).name
        self._partition(self._head(), "")

    def _head(self) -> StreamHead:
        return find(self._peer.session, self._peer.namespace, self._name, creates=False)

    def _partition(self, head: StreamHead, key: str) -> int:
        """Raises PartitionNotFound."""
        if self._target.partition:
            return partition_in(self._target.partition, head.partition_count)
        return partition_of(key, head.partition_count) if key else ANY_PARTITION

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """See `profile.Sink`. Raises NotFound."""
        head = self._head()
        found: list[Intake] = []
        alike: list[Taken] = []
        place = ANY_PARTITION
        for incoming in run:
            is_batch = incoming.format == BATCH_FORMAT
            try:
                load = self._read(incoming.payload, is_batch=is_batch)
            except Refused as error:
                self._close_run(found, alike, place)
                found.append(Intake(1, None, Rejected(error.error)))
                continue
            partition = self._partition(head, load.key)
            if is_batch or partition != place:
                self._close_run(found, alike, place)
                place = partition
            if is_batch:
                found.append(Intake(1, self._publish(load.events, partition), is_batch=True))
            else:
                alike += load.events
        self._close_run(found, alike, place)
        return found

    def _close_run(self, found: list[Intake], alike: list[Taken], partition: int) -> None:
        if alike:
            found.append(Intake(len(alike), self._publish(alike, partition)))
            alike.clear()

    def _read(self, payload: bytes, *, is_batch: bool) -> Load:
        """Raises Refused."""
        try:
            events = [take(part) for part in (parts_of(payload) if is_batch else [payload])]
            said = annotations_of(payload).get(PARTITION_KEY) if is_batch else None
        except DecodeError as error:
            raise Refused(DECODE_ERROR, str(error)) from None
        keys = {event.key for event in events}
        key = said if isinstance(said, str) else keys.pop() if len(keys) == 1 else ""
        return self._led(events, str(key))

    def _led(self, events: list[Taken], key: str) -> Load:
        """Events with the key that leads them all. Raises Refused."""
        publisher = self._target.publisher
        if publisher and key not in ("", publisher):
            raise Refused(NOT_ALLOWED, f"a publisher's name, {publisher!r}, is its only key")
        key = publisher or key
        if key and self._target.partition:
            raise Refused(NOT_ALLOWED, "to a partition nothing is sent by a key")
        if len(key) > KEY_CHARS_MAX:
            raise Refused(INVALID_FIELD, f"a key has at most {KEY_CHARS_MAX} characters")
        for event in events:
            mark(event, key, publisher)
        return Load(events, key)

    def _publish(self, run: Sequence[Taken], partition: int) -> Publish:
        address = Address(self._name)
        command = Publish(self._peer.namespace, address, AMQP10, [each.entry for each in run])
        command.partition = partition
        now_ms = self._peer.session.wall_ms()
        if any(each.ttl_ms for each in run):
            command.expires_ms = [now_ms + each.ttl_ms if each.ttl_ms else 0 for each in run]
        if any(each.key or each.properties.group_id for each in run):
            command.keys = [(each.properties.group_id or each.key).encode() for each in run]
        return command

    def close(self) -> None:
        """See `profile.Sink`."""


def mark(event: Taken, key: str, publisher: str) -> None:
    """Note the key and the publisher on an event that does not say them itself."""
    pairs = b""
    count = 0
    if key and not event.key:
        pairs += KEY + encode(key)
        count += 2
        event.key = key
    if publisher:
        pairs += PUBLISHER + encode(publisher)
        count += 2
    if not count:
        return
    entry = event.entry
    parts = split_entry(entry)
    stored = entry[parts.annotations : parts.properties]
    annotations = merge_map(MESSAGE_ANNOTATIONS, pairs, count, stored)
    before = entry[PREFIX_BYTES : parts.annotations]
    event.entry = pack_entry(slice_message(before + annotations + entry[parts.properties :]))
