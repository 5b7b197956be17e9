"""Looking at messages: nothing is leased, nothing changes. Cold.

    Peek         messages of a leased subscription that are not done, all or those in some states
    PeekStream   messages of a stream, whoever reads it and whether or not anybody does
    FindLease    how one message stands, for whoever shows a token of it

    READY, RETURNED    will be handed out (RETURNED: again)        WAITING   for a retry, DELAYED for the first time
    LEASED             somebody has it                             DEFERRED, PENDING, DEAD   see `leases.states`

Work is per run of messages in one state and per message shown, none for messages that are done.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.leases.revisions import block_of
from dragoman.kernel.leases.states import DONE, LEASED, READY, STATES
from dragoman.kernel.leases.window import Window
from dragoman.kernel.slices import partition_of
from dragoman.kernel.state import Needs, State
from dragoman.kernel.topology import check_owner
from dragoman.model.errors import InvalidArgument, OffsetOutOfRange, SubscriptionNotFound
from dragoman.model.limits import PEEK_BYTES_MAX, PEEK_COUNT_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

DELAYED: Final = "DELAYED"
OPEN: Final = frozenset(STATES.values()) - {STATES[DONE]} | {DELAYED}

Spot = tuple[int, str]
"""(offset, state)."""


class Peek(msgspec.Struct, frozen=True, kw_only=True):
    """Look at messages that are not done, from an offset on. Reply: `list[Peeked]`, at most `count_max`.

    states   names of `leases.states`, or DELAYED; empty takes all but DONE
    Of large messages fewer come: go on behind the last one shown, until none comes.
    Raises SubscriptionNotFound, ResourceLocked, PartitionNotFound, InvalidArgument (no such state).
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    subscription: str = ""
    partition: int = 0
    offset: int = 0
    count_max: int = 1
    states: tuple[str, ...] = ()


class PeekStream(msgspec.Struct, frozen=True, kw_only=True):
    """Look at what a stream holds, from an offset on. Reply: `list[Peeked]` without states or tries, as of `Peek`.

    Raises StreamNotFound, PartitionNotFound.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    partition: int = 0
    offset: int = 0
    count_max: int = 1


class Peeked(msgspec.Struct, frozen=True):
    """A message as it stands for a subscription; `state` is a name of `leases.states`, or DELAYED. Of the `tries` that
    have ended, `fails` ended in failure.
    """

    offset: int
    state: str
    stored_ms: int
    tries: int
    format: int
    body: bytes
    fails: int = 0


class FindLease(msgspec.Struct, frozen=True, kw_only=True):
    """Ask how the message of a delivery stands. Reply: `LeaseInfo`. Costs the same however much there is.

    Raises SubscriptionNotFound, PartitionNotFound, OffsetOutOfRange (there never was such a message).
    """

    subscription: int
    partition: int
    offset: int
    holder: int


class LeaseInfo(msgspec.Struct, frozen=True):
    """A delivered message now.

    state     DONE: settled, expired or dropped, it never comes again; LEASED; else it will come again, or waits
    is_held   the delivery's own holder has it: its token is good
    tries     leases of it that have ended
    """

    state: str
    is_held: bool
    tries: int


def peek(kernel: "Decisions", command: Peek, session: int) -> list[Peeked]:
    """Reply: what stands there. Raises Needs."""
    unknown = set(command.states) - OPEN
    if unknown:
        raise InvalidArgument(f"no state {min(unknown)}: there are {', '.join(sorted(OPEN))}")
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    partition = partition_of(subscription.stream, command.partition)
    window = subscription.windows[partition.index]
    runs = sorted(_runs(window, partition, frozenset(command.states) or OPEN))
    spots = _spots(partition, runs, command.offset, command.count_max)
    return [
        _peeked(state, block_of(window.revisions, partition, offset), offset, name, window)
        for offset, name in spots
    ]


def peek_stream(kernel: "Decisions", command: PeekStream, session: int) -> list[Peeked]:
    """Reply: what stands there. Raises Needs."""
    stream = kernel.state.stream(command.namespace, command.name)
    for subscription in stream.subscriptions:
        check_owner(subscription, session)
    partition = partition_of(stream, command.partition)
    start = max(command.offset, partition.start)
    runs = [(low, high, "") for low, high in partition.messages(start, partition.committed)]
    spots = _spots(partition, runs, start, command.count_max)
    return [_peeked(kernel.state, partition.at(offset), offset, name) for offset, name in spots]


def _runs(
    window: Window, partition: Partition, wanted: frozenset[str]
) -> Iterable[tuple[int, int, str]]:
    """Runs of messages in the wanted states, in no order."""
    for code, name in STATES.items():
        if name not in wanted:
            continue
        if code != READY:
            runs = list(window.runs(code))
        elif window.order is None:
            runs = partition.messages(window.frontier, min(window.shown, partition.end))
        else:
            runs = window.order.fresh(window)
        for start, end in runs:
            yield start, end, name
    if DELAYED in wanted and window.shown < partition.end:
        for start, end in partition.messages(window.shown, partition.end):
            yield start, end, DELAYED


def _spots(
    partition: Partition, runs: Iterable[tuple[int, int, str]], start: int, count_max: int
) -> list[Spot]:
    """The first messages of `runs` from `start` on that may be shown at once. Raises Needs for those on disk."""
    spots: list[Spot] = []
    blocks: dict[Block, None] = {}
    left = PEEK_BYTES_MAX
    for low, high, name in runs:
        for offset in range(max(low, start), high):
            block = partition.at(offset)
            assert block is not None and block.offset <= offset, (offset, "open, but gone")
            if block not in blocks:
                left -= block.size
                if blocks and left < 0:
                    return _loaded(blocks, spots)
                blocks[block] = None
            if len(spots) >= min(count_max, PEEK_COUNT_MAX):
                return _loaded(blocks, spots)
            spots.append((offset, name))
    return _loaded(blocks, spots)


def _loaded(blocks: Iterable[Block], spots: list[Spot]) -> list[Spot]:
    cold = [block for block in blocks if block.bodies is None]
    if cold and spots:
        raise Needs(cold)
    return spots


def _peeked(
    state: State, block: Block | None, offset: int, name: str, window: Window | None = None
) -> Peeked:
    assert block is not None
    format_, body = block.format, block.body(offset)
    if block.packed:
        format_, bodies = state.translator.open_batch(block.format, body)
        body = block.spread(bodies)[offset - block.offset]
    counts = (0, 0) if window is None else (window.tried(offset), window.failed(offset))
    return Peeked(offset, name, block.stored_at(offset), counts[0], format_, body, counts[1])


def find_lease(kernel: "Decisions", command: FindLease, session: int) -> LeaseInfo:
    """Reply: how the message stands."""
    subscription = kernel.state.subscriptions.get(command.subscription)
    if subscription is None:
        raise SubscriptionNotFound(str(command.subscription))
    partition = partition_of(subscription.stream, command.partition)
    offset = command.offset
    if not 0 <= offset < partition.end:
        raise OffsetOutOfRange(f"{offset} was never stored")
    window = subscription.windows[partition.index]
    block = partition.at(offset)
    is_there = block is not None and block.offset <= offset
    state = window.state(offset) if is_there else DONE  # no: done long ago, or lost with the power
    is_held = state == LEASED and window.holder_of(offset) == command.holder
    return LeaseInfo(STATES[state], is_held, window.tried(offset))


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    Peek: peek,
    PeekStream: peek_stream,
    FindLease: find_lease,
}
