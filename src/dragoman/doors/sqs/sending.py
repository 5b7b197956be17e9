"""SendMessage and SendMessageBatch: composed messages to publishes, and where they landed to results. Hot.

A message's id is unpredictable, but where a deduplication id applies it follows from that and the time: whoever sends
the message again within the window is told the original's id, also after a restart.
"""

from hashlib import blake2s
from typing import Final

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.attributes import MESSAGE_BYTES_MAX
from dragoman.doors.sqs.batches import Batch, check_batch
from dragoman.doors.sqs.composing import Composed, compose
from dragoman.doors.sqs.errors import BATCH_REQUEST_TOO_LONG, Refused
from dragoman.doors.sqs.queue import Queue
from dragoman.doors.sqs.service import Service
from dragoman.formats.sqs import id_text
from dragoman.kernel.api import Address, Publish, PublishReply
from dragoman.model.errors import KernelError, MessageInvalid, PublishRefused
from dragoman.model.levels import APPLIED, SQS
from dragoman.wire.aws.shapes import SendMessage, SendMessageBatch, Sent, SentBatch, SentEntry

ID_BYTES: Final = 16
SEQUENCE_FIRST: Final = 1  # of offset 0


def send_message(service: Service, asked: Asked, request: SendMessage) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    composed = compose(queue, request, asked.sender.encode())
    reply = publish(asked, queue, [composed])
    if reply.refused >= 0:
        raise PublishRefused(queue.place.name)
    (landed,) = landings(asked, queue, [composed], reply)
    answer = asked.answer(
        Sent(
            id_text(landed.id),
            composed.entry.body_md5.hex(),
            composed.attributes_md5,
            composed.system_md5,
            landed.sequence,
        )
    )
    return answer.after(reply.position, reply.level)


def send_message_batch(service: Service, asked: Asked, request: SendMessageBatch) -> Response:
    """See the API reference: entries fail one by one, the request only as a batch."""
    queue = service.queues.of(asked, request.queue_url)
    entries = request.entries or []
    check_batch("SendMessageBatchRequestEntry", entries)
    batch: Batch[SentEntry] = Batch([entry.id or "" for entry in entries])
    sender = asked.sender.encode()
    composed: dict[int, Composed] = {}
    for index, entry in enumerate(entries):
        try:
            composed[index] = compose(queue, entry, sender)
        except Refused as refused:
            batch.fail(index, refused)
    _check_size(composed)
    position, level = _publish_groups(asked, queue, composed, batch)
    successful, failed = batch.halves()
    return asked.answer(SentBatch(successful, failed)).after(position, level)


def _check_size(composed: dict[int, Composed]) -> None:
    total = sum(one.size for one in composed.values())
    if total > MESSAGE_BYTES_MAX:
        raise Refused(
            BATCH_REQUEST_TOO_LONG,
            f"Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes. You have sent {total} bytes.",
        )


def _publish_groups(
    asked: Asked, queue: Queue, composed: dict[int, Composed], batch: Batch[SentEntry]
) -> tuple[int, int]:
    """Publish what waits equally long together; a group that is refused fails, others do not. (position, level)."""
    position, level = 0, APPLIED
    for alike in _groups(queue, composed):
        reply, indexes = _publish_good(asked, queue, composed, batch, alike)
        if reply is None:
            continue
        group = [composed[index] for index in indexes]
        position, level = max(position, reply.position), max(level, reply.level)
        taken = len(indexes) if reply.refused < 0 else reply.refused
        for index in indexes[taken:]:
            batch.fail(index, PublishRefused(queue.place.name))
        found = landings(asked, queue, group[:taken], reply)
        for index, landed in zip(indexes[:taken], found, strict=True):
            one = composed[index]
            batch.succeed(
                index,
                SentEntry(
                    batch.ids[index],
                    id_text(landed.id),
                    one.entry.body_md5.hex(),
                    one.attributes_md5,
                    one.system_md5,
                    landed.sequence,
                ),
            )
    return position, level


def _publish_good(
    asked: Asked,
    queue: Queue,
    composed: dict[int, Composed],
    batch: Batch[SentEntry],
    indexes: list[int],
) -> tuple[PublishReply | None, list[int]]:
    """The reply for what is taken, and what that is; what rules refuse fails alone, anything else fails them all."""
    while indexes:
        try:
            return publish(asked, queue, [composed[index] for index in indexes]), indexes
        except MessageInvalid as error:
            for at, why in error.faults.items():
                batch.fail(indexes[at], MessageInvalid(why))
            indexes = [index for at, index in enumerate(indexes) if at not in error.faults]
        except KernelError as error:
            for index in indexes:
                batch.fail(index, error)
            break
    return None, indexes


def _groups(queue: Queue, composed: dict[int, Composed]) -> list[list[int]]:
    """Indexes that share one publish: by delay; one each where a FIFO queue's partitions would mix their offsets."""
    if queue.traits.is_fifo and queue.head.partition_count > 1:
        return [[index] for index in composed]
    found: dict[int, list[int]] = {}
    for index, one in composed.items():
        found.setdefault(one.delay_ms, []).append(index)
    return list(found.values())


def publish(asked: Asked, queue: Queue, group: list[Composed]) -> PublishReply:
    """Publish messages that wait equally long. Raises KernelError."""
    session = asked.session
    now_ms = session.wall_ms()
    random = session.token(ID_BYTES * len(group))
    bodies: list[bytes] = []
    for at, one in enumerate(group):
        entry = one.entry
        entry.sent_ms = now_ms
        entry.id = (
            dedup_identity(queue, one, now_ms)
            if one.dedup
            else random[at * ID_BYTES : (at + 1) * ID_BYTES]
        )
        bodies.append(entry.pack())
    command = Publish(queue.namespace, Address(queue.head.name), SQS, bodies)
    if queue.traits.has_keys:
        command.keys = [one.group for one in group]
    if queue.traits.is_fifo:
        command.dedup = [one.dedup for one in group]
    delay_ms = group[0].delay_ms
    if delay_ms:
        command.due_ms = now_ms + delay_ms
    return session.publish(command)


def dedup_identity(queue: Queue, composed: Composed, stored_ms: int) -> bytes:
    """The id of a message that can be sent again: who knows all of this knows the message."""
    scope = composed.group if queue.traits.is_by_group else b""
    digest = blake2s(queue.head.uuid, digest_size=ID_BYTES)
    digest.update(b"%d:%b%b %d" % (len(scope), scope, composed.dedup.encode(), stored_ms))
    return digest.digest()


class Landed:
    """Where a message is: its id, and on a FIFO queue its sequence number."""

    __slots__ = ("id", "sequence")

    def __init__(self, id: bytes, sequence: str | None) -> None:
        self.id = id
        self.sequence = sequence


def landings(
    asked: Asked, queue: Queue, group: list[Composed], reply: PublishReply
) -> list[Landed]:
    """One per message of a publish. A duplicate is where its original is."""
    if not queue.traits.is_fifo:
        return [Landed(one.entry.id, None) for one in group]
    found: list[Landed] = []
    offset = reply.offset
    duplicates = reply.duplicates or {}
    for index, one in enumerate(group):
        original = duplicates.get(index)
        if original is None:
            found.append(Landed(one.entry.id, sequence_number(offset)))
            offset += 1
        else:
            identity = dedup_identity(queue, one, original.stored_ms)
            found.append(Landed(identity, sequence_number(original.offset)))
    return found


def sequence_number(offset: int) -> str:
    """Twenty digits that grow with the offset."""
    return f"{offset + SEQUENCE_FIRST:020d}"
