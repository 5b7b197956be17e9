"""What queues cost in memory: `python -m bench.micro.memory [queues]` prints bytes per queue of a kernel.

    declared   nothing was ever published
    idle       something was, and is done
    bound      a message is leased as long as a connection lasts
    timed      a message is leased until a deadline
    waiting    a message was given back, and waits for its retry
    strewn     after 1,000 messages, four are still leased that lie far apart

Each case has queues and a process of its own; `window` is what the states of messages alone take, as far as they can be
told apart: everything allocated by kernel/leases/window.py and chunk.py.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from bench.micro.queue import BODY

from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.commands import DeclareQueue, Lease, Outcome, Publish, Settle
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.levels import AMQP091

QUEUES: Final = 10_000
LEASE_MS: Final = 30_000
STREWN, STREWN_EVERY = 1_000, 250


class Queues:
    """Many queues on one kernel, one session."""

    def __init__(self, count: int) -> None:
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda limit: 0, _token())
        self.kernel.begin(1)
        self.session = self.kernel.open_session()
        settings = SubscriptionSettings(retry_ms=60_000)
        for number in range(count):
            self.kernel.submit(DeclareQueue(name=f"q{number}", settings=settings), self.session)

    def lease(self, number: int, duration_ms: int = 0, *, messages: int = 1) -> tuple[int, int]:
        """Subscription and holder of messages published and leased just now."""
        name = f"q{number}"
        self.kernel.publish(Publish("default", Address(name), AMQP091, [BODY] * messages))
        lease = Lease(name=name, count_max=messages, lease_duration_ms=duration_ms)
        (one,) = self.kernel.submit(lease, self.session)
        return one.holder.subscription.id, one.holder.id

    def settle(self, held: tuple[int, int], start: int, end: int, outcome: Outcome = "ack") -> None:
        """Settle what of [start, end) was leased."""
        self.kernel.settle(Settle(held[0], 0, held[1], [(start, end)], outcome))

    def end_turn(self) -> None:
        """Forget what is done."""
        self.kernel.release()
        self.kernel.drain_records()
        self.kernel.state.grown.clear()
        self.kernel.state.dirty_streams.clear()
        self.kernel.state.dirty_subscriptions.clear()


def _token() -> Callable[[int], bytes]:
    numbers = iter(range(1, 1 << 60))
    return lambda size: next(numbers).to_bytes(size, "big")


def declared(queues: Queues, number: int) -> None:
    """Nothing."""


def idle(queues: Queues, number: int) -> None:
    queues.settle(queues.lease(number, LEASE_MS), 0, 1)


def bound(queues: Queues, number: int) -> None:
    queues.lease(number)


def timed(queues: Queues, number: int) -> None:
    queues.lease(number, LEASE_MS)


def waiting(queues: Queues, number: int) -> None:
    queues.settle(queues.lease(number, LEASE_MS), 0, 1, "release")


def strewn(queues: Queues, number: int) -> None:
    for start in range(0, STREWN, STREWN_EVERY):
        held = queues.lease(number, LEASE_MS, messages=STREWN_EVERY)
        queues.settle(held, start + 1, start + STREWN_EVERY)


CASES: Final = (declared, idle, bound, timed, waiting, strewn)


def measure(case: Callable[[Queues, int], None], count: int, *, traced: bool) -> tuple[int, int]:
    """Bytes per queue: (resident, 0), or (allocated, by the window alone)."""
    gc.collect()
    before = _resident()
    if traced:
        tracemalloc.start()
    queues = Queues(count)
    for number in range(count):
        case(queues, number)
        queues.end_turn()
    gc.collect()
    if not traced:
        return (_resident() - before) // count, 0
    total = tracemalloc.get_traced_memory()[0]
    folder = "*/dragoman/kernel/leases/"
    filters = [
        tracemalloc.Filter(inclusive=True, filename_pattern=folder + name)
        for name in ("window.py", "chunk.py")
    ]
    own = tracemalloc.take_snapshot().filter_traces(filters)
    return total // count, sum(known.size for known in own.statistics("filename")) // count


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else QUEUES
    spawn = get_context("spawn")
    for case in CASES:
        with spawn.Pool(1, maxtasksperchild=1) as pool:
            resident, _ = pool.apply(measure, (case, count), {"traced": False})
        line = f"{case.__name__:10} {resident:8} bytes resident"
        with spawn.Pool(1, maxtasksperchild=1) as pool:
            total, own = pool.apply(measure, (case, min(count, QUEUES)), {"traced": True})
        print(f"{line}, {total:8} allocated, {own:8} by the window")


if __name__ == "__main__":
    main()
