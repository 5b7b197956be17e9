"""The order of keys: messages of one key one after the other, different keys side by side. Hot.

    ring 0       keys anybody may be served from      A -> C -> (no key)
    ring of H    keys locked by holder H              B ->
                 left out: locked keys without ready messages, keys that wait for a retry

A key is locked by whoever holds messages of it, until the last of them is settled; a key of sessions is locked by the
receiver that accepted it. While one of its messages waits for a retry nobody gets later ones. Keys are served round
robin: a key gets a ticket when it enters a ring or was served, the lowest ticket is next. Messages without a key never
lock. A deferred or parked message locks nothing.

Where keys are only to be served fairly, none ever locks, and each gets one message at a time in its turn: the backlog
of one delays no other.

Every message that is not DONE has its state and the number of its key in the window's chunks; a key is forgotten when
none of its messages is left, nobody locks it and it has no session state.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from dragoman.kernel.leases.lane import NONE, Lane, Spans
from dragoman.kernel.leases.order import LOOK_AHEAD_MAX, Order, Pick, Runs
from dragoman.kernel.leases.states import (
    DEAD,
    DEFERRED,
    DONE,
    LEASED,
    PENDING,
    READY,
    RETURNED,
    WAITING,
)

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder
    from dragoman.kernel.leases.window import Window

NO_RING: Final = -1
ANYBODY: Final = 0
KEYLESS: Final = 0  # number of the key that is none

_pack: Final = msgspec.msgpack.Encoder()
_unpack: Final = msgspec.msgpack.Decoder(tuple[int, list[tuple[int, bytes, bytes]]])


class Key:
    """One key with messages, a lock or session state. `open` counts its messages that are not DONE."""

    __slots__ = (
        "held",
        "holder",
        "key",
        "lane",
        "number",
        "open",
        "receiver",
        "ring",
        "state",
        "waiting",
    )

    def __init__(self, key: bytes, number: int) -> None:
        self.key = key
        self.number = number
        self.lane = Lane()
        self.held = Spans()  # LEASED
        self.holder = 0  # who holds them
        self.waiting = 0
        self.open = 0
        self.ring = NO_RING
        self.receiver = 0  # the holder that accepted this session
        self.state = b""  # of the session


class Keys(Order):
    """Of one partition. `sessions`: a key is served to its receiver only. `fair`: keys take turns and lock nothing."""

    __slots__ = (
        "by_key",
        "by_number",
        "called",
        "fair",
        "number_next",
        "rings",
        "sessions",
        "ticket_next",
    )

    def __init__(self, *, sessions: bool, fair: bool = False) -> None:
        self.sessions = sessions
        self.fair = fair
        self.by_key: dict[bytes, Key] = {}
        self.by_number: dict[int, Key] = {}
        self.number_next = KEYLESS + 1
        self.rings: dict[int, OrderedDict[int, int]] = {ANYBODY: OrderedDict()}
        self.called: OrderedDict[int, None] = OrderedDict()  # of `rings`, those worth a look
        self.ticket_next = 1

    # --- keys ---

    def key_of(self, key: bytes) -> Key:
        """The key, made where there is none."""
        known = self.by_key.get(key)
        if known is None:
            number = self.number_next if key else KEYLESS
            self.number_next += 1
            known = Key(key, number)
            self.by_key[key] = known
            self.by_number[number] = known
        return known

    def place(self, key: Key) -> None:
        """Put the key where it belongs now; forget it when nothing is left of it."""
        ring = self._ring_of(key)
        if ring != key.ring:
            self._unplace(key)
            if ring != NO_RING:
                self._enter(key, ring)
        if key.open == 0 and key.receiver == 0 and not key.state:
            del self.by_key[key.key]
            del self.by_number[key.number]

    def _ring_of(self, key: Key) -> int:
        if key.lane.low() == NONE:
            return NO_RING
        if self.sessions:
            return NO_RING if key.waiting else key.receiver
        if key.number == KEYLESS or self.fair:
            return ANYBODY
        if key.waiting:
            return NO_RING
        return key.holder if len(key.held) else ANYBODY

    def _enter(self, key: Key, ring: int) -> None:
        keys = self.rings.get(ring)
        if keys is None:
            keys = self.rings[ring] = OrderedDict()
            self.called[ring] = None
        keys[key.number] = self.ticket_next
        self.ticket_next += 1
        key.ring = ring

    def _unplace(self, key: Key) -> None:
        if key.ring != NO_RING:
            keys = self.rings[key.ring]
            del keys[key.number]
            if not keys and key.ring != ANYBODY:
                del self.rings[key.ring]
                self.called.pop(key.ring, None)
            key.ring = NO_RING

    def _served(self, key: Key) -> None:
        """Behind all others of its ring."""
        if key.ring != NO_RING:
            keys = self.rings[key.ring]
            keys[key.number] = self.ticket_next
            keys.move_to_end(key.number)
            self.ticket_next += 1

    # --- what is next ---

    def first(self, window: "Window", count_max: int, holder: "Holder | None") -> Pick | None:
        """See `Order`. Of sessions: what is next in those that `holder` has accepted. Who takes one batch is given all
        it can have of a key before another is locked for it.
        """
        mine = None if holder is None else self._head(holder.id)
        if mine is None or (holder is not None and not holder.once):
            free = None if self.sessions else self._head(ANYBODY)
            if mine is None or (free is not None and free[1] < mine[1]):
                mine = free
        if mine is None:
            return None
        if self.fair and len(self.rings[ANYBODY]) > 1:
            count_max = 1
        return self.by_number[mine[0]].lane.head(count_max)

    def _head(self, ring: int) -> tuple[int, int] | None:
        """(number, ticket) of the ring's next key."""
        keys = self.rings.get(ring)
        if not keys:
            return None
        number = next(iter(keys))
        return number, keys[number]

    def has_free(self) -> bool:
        """Whether something is ready for anybody."""
        return not self.sessions and bool(self.rings[ANYBODY])

    def call(self, holder: int) -> None:
        """The holder may have room again: if something waits for it alone, look."""
        if holder in self.rings:
            self.called[holder] = None

    def next_called(self, holders: "dict[int, Holder]") -> "Holder | None":
        """Who can be handed what waits for it alone; those without room are looked at again when they are called."""
        while self.called:
            number = next(iter(self.called))
            holder = holders.get(number)
            if holder is not None and holder.room(1) > 0:
                self.called.move_to_end(number)
                return holder
            del self.called[number]
        return None

    def next_free(self) -> Key | None:
        """The session that has waited longest for a receiver."""
        head = self._head(ANYBODY)
        return None if head is None else self.by_number[head[0]]

    def last(self, window: "Window", count_max: int) -> Pick | None:
        """The oldest of all, whoever has its key."""
        heads = _oldest(window, READY, 1, count_max) + _oldest(window, RETURNED, 1, count_max)
        return min(heads, default=None)

    def heads(self, window: "Window", count_max: int) -> list[Pick]:
        """The oldest of all, whoever has their keys."""
        most = LOOK_AHEAD_MAX // 2
        return _oldest(window, READY, most, count_max) + _oldest(window, RETURNED, most, count_max)

    def fresh(self, window: "Window") -> Runs:
        """See `Order`."""
        return list(window.runs(READY))

    # --- changes ---

    def append(
        self,
        window: "Window",
        base: int,
        runs: Runs,
        priorities: list[int] | None,
        keys: list[bytes] | None,
    ) -> None:
        """See `Order`."""
        for start, end in runs:
            at: int = start
            while at < end:
                key = b"" if keys is None else keys[at - base] or b""
                stop: int = end if keys is None else at + 1
                while stop < end and keys is not None and keys[stop - base] == key:
                    stop += 1
                self._add(window, at, stop, key)
                at = stop

    def _add(self, window: "Window", start: int, end: int, name: bytes) -> Key:
        key = self.key_of(name)
        window.enter(start, end, READY, 0)
        window.tag(start, end, key.number)
        key.lane.fresh.append(start, end)
        key.open += end - start
        if key.ring == NO_RING:
            self.place(key)
        return key

    def insert(self, window: "Window", start: int, end: int, priority: int, key: bytes) -> None:
        """See `Order`."""
        known = self.key_of(key)
        window.enter(start, end, READY, 0)
        window.tag(start, end, known.number)
        known.lane.fresh.add(start, end)
        known.open += end - start
        self.place(known)

    def shift(
        self, window: "Window", start: int, end: int, source: int, target: int, holder: int
    ) -> None:
        """See `Order`."""
        pieces = window.tagged(start, end)
        window.move(start, end, source, target, holder)
        for number, low, high in pieces:
            key = self.by_number[number]
            _leave(key, low, high, source)
            _enter(key, low, high, target, holder)
            self.place(key)
            if target == LEASED:
                self._served(key)

    def is_free_for(self, window: "Window", start: int, end: int, holder: int) -> bool:
        """Whether `holder` (0: somebody new) may have these messages, deferred before: nobody else has their keys."""
        for number, _, _ in window.tagged(start, end):
            key = self.by_number[number]
            locks = not self.fair and number != KEYLESS and len(key.held)
            if (self.sessions and key.receiver != holder) or (locks and key.holder != holder):
                return False
        return True

    def followers(self, window: "Window", runs: Runs) -> Runs:
        """Leased messages that come after one of `runs` in its key, those of `runs` themselves left out."""
        lowest: dict[int, int] = {}
        released: dict[int, Spans] = {}
        for start, end in runs:
            for number, low, high in window.tagged(start, end):
                if number != KEYLESS:
                    lowest[number] = min(low, lowest.get(number, low))
                    released.setdefault(number, Spans()).add(low, high)
        found: Runs = []
        for number, low in lowest.items():
            after = Spans()
            for start, end in self.by_number[number].held.runs():
                if end > low:
                    after.append(max(start, low), end)
            for start, end in released[number].runs():
                after.remove(start, end)
            found += after.runs()
        return sorted(found)

    # --- sessions ---

    def lock(self, key: Key, receiver: int) -> None:
        """The session is the receiver's; 0 nobody's."""
        key.receiver = receiver
        self.place(key)

    def set_state(self, name: bytes, state: bytes) -> None:
        """Keep the session's state; empty forgets it."""
        key = self.key_of(name)
        key.state = state
        self.place(key)

    # --- beginning again, checkpoint ---

    def anew(self) -> "Keys":
        """See `Order`."""
        order = Keys(sessions=self.sessions, fair=self.fair)
        for known in self.by_key.values():
            if known.receiver or known.state:
                key = order.key_of(known.key)
                key.receiver = known.receiver
                key.state = known.state
        return order

    def dump(self) -> bytes:
        """The names that stand behind the numbers in chunks, and session states."""
        keys = [(key.number, key.key, key.state) for key in self.by_key.values()]
        return _pack.encode((self.number_next, keys))

    def load(self, window: "Window", data: bytes | None) -> None:
        """See `Order`."""
        if data:
            self.number_next, keys = _unpack.decode(data)
            for number, name, state in keys:
                key = Key(name, number)
                key.state = state
                self.by_key[name] = self.by_number[number] = key
        for code in (READY, LEASED, RETURNED, WAITING, DEFERRED, PENDING, DEAD):
            for start, end in list(window.runs(code)):
                for number, low, high in window.tagged(start, end):
                    if number not in self.by_number:
                        raise ValueError(f"{low}: nothing is known of key number {number}")
                    key = self.by_number[number]
                    key.open += high - low
                    if code == READY:
                        key.lane.fresh.append(low, high)
                    else:
                        _enter(key, low, high, code, window.holder_of(low))
        for key in sorted(self.by_key.values(), key=_age):
            self.place(key)


def _oldest(window: "Window", state: int, runs_max: int, count_max: int) -> list[Pick]:
    found: list[Pick] = []
    run = window.next_run(state, window.floor(), count_max)
    while run is not None:
        found.append((run[0], run[1], state == READY))
        if len(found) == runs_max:
            break
        run = window.next_run(state, run[1], count_max)
    return found


def _age(key: Key) -> int:
    return key.lane.low()


def _leave(key: Key, start: int, end: int, source: int) -> None:
    if source == LEASED:
        key.held.remove(start, end)
    elif source == READY:
        key.lane.fresh.remove(start, end)
    elif source == RETURNED:
        assert key.lane.returned is not None
        key.lane.returned.remove(start, end)
    elif source == WAITING:
        key.waiting -= end - start


def _enter(key: Key, start: int, end: int, target: int, holder: int) -> None:
    if target == DONE:
        key.open -= end - start
    elif target == LEASED:
        key.held.add(start, end)
        key.holder = holder
    elif target == RETURNED:
        key.lane.put_back(start, end)
    elif target == WAITING:
        key.waiting += end - start
