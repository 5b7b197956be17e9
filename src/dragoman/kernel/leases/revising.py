"""What a reader sets on messages that it gives back or defers: their subscription has them so from then on. Cold.

A revision is stored whole: it is read as any message is, by readers of any protocol, and needs no other to be
understood. See `revisions`.
"""

from collections.abc import Iterator

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import Settle
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.revisions import Revisions, standing_in
from dragoman.kernel.leases.states import DONE
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Record, Revised, Runs
from dragoman.kernel.state import Needs, State
from dragoman.model.errors import InvalidArgument, QuotaExceeded
from dragoman.model.limits import REVISION_BYTES_MAX, REVISIONS_MAX
from dragoman.ports.translator import Change

StoredMessage = tuple[int, int, bytes, Block]
"""(offset, format, bytes that stand alone, the block with all else that is true of it)."""


def revise(state: State, subscription: Subscription, command: Settle, runs: Runs) -> list[Record]:
    """Records that set the command's headers on the messages of `runs`. Raises Needs, QuotaExceeded."""
    if not command.headers:
        return []
    window = subscription.windows[command.partition]
    partition = subscription.stream.partitions[command.partition]
    records: list[Record] = []
    size = 0
    for offset, format_, body, block in stored_messages(state, partition, window, runs):
        format_, body = with_headers(state, format_, body, command.headers)  # noqa: PLW2901
        message = standing_in(block, offset, format_, body)
        records.append(Revised(subscription.id, partition.index, message))
        size += len(body)
    _check_room(window.revisions, len(records), size)
    return records


def _check_room(known: Revisions | None, count: int, size: int) -> None:
    """What is revised once more counts as one more."""
    if known is not None:
        count += len(known.blocks)
        size += known.size
    if count > REVISIONS_MAX or size > REVISION_BYTES_MAX:
        raise QuotaExceeded(
            f"readers have set something on {REVISIONS_MAX} messages, or {REVISION_BYTES_MAX} bytes"
        )


def with_headers(
    state: State, format_: int, body: bytes, headers: dict[str, object]
) -> tuple[int, bytes]:
    """The message with these headers; as it is where it cannot have them."""
    change = Change()
    change.headers.update(headers)
    try:
        return state.translator.changed(format_, body, change)
    except InvalidArgument:
        return format_, body


def stored_messages(
    state: State, partition: Partition, window: Window, runs: Runs
) -> Iterator[StoredMessage]:
    """The messages of `runs` as the window's subscription has them; batches are opened. Raises Needs.

    Runs of a reader with an order name what is its own, so that what is a gap to others is a copy made for it.
    """
    found = [
        piece
        for start, end in runs
        for block in _blocks_in(partition, start, end)
        if not block.control or window.order is not None
        for piece in _pieces(window.revisions, block, max(start, block.offset), min(end, block.end))
    ]
    blocks = [block for _, _, block in found]
    if any(block.bodies is None for block in blocks):
        raise Needs(blocks)  # all of them: none may be let go to make room for another
    for low, high, block in found:
        format_, bodies = _opened(state, block, low, high)
        for offset, body in enumerate(bodies, low):
            yield offset, format_, body, block


def _blocks_in(partition: Partition, start: int, end: int) -> Iterator[Block]:
    at = partition.find(start)
    while at < len(partition.blocks) and partition.blocks[at].offset < end:
        yield partition.blocks[at]
        at += 1


def _pieces(
    revisions: Revisions | None, block: Block, start: int, end: int
) -> Iterator[tuple[int, int, Block]]:
    """[start, end) of `block`, or what stands in for it; a block that nobody needs is not loaded."""
    while revisions is not None and start < end:
        until = revisions.first_in(start, end)
        if start < until:
            yield start, until, block
        if until < end:
            yield until, until + 1, revisions.blocks[until]
        start = until + 1
    if start < end:
        yield start, end, block


def _opened(state: State, block: Block, low: int, high: int) -> tuple[int, list[bytes]]:
    if not block.packed:
        return block.format, block.slice(low, high)
    assert block.bodies is not None
    format_, bodies = state.translator.open_batch(block.format, block.bodies[0])
    return format_, block.spread(bodies)[low - block.offset : high - block.offset]


def apply_revised(state: State, record: Revised) -> None:
    """The subscription has the message so; a message that is done meanwhile is nobody's."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    window = subscription.windows[record.partition]
    if window.state(record.message.offset) == DONE:
        return
    if window.revisions is None:
        window.revisions = Revisions()
    window.revisions.put(record.message)
    state.dirty_subscriptions[subscription.id] = subscription
