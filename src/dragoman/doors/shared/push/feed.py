"""One pushed subscription: how much it may hold, how that is put into requests, and how it is settled.

    deliveries ──> pending ──(a request may be sent)──> batch ──> under way ──> settled
    credit = messages under way + what may be sent now (+ one batch that gathers meanwhile, where there are batches)

Batches form by themselves: what came while as many requests were under way as the target takes goes out together. Of
what cannot be sent at most one batch is held; all else stays in the kernel, whoever else may want it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from typing import Final

from dragoman.doors.shared.push.renderer import (
    Judged,
    Plan,
    PushedSubscription,
    PushMessage,
    Renderer,
    Verdict,
)
from dragoman.kernel.api import (
    Cancel,
    Consume,
    Delivery,
    Holder,
    Session,
    SetCredit,
    Settle,
)
from dragoman.model.errors import KernelError
from dragoman.ports.outbound import Answered, Outbound, Outgoing

REQUESTS_MAX: Final = 64  # under way at once where no target says how many
BUSY_MS: Final = 1_000  # until what found no place to wait is tried again
FAULT_MS: Final = 60_000  # until what the face failed on is tried again

Faulty = Callable[[Exception], None]


class Feed:
    """A subscription and what it holds. `under_way` messages are in `requests` requests; `pending` ones in none."""

    def __init__(
        self,
        session: Session,
        outbound: Outbound,
        renderer: Renderer,
        subscription: PushedSubscription,
        on_fault: Faulty,
    ) -> None:
        self._session = session
        self._outbound = outbound
        self._renderer = renderer
        self.subscription = subscription
        self._on_fault = on_fault
        self.plan: Plan | None = None  # None: it is pushed nowhere
        self.holder: Holder | None = None  # None: it hands nothing out to us
        self._pending: deque[PushMessage] = deque()
        self.under_way = 0
        self.requests = 0
        self._credit = 0
        self._tokens = 0.0  # requests that the rate allows at `_filled_ms`, at most a burst
        self._filled_ms = 0

    @property
    def held(self) -> int:
        """Messages that are leased to it."""
        return self.under_way + len(self._pending)

    # --- credit ---

    def credit(self) -> int:
        """How many messages it may hold now; at least one."""
        assert self.plan is not None
        count = self.plan.count_max
        free = self._free()
        if not free and count > 1:
            free = 1  # a batch gathers
        return max(self.under_way + free * count, 1)

    def _free(self) -> int:
        """Requests that may be sent now. One always may, if none is under way."""
        plan = self.plan
        assert plan is not None
        free = (plan.requests_max or REQUESTS_MAX) - self.requests
        if plan.url:
            room = self._outbound.room(plan.url)
            free = min(room, free) if plan.requests_max else room
        free = max(free, 0 if self.requests else 1)
        return free if not plan.rate else min(free, int(self._fill(plan)))

    def _fill(self, plan: Plan) -> float:
        """Tokens as of now."""
        now_ms = self._session.elapsed_ms()
        grown = (now_ms - self._filled_ms) * plan.rate / 1000
        self._tokens = min(self._tokens + grown, float(plan.burst))
        self._filled_ms = now_ms
        return self._tokens

    def next_ms(self) -> int | None:
        """Elapsed time at which the rate allows a request that it does not allow now; None: time changes nothing."""
        plan = self.plan
        if plan is None or not plan.rate or self._tokens >= 1:
            return None
        return self._filled_ms + max(ceil((1 - self._tokens) * 1000 / plan.rate), 1)

    def open(self, plan: Plan) -> None:
        """Push by `plan` from now on. Raises KernelError when the subscription hands nothing out."""
        if self.plan is None:
            self._tokens, self._filled_ms = float(plan.burst), self._session.elapsed_ms()
        self.plan = plan
        if self.holder is None:
            self._credit = self.credit()
            command = Consume(
                namespace=self.subscription.namespace,
                name=self.subscription.stream,
                subscription=self.subscription.name,
                tag=self,
                credit_max=self._credit,
            )
            self.holder = self._session.submit(command)
        self.adjust()

    def close(self) -> None:
        """Take nothing more; what is under way is settled as it comes back."""
        self.plan = None
        if self.holder is not None:
            self._session.submit(Cancel(holder=self.holder.id))
            self.holder = None
        self.adjust()

    def adjust(self) -> None:
        """Send what may be sent, and tell the kernel how much more may be held; of one that is closed, give it back."""
        if self.plan is None:
            back = list(self._pending)
            self._pending.clear()
            self._settle(back, Verdict("release", delay_ms=0, is_failed=False))
            return
        free = self._free() if self._pending else 0
        while self._pending and free > 0:
            self._send(self._batch())
            free -= 1
        if self.holder is not None:
            credit = self.credit()
            if credit != self._credit:
                self._credit = credit
                self._session.submit(SetCredit(holder=self.holder.id, credit_max=credit))

    # --- out ---

    def take(self, delivery: Delivery) -> None:
        """Messages leased to it; they go out at the next `adjust`."""
        block = delivery.block
        tries = delivery.tries
        for offset in range(delivery.start, delivery.end):
            at = offset - delivery.start
            self._pending.append(
                PushMessage(
                    block.format,
                    delivery.bodies[0 if block.packed else at],
                    offset - block.offset if block.packed else 0,
                    delivery.partition,
                    offset,
                    block.stored_at(offset),
                    1 if tries is None else tries[at] + 1,
                    delivery.holder.id,
                )
            )

    def _batch(self) -> list[PushMessage]:
        """The next messages that go together."""
        plan, pending = self.plan, self._pending
        assert plan is not None
        batch = [pending.popleft()]
        size = len(batch[0].body)
        while pending and len(batch) < plan.count_max:
            size += len(pending[0].body)
            if plan.bytes_max and size > plan.bytes_max:
                break
            batch.append(pending.popleft())
        return batch

    def _send(self, batch: list[PushMessage]) -> None:
        self.requests += 1
        self.under_way += len(batch)
        made = self._spelled(batch)
        if isinstance(made, Verdict):
            self._end(batch)
            self._settle(batch, made)
        else:
            self._tokens -= 1
            self._outbound.send(made, partial(self._answered, batch, made))

    def _spelled(self, batch: Sequence[PushMessage]) -> Outgoing | Verdict:
        """A fault of the face costs the subscription that it happened on, and nobody else."""
        try:
            return self._renderer.request_of(batch, self.subscription)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._on_fault(error)
            return Verdict("release", delay_ms=FAULT_MS)

    # --- back ---

    def _answered(self, batch: list[PushMessage], made: Outgoing, answered: Answered) -> None:
        self._end(batch)
        if isinstance(made, Judged):
            self._settle(batch, self._judged_by(made, answered))
        elif answered.failure == "busy":
            self._settle(batch, Verdict("release", delay_ms=BUSY_MS, is_failed=False))
        else:
            for attempt in dict.fromkeys(message.attempt for message in batch):
                alike = [message for message in batch if message.attempt == attempt]
                self._settle(alike, self._judged(answered, attempt))
        self.adjust()

    def _judged(self, answered: Answered, attempt: int) -> Verdict:
        try:
            return self._renderer.judge(answered, attempt, self.subscription)
        except Exception as error:  # noqa: BLE001 - as in `_spelled`
            self._on_fault(error)
            return Verdict("release", delay_ms=FAULT_MS)

    def _judged_by(self, made: Judged, answered: Answered) -> Verdict:
        try:
            return made.judge(answered)
        except Exception as error:  # noqa: BLE001 - as in `_spelled`
            self._on_fault(error)
            return Verdict("release", delay_ms=FAULT_MS)

    def _end(self, batch: list[PushMessage]) -> None:
        self.requests -= 1
        self.under_way -= len(batch)

    def _settle(self, messages: list[PushMessage], verdict: Verdict) -> None:
        """What was taken back meanwhile, or went with its subscription, is nobody's to settle."""
        for (holder, partition), runs in runs_of(messages).items():
            command = Settle(self.subscription.id, partition, holder, runs, verdict.outcome)
            command.delay_ms = verdict.delay_ms
            command.failed = verdict.is_failed and verdict.outcome == "release"
            command.reason = verdict.reason
            command.text = verdict.text
            try:
                self._session.settle(command)
            except KernelError:
                continue


def runs_of(messages: Sequence[PushMessage]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Half-open runs of offsets per holder and partition, in ascending order."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for message in sorted(messages, key=lambda message: message.offset):
        runs = found.setdefault((message.holder, message.partition), [])
        if runs and runs[-1][1] == message.offset:
            runs[-1] = (runs[-1][0], message.offset + 1)
        else:
            runs.append((message.offset, message.offset + 1))
    return found
