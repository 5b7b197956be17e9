"""Dead-lettering: messages that a subscription gives up go to its dead-letter address, in the same atomic set.

Where there is no address, or it leads nowhere, or the message goes in a circle that no reader broke, it is dropped.
The stored bytes of the history (x-death and its like) are the formats' business.
"""

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import Publish
from dragoman.kernel.entities import Subscription
from dragoman.kernel.publish import Pending, decide_publish
from dragoman.kernel.records import Record, Runs
from dragoman.kernel.settings import Address
from dragoman.kernel.state import Needs, State
from dragoman.model.errors import InvalidArgument, KernelError
from dragoman.ports.translator import Death


def dead_letters(
    state: State,
    subscription: Subscription,
    partition_index: int,
    runs: Runs,
    reason: str,
    now_ms: int,
    pending: Pending | None = None,
) -> list[Record]:
    """Records that publish the messages of `runs` to the dead-letter address. Raises Needs."""
    address = subscription.settings.dead_letter
    if address is None:
        return []
    partition = subscription.stream.partitions[partition_index]
    messages = _bodies(state, partition, runs)
    records: list[Record] = []
    pending = pending or Pending()
    for format_, body in messages:
        key = address.key or state.translator.route_key(format_, body)
        exchange = address.name if address.is_route else ""
        try:
            lettered = state.translator.dead_letter(
                format_,
                body,
                Death(reason, subscription.name, now_ms, address.key, exchange=exchange),
            )
        except InvalidArgument:
            lettered = (format_, body)  # unreadable: as it is
        if lettered is None:
            continue
        target = Address(address.name or key, key, address.is_route)
        command = Publish(subscription.stream.namespace, target, lettered[0], [lettered[1]])
        try:
            more, _ = decide_publish(state, command, now_ms, pending)
        except KernelError:
            continue  # the address leads nowhere: dropped, as its protocols do
        records += more
    return records


def _bodies(state: State, partition: Partition, runs: Runs) -> list[tuple[int, bytes]]:
    """(format, stored bytes) of each message; a batch is opened."""
    missing: list[Block] = []
    found: list[tuple[int, bytes]] = []
    for start, end in runs:
        at = partition.find(start)
        while at < len(partition.blocks) and partition.blocks[at].offset < end:
            block = partition.blocks[at]
            at += 1
            if block.control:
                continue
            if block.bodies is None:
                missing.append(block)
                continue
            low, high = max(start, block.offset), min(end, block.end)
            if block.packed:
                format_, bodies = state.translator.open_batch(block.format, block.bodies[0])
                bodies = bodies[low - block.offset : high - block.offset]
            else:
                format_, bodies = block.format, block.slice(low, high)
            found += [(format_, body) for body in bodies]
    if missing:
        raise Needs(missing)
    return found
