"""What rules with an action make of a message: changed copies, each for one subscription alone.

    offset   41          42                    43                    44
             message     copy, for `eu`        copy, for `eu`        message          `eu` has two such rules
             everybody   Target.matches: eu    Target.matches: eu    everybody

A copy is an entry of the stream, right behind its message and in the same frame of the journal, so that a subscription
has one order and one set of numbers. It is a `control` entry: to cursors, pumps and all other subscriptions a gap, as a
transaction's marker is. `append` shows it to whom its matches name, and to nobody else.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from dragoman.kernel.block import Partition
from dragoman.kernel.draft import Draft
from dragoman.kernel.entities import Stream
from dragoman.kernel.leases.index import Reading, key_in
from dragoman.kernel.records import Published, Target
from dragoman.model.errors import InvalidArgument

ID_MAX: Final = 1 << 128


class Copy:
    """A message as a rule's action has it. `key` orders it, where its stream wants one."""

    __slots__ = ("body", "format", "key", "subscription")

    def __init__(self, subscription: int, format_: int, body: bytes, key: bytes) -> None:
        self.subscription = subscription
        self.format = format_
        self.body = body
        self.key = key


def acts(stream: Stream) -> bool:
    """Whether some rule of its subscriptions has an action."""
    return stream.matching is not None and stream.matching.acts


def copies(
    reading: Reading, stream: Stream, index: int, random_below: Callable[[int], int]
) -> list[Copy]:
    """Those of message `index`. One that cannot be changed is taken as it is. Raises InvalidArgument."""
    assert stream.matching is not None, "nobody filters"
    source, body = reading.fields()[index], reading.bodies()[index]
    found: list[Copy] = []
    for subscription, acting in stream.matching.actors(source):
        try:
            change = acting.action.change(source, lambda: UUID(int=random_below(ID_MAX), version=4))
            format_, changed = reading.translator.changed(reading.format, body, change)
        except InvalidArgument:
            format_, changed = reading.format, body
        key = key_in(reading.translator.fields(format_, changed, 0)) if stream.keyed else b""
        found.append(Copy(subscription, format_, changed, key))
    return found


def append_copy(draft: Draft, stream: Stream, partition: Partition, index: int, copy: Copy) -> None:
    """The record that appends a copy of body `index`; `partition` is its message's, unless it has a key of its own."""
    command, reply = draft.command, draft.reply
    if stream.keyed and len(stream.partitions) > 1 and (copy.key or stream.has_sessions):
        partition = stream.partition_of_key(copy.key)
    offset = draft.ends.get(partition, partition.end)
    draft.ends[partition] = offset + 1
    draft.depend_on(stream, partition, offset + 1)
    reply.routed = max(reply.routed, 1)
    expires, priorities = command.expires_ms, command.priorities
    matches = {copy.subscription: [(offset, offset + 1)]}
    draft.records.append(
        Published(
            (Target(stream.id, partition.index, offset, matches),),
            copy.format,
            [copy.body],
            0,
            draft.now_ms,
            None if expires is None else [expires[index]],
            None if priorities is None else [priorities[index]],
            [copy.key] if stream.keyed else None,
            control=True,
            hops=command.hops,
        )
    )
