"""Dead-lettering: messages that a subscription gives up go to its dead-letter address, in the same atomic set.

Where there is no address, or it leads nowhere, or the message goes in a circle that no reader broke, it is dropped.
The stored bytes of the history (x-death and its like) are the formats' business.
"""

from typing import Final, NamedTuple

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.draft import Pending
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.states import LEASED
from dragoman.kernel.publish import death_of, decide_death
from dragoman.kernel.records import Record, Runs
from dragoman.kernel.state import Needs, State
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import Change


class Last(NamedTuple):
    """What their last reader said of messages: a text, and headers that are to be set on them."""

    text: str = ""
    headers: dict[str, object] | None = None


NOTHING_SAID: Final = Last()
UNTOUCHED: Final = frozenset(("expired", "maxlen"))
"""No reader had a hand in it: pumps that carry the message on from its dead-letter address go on counting."""


def dead_letters(
    state: State,
    subscription: Subscription,
    partition_index: int,
    runs: Runs,
    reason: str,
    now_ms: int,
    pending: Pending | None = None,
    said: Last = NOTHING_SAID,
) -> list[Record]:
    """Records that publish the messages of `runs` to the dead-letter address. Raises Needs."""
    settings = subscription.settings
    if settings.dead_letter is None or (reason == "expired" and not settings.dead_letter_expired):
        state.given_up.record(reason, sum(end - start for start, end in runs), lettered=0)
        return []
    partition = subscription.stream.partitions[partition_index]
    records: list[Record] = []
    count = lettered_count = 0
    pending = pending or Pending()
    window = subscription.windows[partition_index]
    for offset, stored_ms, format_, body, hops in _bodies(
        state, partition, runs, with_copies=window.order is not None
    ):
        death = death_of(subscription, reason, now_ms)
        death.text = said.text
        death.stored_ms = stored_ms
        death.attempts = window.tried(offset)
        if window.state(offset) == LEASED:
            death.attempts += 1
            death.tried_ms = now_ms
        if said.headers:
            format_, body = _with_headers(state, format_, body, said.headers)  # noqa: PLW2901
        came = hops if reason in UNTOUCHED else 0
        lettered = decide_death(state, subscription, format_, body, death, pending, came)
        records += lettered
        count += 1
        lettered_count += bool(lettered)
    state.given_up.record(reason, count, lettered=lettered_count)
    return records


def _with_headers(
    state: State, format_: int, body: bytes, headers: dict[str, object]
) -> tuple[int, bytes]:
    """The message with these headers; as it is where it cannot have them."""
    change = Change()
    change.headers.update(headers)
    try:
        return state.translator.changed(format_, body, change)
    except InvalidArgument:
        return format_, body


def _bodies(
    state: State, partition: Partition, runs: Runs, *, with_copies: bool
) -> list[tuple[int, int, int, bytes, int]]:
    """(offset, when it was stored, format, stored bytes, hops) of each message; a batch is opened.

    Runs of a reader with an order name what is its own, so that what is a gap to others is a copy made for it.
    """
    wanted: list[Block] = []
    missing = False
    found: list[tuple[int, int, int, bytes, int]] = []
    for start, end in runs:
        at = partition.find(start)
        while at < len(partition.blocks) and partition.blocks[at].offset < end:
            block = partition.blocks[at]
            at += 1
            if block.control and not with_copies:
                continue
            wanted.append(block)
            if block.bodies is None:
                missing = True
                continue
            low, high = max(start, block.offset), min(end, block.end)
            if block.packed:
                format_, bodies = state.translator.open_batch(block.format, block.bodies[0])
                bodies = block.spread(bodies)[low - block.offset : high - block.offset]
            else:
                format_, bodies = block.format, block.slice(low, high)
            found += [
                (offset, block.stored_at(offset), format_, body, block.hops)
                for offset, body in enumerate(bodies, low)
            ]
    if missing:
        raise Needs(wanted)  # all of them: none may be let go to make room for another
    return found
