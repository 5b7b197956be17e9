"""DeleteMessage, ChangeMessageVisibility and their batches: receipt handles to what becomes of messages. Hot.

A handle says which lease of which message it is for. On a standard queue the last one given deletes also when its time
is over, as long as nobody else was given the message; an older one succeeds and does nothing. On a FIFO queue a handle
whose time is over is refused: somebody else may have the group.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.attributes import VISIBILITY_S_MAX
from dragoman.doors.sqs.batches import Batch, check_batch
from dragoman.doors.sqs.errors import (
    MESSAGE_NOT_INFLIGHT,
    RECEIPT_HANDLE_IS_INVALID,
    Refused,
    invalid,
    missing,
)
from dragoman.doors.sqs.queue import Queue
from dragoman.doors.sqs.service import Service
from dragoman.kernel.api import FindLease, LeaseInfo, Renew, Session, Settle, Token, Tokens
from dragoman.model.errors import InvalidArgument, KernelError, LeaseExpired
from dragoman.model.levels import WRITTEN
from dragoman.wire.aws.shapes import (
    ChangeEntry,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    DeleteMessage,
    DeleteMessageBatch,
    DoneBatch,
    DoneEntry,
)

DONE: Final = "DONE"


def read_handle(tokens: Tokens, queue: Queue, handle: str | None) -> Token:
    """Raises Refused unless it is one of the queue's."""
    if not handle:
        raise missing("ReceiptHandle")
    try:
        token = tokens.read(handle)
    except InvalidArgument:
        token = None
    if token is None or token.subscription != queue.head.id:
        raise Refused(
            RECEIPT_HANDLE_IS_INVALID,
            f'The input receipt handle "{handle}" is not a valid receipt handle.',
        )
    return token


def _settled(asked: Asked, queue: Queue, answer: Response) -> Response:
    """The answer, to leave when what was settled is written."""
    session = asked.session
    return answer.after(session.position(), WRITTEN) if queue.head.stream.durable else answer


# --- delete ---


def delete_message(service: Service, asked: Asked, request: DeleteMessage) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    token = read_handle(service.tokens(asked.session), queue, request.receipt_handle)
    _delete(asked.session, queue, [token])
    return _settled(asked, queue, asked.answer())


def delete_message_batch(service: Service, asked: Asked, request: DeleteMessageBatch) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    entries = request.entries or []
    check_batch("DeleteMessageBatchRequestEntry", entries)
    batch: Batch[DoneEntry] = Batch([entry.id or "" for entry in entries])
    known: dict[int, Token] = {}
    tokens = service.tokens(asked.session)
    for index, entry in enumerate(entries):
        try:
            known[index] = read_handle(tokens, queue, entry.receipt_handle)
        except Refused as refused:
            batch.fail(index, refused)
    for indexes in _of_one_holder(known):
        _delete_entries(asked.session, queue, batch, known, indexes)
    return _settled(asked, queue, asked.answer(DoneBatch(*batch.halves())))


def _delete_entries(
    session: Session,
    queue: Queue,
    batch: Batch[DoneEntry],
    known: dict[int, Token],
    indexes: list[int],
) -> None:
    """Those of one holder together; one by one where a FIFO queue must say whose time is over."""
    groups = [[index] for index in indexes] if queue.traits.is_fifo else [indexes]
    for group in groups:
        try:
            _delete(session, queue, [known[index] for index in group])
        except (Refused, KernelError) as error:
            for index in group:
                batch.fail(index, error)
        else:
            for index in group:
                batch.succeed(index, DoneEntry(batch.ids[index]))


def _of_one_holder(known: dict[int, Token]) -> list[list[int]]:
    """Indexes of tokens that one settlement can take, in order."""
    found: dict[tuple[int, int], list[int]] = {}
    for index, token in known.items():
        found.setdefault((token.partition, token.holder), []).append(index)
    return list(found.values())


def _delete(session: Session, queue: Queue, tokens: Sequence[Token]) -> None:
    """Raises Refused for a FIFO queue's message that is not held any more."""
    first = tokens[0]
    unique = sorted({token.offset: token.attempt for token in tokens}.items())
    runs = [(offset, offset + 1) for offset, _ in unique]
    command = Settle(first.subscription, first.partition, first.holder, runs, "ack")
    if not queue.traits.is_fifo:
        command.attempts = [attempt for _, attempt in unique]
    reply = session.settle(command)
    if reply.missing and queue.traits.is_fifo and _state(session, first).state != DONE:
        raise invalid("ReceiptHandle", "of the request", "The receipt handle has expired.")


def _state(session: Session, token: Token) -> LeaseInfo:
    found: LeaseInfo = session.submit(
        FindLease(
            subscription=token.subscription,
            partition=token.partition,
            offset=token.offset,
            holder=token.holder,
        )
    )
    return found


# --- visibility ---


def change_message_visibility(
    service: Service, asked: Asked, request: ChangeMessageVisibility
) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    _change(asked.session, queue, service.tokens(asked.session), request)
    return _settled(asked, queue, asked.answer())


def change_message_visibility_batch(
    service: Service, asked: Asked, request: ChangeMessageVisibilityBatch
) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    entries = request.entries or []
    check_batch("ChangeMessageVisibilityBatchRequestEntry", entries)
    batch: Batch[DoneEntry] = Batch([entry.id or "" for entry in entries])
    tokens = service.tokens(asked.session)
    for index, entry in enumerate(entries):
        try:
            _change(asked.session, queue, tokens, entry)
        except (Refused, KernelError) as error:
            batch.fail(index, error)
        else:
            batch.succeed(index, DoneEntry(batch.ids[index]))
    return _settled(asked, queue, asked.answer(DoneBatch(*batch.halves())))


def _change(
    session: Session, queue: Queue, tokens: Tokens, request: ChangeMessageVisibility | ChangeEntry
) -> None:
    """Raises Refused, KernelError."""
    token = read_handle(tokens, queue, request.receipt_handle)
    timeout_s = request.visibility_timeout
    if timeout_s is None:
        raise missing("VisibilityTimeout")
    if not 0 <= timeout_s <= VISIBILITY_S_MAX:
        raise invalid(
            "VisibilityTimeout",
            timeout_s,
            f"VisibilityTimeout must be between 0 and {VISIBILITY_S_MAX}.",
        )
    run = (token.offset, token.offset + 1)
    try:
        if timeout_s:
            session.submit(_renewal(token, run, timeout_s))
        else:
            command = Settle(token.subscription, token.partition, token.holder, [run], "release")
            command.delay_ms = 0
            command.strict = True
            session.settle(command)
    except LeaseExpired:
        raise Refused(MESSAGE_NOT_INFLIGHT, "The specified message isn't in flight.") from None


def _renewal(token: Token, run: tuple[int, int], timeout_s: int) -> Renew:
    return Renew(
        subscription=token.subscription,
        partition=token.partition,
        holder=token.holder,
        runs=(run,),
        lease_duration_ms=timeout_s * 1000,
    )
