"""What a checkpoint costs everybody else: `python -m bench.micro.checkpoint`, a broker with its data on disk.

    waiting   10,000 subscriptions of 500 streams, each with one message that waits for a retry
    singles   48 MB of ready messages of 1 KiB, each published in a turn of its own
    ready     1,000,000 ready messages of 100 bytes in one queue, published by the hundred

Of each: the longest share of a turn (CPU), and how late a timer of 1 ms was at most, whoever was to blame. `quiet` is
the same without a checkpoint.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable

import uvloop

from dragoman.app.config import ServeOptions
from dragoman.app.serve import Running, calm_collector, start
from dragoman.kernel.commands import CreateStream, DeclareQueue, Lease, Publish, Settle
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL

QUIET_S = 2.0


class Load:
    """A broker, filled by its own hand."""

    def __init__(self, running: Running) -> None:
        parts = running.parts
        assert parts.checkpointer is not None
        self.broker, self.checkpointer = parts.broker, parts.checkpointer
        self.kernel = self.broker.kernel
        self.session = self.kernel.open_session()
        self.longest_ns = 0
        self.broker.after_turn = self.timed(self.checkpointer.look)

    def timed(self, call: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            began_ns = time.thread_time_ns()
            call()
            self.longest_ns = max(self.longest_ns, time.thread_time_ns() - began_ns)

        return run

    def publish(self, name: str, bodies: list[bytes]) -> None:
        self.broker.begin_turn()
        self.kernel.publish(Publish("default", Address(name), CANONICAL, bodies))

    async def waiting(self) -> None:
        settings = SubscriptionSettings(retry_ms=600_000)
        for stream in range(500):
            self.broker.begin_turn()
            name = f"s{stream}"
            self.kernel.submit(CreateStream(name=name, settings=StreamSettings()), 0)
            for number in range(20):
                command = CreateSubscription(
                    name=name, subscription=f"r{number}", settings=settings
                )
                self.kernel.submit(command, 0)
            self.publish(name, [bytes(1024)])
            for number in range(20):
                lease = Lease(name=name, subscription=f"r{number}", lease_duration_ms=30_000)
                (one,) = self.kernel.submit(lease, self.session)
                holder = one.holder
                settle = Settle(holder.subscription.id, 0, holder.id, [(0, 1)], "release")
                settle.failed = True
                self.kernel.settle(settle)
            await asyncio.sleep(0)

    async def singles(self) -> None:
        self.kernel.submit(DeclareQueue(name="singles"), 0)
        for _ in range(40_000):
            self.publish("singles", [bytes(1024)])
            await asyncio.sleep(0)

    async def ready(self) -> None:
        self.kernel.submit(DeclareQueue(name="ready"), 0)
        for number in range(10_000):
            self.publish("ready", [bytes(100)] * 100)
            if number % 5 == 0:
                await asyncio.sleep(0)

    async def checkpoint(self) -> None:
        count = self.checkpointer.count
        self.checkpointer.want()
        while self.checkpointer.count == count or self.checkpointer.is_busy:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def pauses(found: list[float]) -> None:
    """Note how late a timer of 1 ms is."""
    while True:
        began_s = time.perf_counter()
        await asyncio.sleep(0.001)
        found.append(time.perf_counter() - began_s - 0.001)


async def main() -> None:
    cases = sys.argv[1:] or ["waiting", "singles", "ready"]
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="bench-checkpoint-") as data:
            running = await start(ServeOptions(data=data, ports={"kafka": 0}))
            load = Load(running)
            await load.checkpoint()
            await getattr(load, case)()
            await told("quiet", load, asyncio.sleep(QUIET_S))
            await told(case, load, load.checkpoint())
            await running.stop()


async def told(name: str, load: Load, what: "asyncio.Future[None] | object") -> None:
    """Run it beside the timer, and print."""
    found: list[float] = []
    load.longest_ns = 0
    ticker = asyncio.ensure_future(pauses(found))
    began_s = time.perf_counter()
    await what  # type: ignore[misc]
    spent_s = time.perf_counter() - began_s
    ticker.cancel()
    found.sort()
    print(
        f"{name:8} {spent_s:6.2f} s, longest share of a turn {load.longest_ns / 1e6:6.2f} ms;"
        f" late by {found[len(found) * 99 // 100] * 1e3:.2f} ms (p99), {found[-1] * 1e3:.2f} ms at most",
        flush=True,
    )


if __name__ == "__main__":
    calm_collector()
    uvloop.run(main())
