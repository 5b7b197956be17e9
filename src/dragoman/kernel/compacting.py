"""Compaction: of a compacted stream the last message of each key stays, and whatever has no key.

    start            dirty              limit            end
      |  compacted     |  new since       |  left alone   |

Left alone is what no checkpoint has yet (of a node that writes any), is too young, in an open transaction, not settled
by a leased reader, or held by a pump or a snapshot; and the last entry, so that a cursor which has read all of it is at
the end. Offsets stay as they are: readers find gaps.

Every PERIOD_MS partitions are looked at (see `dirtiness`); one of which enough is dirty has a round: the last offset of
each dirty key is learned, LEARN_BYTES_MAX a step, then entries are gone through front to back, REWRITE_BYTES_MAX a
step, and written anew where something goes. PAUSE_MS lie between two steps: others wait for one of them at most, and
the thread is theirs for most of the time.

    a message whose key comes again            goes
    a key without a value (a tombstone)        goes tombstone_ms after a round first met it, when no value before it
                                               is left: a reader that is not further behind sees that the key is gone
    an aborted transaction, a marker           goes, and the aborted index forgets it in the same record
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Block, Partition, remnant_block
from dragoman.kernel.compaction import NEVER, Compaction, Place, Round
from dragoman.kernel.dirtiness import LOOK_BLOCKS_MAX, begin_look, is_due, look_on, unneeded
from dragoman.kernel.entities import Stream
from dragoman.kernel.records import Compacted, Remnant, Runs
from dragoman.kernel.state import Needs, State
from dragoman.kernel.transactions.transaction import cut_aborted
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import NO_TOMBSTONE, TOMBSTONE, Translator

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

PERIOD_MS: Final = 5_000
PAUSE_MS: Final = 4  # between two steps: 16 MB/s are written anew, 64 MB/s learned
LEARN_BYTES_MAX: Final = 256 * 1024  # of bodies opened in one step: some milliseconds
REWRITE_BYTES_MAX: Final = 64 * 1024  # of entries made one
KEYS_MAX: Final = 1_000_000  # learned in one round; the rest is for the next
KEYS_BYTES_MAX: Final = 64 << 20


def sweep_compaction(kernel: "Decisions") -> bool:
    """One step of the round under way, or of finding the next; True when more is to do now. Raises Needs."""
    state = kernel.state
    compaction = state.compaction
    if kernel.elapsed_ms < _next_ms(compaction):
        return False
    if state.is_full:
        compaction.due_ms = compaction.step_ms = kernel.elapsed_ms + PERIOD_MS
        return False
    if compaction.round is not None:
        _step(kernel, compaction.round)
    else:
        if not compaction.is_looking():
            compaction.due_ms = kernel.elapsed_ms + PERIOD_MS
            compaction.waiting = _places(state)
        _look_on(kernel, compaction)
    if compaction.is_busy():
        compaction.step_ms = kernel.elapsed_ms + PAUSE_MS
    return _next_ms(compaction) <= kernel.elapsed_ms


def _next_ms(compaction: Compaction) -> int:
    return compaction.step_ms if compaction.is_busy() else compaction.due_ms


def next_compaction_ms(state: State) -> int | None:
    """When streams are looked at next, elapsed time."""
    return _next_ms(state.compaction) if state.streams else None


def _places(state: State) -> list[Place]:
    """Partitions of compacted streams; what is known of others is forgotten."""
    places = [
        (stream.id, partition.index)
        for stream in state.streams.values()
        if stream.settings.compact and stream.settings.retention_ms
        for partition in stream.partitions
    ]
    compaction = state.compaction
    compaction.cleaned = {at: compaction.cleaned.get(at, 0) for at in places}
    compaction.tombstones_ms = {at: compaction.tombstones_ms.get(at, NEVER) for at in places}
    return places


def _look_on(kernel: "Decisions", compaction: Compaction) -> None:
    """Look at some of what waits, until one is found that is worth a round."""
    left = LOOK_BLOCKS_MAX
    now_ms = kernel.now_ms
    while left > 0 and compaction.round is None and compaction.is_looking():
        look = compaction.look or begin_look(kernel.state, compaction.waiting.pop(), now_ms)
        compaction.look = None
        stream = None if look is None else kernel.state.streams.get(look.place[0])
        if look is None or stream is None:
            continue
        left -= look_on(kernel.state, stream, look, now_ms, left)
        tombstone_ms = compaction.tombstones_ms.get(look.place, NEVER)
        if not look.is_over:
            compaction.look = look
        elif is_due(look, stream.settings, tombstone_ms, now_ms):
            compaction.round = Round(look.place, look.dirty, look.limit)


def _step(kernel: "Decisions", round_: Round) -> None:
    state = kernel.state
    stream = state.streams.get(round_.place[0])
    if stream is None or not stream.settings.compact:
        state.compaction.round = None
        return
    partition = stream.partitions[round_.place[1]]
    if round_.is_learning:
        _learn(state.translator, partition, round_)
        return
    _rewrite(kernel, stream, partition, round_)
    if round_.at >= round_.limit and state.compaction.round is round_:
        state.compaction.cleaned[round_.place] = round_.limit
        state.compaction.tombstones_ms[round_.place] = round_.tombstone_ms
        state.compaction.round = None


# --- learning ---


def _learn(translator: Translator, partition: Partition, round_: Round) -> None:
    """Note where each key is met last. Raises Needs."""
    blocks = _blocks(partition, round_, LEARN_BYTES_MAX)
    _load(blocks)
    for block in blocks:
        for offset, key, _ in _keys_of(translator, block):
            if key is not None:
                if key not in round_.latest:
                    round_.keys_bytes += len(key)
                round_.latest[key] = offset
    round_.at = blocks[-1].end if blocks else round_.limit
    if len(round_.latest) > KEYS_MAX or round_.keys_bytes > KEYS_BYTES_MAX:
        round_.limit = min(round_.limit, round_.at)
    if round_.at >= round_.limit:
        round_.is_learning = False
        round_.at = partition.start


def _blocks(partition: Partition, round_: Round, bytes_max: int) -> list[Block]:
    """The next blocks of the round, of about `bytes_max`."""
    found: list[Block] = []
    size = 0
    for at in range(partition.find(round_.at), len(partition.blocks)):
        block = partition.blocks[at]
        if block.end > round_.limit or (found and size + block.size > bytes_max):
            break
        found.append(block)
        size += block.size
    return found


def _load(blocks: list[Block]) -> None:
    cold = [block for block in blocks if block.bodies is None and not is_void(block)]
    if cold:
        raise Needs([block for block in blocks if not is_void(block)])


def is_void(block: Block) -> bool:
    """Nobody will ever need what is in it."""
    return block.control or block.aborted


def _keys_of(translator: Translator, block: Block) -> list[tuple[int, bytes | None, int]]:
    """(offset, key, when it may go as a tombstone) of each message; what cannot be read has no key."""
    if is_void(block):
        return []
    assert block.bodies is not None
    found: list[tuple[int, bytes | None, int]] = []
    bodies = [(block.offset, block.bodies[0])] if block.packed else plain_bodies(block)
    for offset, body in bodies:
        try:
            keys = translator.log_keys(block.format, body)
        except InvalidArgument:
            end = block.end if block.packed else offset + 1
            keys = [(at - offset, None, NO_TOMBSTONE) for at in range(offset, end)]
        found += [(offset + delta, key, said_ms) for delta, key, said_ms in keys]
    return found


def plain_bodies(block: Block) -> list[tuple[int, bytes]]:
    """(offset, body) of each message of a block that is no batch."""
    return [
        (offset, block.body(offset))
        for start, end in block.present(block.offset, block.end)
        for offset in range(start, end)
    ]


# --- rewriting ---


class Choice:
    """What stays of some neighbouring blocks, and what is to be said of their tombstones."""

    __slots__ = ("is_changed", "kept", "tombstone_ms")

    def __init__(self) -> None:
        self.kept: set[int] = set()
        self.is_changed = False
        self.tombstone_ms = TOMBSTONE


def _rewrite(kernel: "Decisions", stream: Stream, partition: Partition, round_: Round) -> None:
    """Go through the next blocks. Raises Needs."""
    translator = kernel.state.translator
    blocks = _group(translator, _blocks(partition, round_, REWRITE_BYTES_MAX))
    _load(blocks)
    if not blocks:
        round_.at = round_.limit
        return
    if blocks[-1].end > unneeded(stream, partition):
        kernel.state.compaction.round = None  # somebody came who reads it from the beginning
        return
    choice = Choice()
    for block in blocks:
        _choose(translator, block, round_, choice, kernel.now_ms, stream.settings.tombstone_ms)
    start, end = blocks[0].offset, blocks[-1].end
    round_.at = end
    if choice.tombstone_ms > kernel.now_ms:  # one that is over and still there waits for no time
        first_ms = round_.tombstone_ms or choice.tombstone_ms
        round_.tombstone_ms = min(first_ms, choice.tombstone_ms)
    if choice.is_changed:
        remnants = _remnants(translator, blocks, choice, round_) if choice.kept else []
        kernel.commit([Compacted(stream.id, partition.index, start, end, remnants)])


def _group(translator: Translator, blocks: list[Block]) -> list[Block]:
    """As many of the blocks, from the first on, as can be made one."""
    first: Block | None = None
    for at, block in enumerate(blocks):
        if is_void(block):
            continue
        if first is not None and not (
            (first.format, first.hops) == (block.format, block.hops)
            and packs(translator, first)
            and packs(translator, block)
        ):
            return blocks[:at]
        first = block
    return blocks


def packs(translator: Translator, block: Block) -> bool:
    """Whether what stays of it may be put in a batch with others: nothing is known of its messages one by one."""
    is_bare = block.expires_ms is None and block.priorities is None and block.keys is None
    return is_bare and translator.packs(block.format)


def _choose(
    translator: Translator,
    block: Block,
    round_: Round,
    choice: Choice,
    now_ms: int,
    tombstone_ms: int,
) -> None:
    choice.is_changed = choice.is_changed or is_void(block)
    if not packs(translator, block) and not is_void(block):
        _choose_plain(translator, block, round_, choice)
        return
    for offset, key, said_ms in _keys_of(translator, block):
        is_over = said_ms not in {NO_TOMBSTONE, TOMBSTONE} and said_ms <= now_ms
        is_over = is_over and round_.stuck is not None and key not in round_.stuck
        if key is not None and (round_.latest.get(key, -1) > offset or is_over):
            choice.is_changed = True
            continue
        choice.kept.add(offset)
        if said_ms == TOMBSTONE:
            choice.is_changed = True
            choice.tombstone_ms = max(choice.tombstone_ms, now_ms + tombstone_ms)
        choice.tombstone_ms = max(choice.tombstone_ms, said_ms)


def _choose_plain(translator: Translator, block: Block, round_: Round, choice: Choice) -> None:
    """In what is not made anew nothing can be said of tombstones: they stay. A batch stays whole, and with it values
    that come again: tombstones behind them must stay too, or they would be the last of their keys.
    """
    for offset, key, _ in _keys_of(translator, block):
        comes_again = key is not None and round_.latest.get(key, -1) > offset
        if comes_again and not block.packed:
            choice.is_changed = True
            continue
        choice.kept.add(offset)
        if key is not None and round_.stuck is not None:
            round_.stuck.add(key)
            if len(round_.stuck) > KEYS_MAX:
                round_.stuck = None


def _remnants(
    translator: Translator, blocks: list[Block], choice: Choice, round_: Round
) -> list[Remnant]:
    solid = [block for block in blocks if not is_void(block)]
    first = solid[0]
    if not packs(translator, first):
        return [_thinned(first, choice.kept)]
    entries = [
        entry
        for block in solid
        if block.bodies is not None
        for entry in ([(block.offset, block.bodies[0])] if block.packed else plain_bodies(block))
    ]
    start, end = min(choice.kept), max(choice.kept) + 1
    stored = _stored(solid, start, end)
    try:
        body = translator.rebatch(first.format, entries, choice.kept, choice.tombstone_ms)
    except InvalidArgument:
        round_.stuck = None  # they stay whole
        return [_thinned(block, set(range(block.offset, block.end))) for block in solid]
    return [
        Remnant(
            start,
            end,
            first.format,
            True,
            first.hops,
            stored[0],
            max(block.newest_ms() for block in solid),
            [body],
            gaps_of(choice.kept, start, end),
            stored if stored[0] != stored[-1] else None,
        )
    ]


def _stored(blocks: list[Block], start: int, end: int) -> list[int]:
    """When each offset was stored; where there is none, as the one before it."""
    times: list[int] = []
    for block in blocks:
        for low, high in block.present(start, end):
            times += [times[-1] if times else 0] * (low - start - len(times))
            times += [block.stored_at(offset) for offset in range(low, high)]
    return times[: end - start]


def _thinned(block: Block, kept: set[int]) -> Remnant:
    """The block as it was, with empty bodies where nothing is left."""
    assert block.bodies is not None
    bodies = block.bodies
    if not block.packed:
        bodies = [
            body if offset in kept else b""
            for offset, body in enumerate(block.bodies, block.offset)
        ]
    return Remnant(
        block.offset,
        block.end,
        block.format,
        block.packed,
        block.hops,
        block.stored_ms,
        block.latest_ms,
        bodies,
        block.missing if block.packed else gaps_of(kept, block.offset, block.end),
        block.stored,
        block.expires_ms,
        block.priorities,
        block.keys,
    )


def gaps_of(kept: set[int], start: int, end: int) -> Runs:
    """Runs in [start, end) of which nothing is kept."""
    gaps: Runs = []
    at = start
    for offset in [*sorted(kept), end]:
        if offset > at:
            gaps.append((at, offset))
        at = offset + 1
    return gaps


def apply_compacted(state: State, record: Compacted) -> None:
    """What lay there is that now."""
    stream = state.streams.get(record.stream)
    if stream is None:
        return
    partition = stream.partitions[record.partition]
    blocks = [remnant_block(remnant) for remnant in record.remnants]
    state.forget(partition.rewrite(record.start, record.end, blocks))
    state.resident += sum(block.cost() for block in blocks)
    state.usage.stored_bytes += sum(block.size for block in blocks)
    if not state.has_checkpoints:
        partition.rewritten = []
    cut_aborted(state, (stream.id, partition.index), record.end)
    state.dirty_streams[stream.id] = stream
