r"""The kernel as one object: commands in, records and replies out, deliveries gathered.

    submit(command) -> decide -> records -> apply (memory, at once)
                                     \-> `drain_records` for the journal
    dispatch()      -> Leased records the same way, deliveries per session

Deciding never changes anything: a decision that needs bodies from disk raises `Needs` and is simply asked again.
"""

from collections.abc import Callable, Mapping
from heapq import heappop
from typing import Any, Final

from mypy_extensions import mypyc_attr

from dragoman.kernel.append import apply_published
from dragoman.kernel.block import Block
from dragoman.kernel.commands import (
    FindEpoch,
    FindQueue,
    FindStream,
    IsDry,
    Lease,
    Publish,
    Read,
    SetCredit,
    Settle,
)
from dragoman.kernel.consumers import HANDLERS as CONSUMER_HANDLERS
from dragoman.kernel.consumers import close_consumers, leave
from dragoman.kernel.durable import is_durable
from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.features import HANDLERS as FEATURE_HANDLERS
from dragoman.kernel.features import next_elapsed_ms, next_wall_ms, sweep_features
from dragoman.kernel.groups.handlers import HANDLERS as GROUP_HANDLERS
from dragoman.kernel.groups.handlers import close_tickets, sweep_groups
from dragoman.kernel.groups.readers import close_readers
from dragoman.kernel.guard import check, check_publish, check_settle, shown
from dragoman.kernel.handlers import HANDLERS
from dragoman.kernel.leases.deadlines import sweep_leases
from dragoman.kernel.leases.dispatch import DISPATCH_MAX, SERVED_MIN, TURN_MAX, dispatch_one
from dragoman.kernel.leases.lease import Delivery, apply_leased
from dragoman.kernel.leases.settle import apply_settled, decide_settle
from dragoman.kernel.leases.sweep import decide_expiry, decide_overflow, decide_retries
from dragoman.kernel.permissions import BROKER_SESSION
from dragoman.kernel.publish import decide_publish
from dragoman.kernel.records import Leased, Published, Record, Settled, Started
from dragoman.kernel.replay import APPLY
from dragoman.kernel.replies import PublishReply, SettleReply
from dragoman.kernel.reservation import skips
from dragoman.kernel.retention import next_patrol_ms, patrol
from dragoman.kernel.scheduler import decide_put_off, schedule
from dragoman.kernel.state import LOOK_MS, Needs, State
from dragoman.kernel.storable import check_storable, settings_of
from dragoman.kernel.topology import deletion
from dragoman.kernel.unused import drop_emptied
from dragoman.model.errors import NotSupported
from dragoman.ports.translator import Translator

COLD_BYTES_MAX: Final = (
    16 << 20
)  # asked for by one dispatch, about; what is asked for later waits a turn
SECRET_BYTES: Final = 32
SWEEPS_MAX: Final = 64  # bounded steps per call of `sweep`
CALM_MS: Final = 1_000  # for which features are not asked while nothing stirs them and none is due
NEVER: Final = 1 << 62
QUIET: Final = frozenset((Lease, SetCredit, IsDry, FindStream, FindQueue, FindEpoch, Read))
"""Commands that no feature waits for, of those that come often: they only look, or records say what they led to."""


@mypyc_attr(allow_interpreted_subclasses=True)  # the simulation judges every call
class Kernel:
    """Decides, applies, remembers what to write. One thread owns it."""

    def __init__(
        self,
        translator: Translator,
        routing: Any,
        random_below: Callable[[int], int],
        token: Callable[[int], bytes],
    ) -> None:
        self.state = State(translator, routing, random_below)
        self.token = token
        self.now_ms = 0  # wall time, set by the runtime before each turn
        self.elapsed_ms = 0
        self._records: list[Record] = []
        self.is_broken = False  # a record was carried out in part: nothing here is to be believed
        self._deliveries: dict[int, list[Delivery]] = {}
        self._served_once: list[Holder] = []  # to end with this dispatch
        self._is_cut = False  # the last dispatch has not come to everybody
        self._session_next = 1
        self._calm_until_ms = (
            0  # elapsed; before it, and before what follows, features have nothing to do
        )
        self._next_elapsed_ms: int = NEVER  # as features said when they were last asked
        self._next_wall_ms: int = NEVER
        self._handlers: Mapping[type, Callable[..., Any]] = {
            **HANDLERS,
            **CONSUMER_HANDLERS,
            **GROUP_HANDLERS,
            **FEATURE_HANDLERS,
        }
        self._settings: Mapping[type, tuple[str, ...]] = settings_of(self._handlers)

    def begin(self, incarnation: int, boot: bytes = b"") -> None:
        """A new life of the node: what was leased through connections is ready again, and what a power cut may have
        taken is skipped. `boot` tells this run of the machine from all others; empty where that is not known.
        """
        records = [] if boot and boot == self.state.boot else skips(self.state)
        secret = self.state.secret or self.token(SECRET_BYTES)
        self.commit([Started(incarnation, self.state.id_next, secret, boot), *records])

    # --- commands ---

    def publish(self, command: Publish, session: int = BROKER_SESSION) -> PublishReply:
        """Raises KernelError; nothing has changed then."""
        if self.state.guarded:
            check_publish(self.state, command, session)
        if command.due_ms > self.now_ms:
            self.state.stirred = True
            return schedule(self, command)
        records, reply = decide_publish(self.state, command, self.now_ms)
        if reply.put_off is not None:
            records += decide_put_off(self, reply)
        self.commit(records)
        return reply

    def settle(self, command: Settle, session: int = BROKER_SESSION) -> SettleReply:
        """Raises KernelError; nothing has changed then."""
        if self.state.guarded:
            check_settle(self.state, command, session)
        records, reply = decide_settle(self.state, command, self.now_ms, self.elapsed_ms)
        self.commit(records)
        return reply

    def submit(self, command: Any, session: int) -> Any:
        """Any other command, on behalf of `session`. Raises KernelError; nothing has changed then."""
        handler = self._handlers.get(type(command))
        if handler is None:
            raise NotSupported(type(command).__name__)
        settings = self._settings.get(type(command))
        if settings is not None:
            check_storable(command, settings)
        if self.state.guarded:
            check(self.state, command, session)
        if type(command) not in QUIET:
            self.state.stirred = True
        if (
            self.state.crowded
        ):  # what was published before this command is handed out or dropped before it
            self.dispatch()
            self.trim_crowded()
        reply = handler(self, command, session)
        return shown(self.state, command, reply, session) if self.state.guarded else reply

    def commit(self, records: list[Record]) -> None:
        """Apply what was decided, and keep what is durable for the journal."""
        try:
            for record in records:
                durable = is_durable(self.state, record)
                self.apply(record)
                if durable:
                    self._records.append(record)
        except BaseException:
            self.is_broken = True
            raise
        if self.state.routing.emptied:
            drop_emptied(self)

    def apply(self, record: Record) -> None:
        """Carry one record out, live or in recovery."""
        if isinstance(record, Published):
            apply_published(self.state, record)
        elif isinstance(record, Settled):
            apply_settled(self.state, record)
        elif isinstance(record, Leased):
            apply_leased(self.state, record)
        else:
            self.state.stirred = True
            APPLY[type(record)](self.state, record)

    def has_records(self) -> bool:
        """Whether `drain_records` would return any."""
        return bool(self._records)

    def drain_records(self) -> list[Record]:
        """Durable records since the last call: the next frame."""
        records, self._records = self._records, []
        return records

    # --- handing out ---

    def dispatch(self) -> bool:
        """Hand ready messages to consumers with credit, TURN_MAX at most; True when some are left for another turn.

        Who was not served is first in the next turn, who has more stands behind them. Raises Needs after all that, for
        what others wait for: they are first once it is there.
        """
        active = self.state.active
        again: list[Subscription] = []
        waiting: list[Subscription] = []
        cold: list[Block] = []
        cold_bytes = 0
        budget = TURN_MAX
        while active and budget > 0:
            subscription = active.popleft()  # first: dead letters make others active
            try:
                rest: int = dispatch_one(self, subscription, DISPATCH_MAX)
                budget -= max(DISPATCH_MAX - rest, SERVED_MIN)
                if rest <= 0:
                    again.append(subscription)
            except Needs as needs:
                budget -= SERVED_MIN
                if cold_bytes < COLD_BYTES_MAX:
                    cold += needs.blocks
                    cold_bytes += sum(block.size for block in needs.blocks)
                    waiting.append(subscription)
                else:
                    again.append(subscription)
            subscription.queued = False
        self._is_cut = bool(active)
        for subscription in again:
            self.state.activate(subscription)
        for subscription in reversed(waiting):
            subscription.queued = True
            active.appendleft(subscription)
        self._end_served()
        if cold:
            raise Needs(cold)
        return bool(active)

    def _end_served(self) -> None:
        served, self._served_once = self._served_once, []
        for holder in served:
            leave(self, holder)

    def deliver(self, delivery: Delivery) -> None:
        """Note a delivery for its session."""
        if delivery.holder.once:
            self._served_once.append(delivery.holder)
        self._deliveries.setdefault(delivery.holder.session, []).append(delivery)

    def end(self, holder: Holder) -> None:
        """A consumer consumes no more from the end of this dispatch on, and its door is told."""
        self._served_once.append(holder)
        self.state.cancelled.append(holder)

    def drain_deliveries(self) -> dict[int, list[Delivery]]:
        """Deliveries per session since the last call."""
        deliveries, self._deliveries = self._deliveries, {}
        return deliveries

    # --- time and limits ---

    def sweep(self) -> bool:
        """Work off what has come due, in bounded steps; True when some is left. Raises Needs."""
        state = self.state
        for _ in range(SWEEPS_MAX):
            if state.retry and state.retry[0][0] <= self.elapsed_ms:
                self.commit(decide_retries(state, self.elapsed_ms))
            elif state.expiring and state.expiring[0][0] <= self.now_ms:
                self._expire_one()
            else:
                more = state.due.is_due(self.elapsed_ms) and sweep_leases(self)
                return (not self._is_calm() and self._sweep_slowly()) or more
        return True

    def _is_calm(self) -> bool:
        """Whether features would find nothing to do. They are many, and most turns are none of their business."""
        return (
            not self.state.stirred
            and self.elapsed_ms < self._calm_until_ms
            and self.elapsed_ms < self._next_elapsed_ms
            and self.now_ms < self._next_wall_ms
        )

    def _sweep_slowly(self) -> bool:
        """One step of every feature, groups whose time has come, and one step of the round that retention makes."""
        self.state.stirred = False
        try:
            more = sweep_groups(self)
            more = sweep_features(self) or more
            records, goes_on = patrol(self.state, self.now_ms, self.elapsed_ms)
            self.commit(records)
        except Needs:
            self.state.stirred = True
            raise
        if more or goes_on:
            self.state.stirred = True
            return True
        self._calm_until_ms = self.elapsed_ms + CALM_MS
        self._look_ahead()
        return False

    def _look_ahead(self) -> None:
        """Note when features want to be asked again."""
        elapsed = next_elapsed_ms(self.state)
        if self.state.groups.deadlines:
            elapsed.append(self.state.groups.deadlines[0][0])
        patrol_ms = next_patrol_ms(self.state)
        if patrol_ms is not None:
            elapsed.append(patrol_ms)
        self._next_elapsed_ms = min(elapsed, default=NEVER)
        self._next_wall_ms = min(next_wall_ms(self.state), default=NEVER)

    def _expire_one(self) -> None:
        wall_ms, subscription_id = self.state.expiring[0]
        subscription = self.state.subscriptions.get(subscription_id)
        if subscription is None or subscription.armed_ms != wall_ms:
            heappop(self.state.expiring)
            return
        subscription.armed_ms = 0
        try:
            records = decide_expiry(self.state, subscription, self.now_ms)
        except Needs:
            subscription.armed_ms = wall_ms
            raise
        if records:
            subscription.armed_ms = wall_ms  # look again: the next head may have expired too
            self.commit(records)
        else:
            heappop(self.state.expiring)

    def deadlines(self) -> tuple[int | None, int | None]:
        """When `sweep` has something to do next: (elapsed ms, wall ms)."""
        state = self.state
        if state.stirred:
            self._look_ahead()
        elapsed = min(self._next_elapsed_ms, state.due.next_ms())
        if state.retry:
            elapsed = min(elapsed, state.retry[0][0])
        wall = self._next_wall_ms
        if state.expiring:
            wall = min(wall, state.expiring[0][0])
        return None if elapsed >= NEVER else elapsed, None if wall >= NEVER else wall

    def trim_crowded(self) -> bool:
        """Drop what appends put over a length limit, and look at new heads, in bounded steps; True when some is left.
        Raises Needs.

        After `dispatch`: what a consumer takes at once does not count.
        """
        crowded, spared = self.state.crowded, self._spare_unserved()
        steps = 0
        while crowded and steps < SWEEPS_MAX:
            records = decide_overflow(self.state, crowded[-1], self.now_ms)
            if records:
                self.commit(records)  # dead letters may crowd others, behind this one
                steps += 1
            else:
                crowded.pop()
        expiring = self.state.expiring
        while expiring and expiring[0][0] == LOOK_MS and steps < SWEEPS_MAX:
            self._expire_one()
            expiring = self.state.expiring
            steps += 1
        crowded += spared
        return bool(crowded) or steps == SWEEPS_MAX  # dead letters may have crowded others

    def _spare_unserved(self) -> list[Subscription]:
        """Take out of the crowded whom this turn has not come to: consumers may take what is too much there."""
        if not self._is_cut:
            return []
        crowded = self.state.crowded
        spared = [subscription for subscription in crowded if subscription.queued]
        crowded[:] = [subscription for subscription in crowded if not subscription.queued]
        return spared

    # --- sessions ---

    def open_session(self) -> int:
        """A new session's id."""
        self._session_next += 1
        return self._session_next - 1

    def close_session(self, session: int) -> None:
        """A connection is gone: what it held by connection is ready again, what was its own is deleted."""
        self.state.stirred = True
        close_consumers(self, session)
        close_tickets(self, session)
        close_readers(self, session)
        self.state.permissions.forget(session)
        self.state.protocols.pop(session, None)
        for subscription in self.state.owned_by.pop(session, {}).copy().values():
            self.commit(deletion(subscription))

    # --- what no reader can ask for any more ---

    def release_all(self) -> None:
        """After recovery: judge every stream once, and count what there is."""
        self.state.usage.stored_bytes = sum(
            partition.size
            for stream in self.state.streams.values()
            for partition in stream.partitions
        )
        self.state.dirty_floors.update(self.state.streams)
        self.release()

    def release(self) -> None:
        """Forget entries that every holder is done with, in streams without retention of their own."""
        dirty, self.state.dirty_floors = self.state.dirty_floors, {}
        for stream in dirty.values():
            if stream.settings.retention_ms:
                continue
            for partition in stream.partitions:
                floor = stream.held(partition.index, partition.end)
                for subscription in stream.subscriptions:
                    floor = min(floor, subscription.windows[partition.index].floor())
                if floor > partition.start:
                    self.state.forget(partition.release(floor))
                    self.state.dirty_streams[stream.id] = stream
