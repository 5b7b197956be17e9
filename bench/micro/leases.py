"""What handing out costs: `python -m bench.micro.leases` prints us of CPU per message with few and with many receivers.

A parked receiver is a session of its own with one consumer (`Consume` with credit and a lease duration); the message
that comes ends its wait (`Cancel`), is settled, and the receiver waits again: what a long poll of up to ten messages
does. A busy one takes all it gets and stays. Kernel and broker in memory; no bytes, no sockets, no journal.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from time import process_time_ns
from typing import Any

from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import (
    AcceptSession,
    Address,
    Cancel,
    Consume,
    DeclareQueue,
    Delivery,
    Publish,
    Settle,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.model.levels import CANONICAL
from dragoman.runtime.broker import Broker
from dragoman.runtime.nocommit import NoCommit
from dragoman.runtime.session import BrokerSession

FEW, MANY = 10, 10_000
MESSAGES = 2_000
ROUNDS = 3
BACKLOG = 100_000
CREDIT = 10
LEASE_MS = 30_000


class Clock:
    """Stands still."""

    def elapsed_ms(self) -> int:
        return 1_000

    def wall_ms(self) -> int:
        return 1_000_000


class Scheduler:
    """Runs turns when told."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        return lambda: None

    def run(self) -> None:
        while self.calls:
            calls, self.calls = self.calls, []
            for call in calls:
                call()


class Poller:
    """Door and shell of one receiver."""

    def __init__(self, world: "World", queue: str, key: bytes | None) -> None:
        self.world = world
        self.queue = queue
        self.key = key
        self.acknowledges = True
        self.session: BrokerSession = world.broker.open(lambda _: self, self)

    def park(self) -> None:
        """Wait for up to CREDIT messages."""
        command = Consume(name=self.queue, credit_max=CREDIT, lease_duration_ms=LEASE_MS)
        self.holder = self.session.submit(command)

    def accept(self) -> None:
        """Receive one session for good."""
        command = AcceptSession(name=self.queue, key=self.key, consume=True, credit_max=CREDIT)
        self.holder = self.session.submit(command).holder

    def deliver(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries if self.acknowledges else ():
            self.world.count += delivery.count()
            if self.key is None:
                self.session.submit(Cancel(holder=self.holder.id))
            runs = [(delivery.start, delivery.end)]
            holder = delivery.holder
            apart = delivery.offsets
            place = (holder.subscription.id, delivery.partition, holder.id)
            command = Settle(*place, [] if apart else runs, "ack")
            command.offsets = apart
            self.session.settle(command)
            if self.key is None:
                self.park()
        self.world.broker.begin_turn()

    def __getattr__(self, name: str) -> Any:
        """Everything else a door or a shell is told: nothing to do."""
        return lambda *_, **__: None


class World:
    """A broker in memory and its receivers."""

    def __init__(self, queues: int, pollers: int, **settings: Any) -> None:
        self.scheduler = Scheduler()
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda _: 0, bytes)
        nobody: Any = self  # asks which node this is
        self.broker = Broker(self.kernel, NoCommit(), Clock(), self.scheduler, nobody)
        self.kernel.begin(1)
        self.count = 0
        self.sessions = settings.get("order") == "session"
        for number in range(queues):
            command = DeclareQueue(
                name=f"q{number}",
                settings=SubscriptionSettings(**settings),
                stream=StreamSettings(durable=False, level=0),
            )
            self.kernel.submit(command, 0)
        gc.collect()
        tracemalloc.start()
        self.pollers = [
            Poller(self, f"q{number % queues}", b"%d" % number if self.sessions else None)
            for number in range(pollers)
        ]
        before = tracemalloc.get_traced_memory()[0]
        for poller in self.pollers:
            poller.accept() if self.sessions else poller.park()
        self.bytes_each = (tracemalloc.get_traced_memory()[0] - before) / pollers
        tracemalloc.stop()
        self.scheduler.run()

    def publish(self, number: int, key: bytes) -> None:
        """One message, and the turn that hands it out."""
        command = Publish("default", Address(f"q{number}"), CANONICAL, [b"x" * 100])
        command.keys = [key] if key else None
        self.broker.begin_turn()
        self.kernel.publish(command)
        self.scheduler.run()


def us_per_message(queues: int, pollers: int, **settings: Any) -> tuple[float, float]:
    """(us per message, bytes per parked receiver)."""
    world = World(queues, pollers, **settings)
    keyed = settings.get("order", "none") != "none"
    best = float("inf")
    for _ in range(ROUNDS):
        began = process_time_ns()
        for number in range(MESSAGES):
            key = b"%d" % (number * 7919 % pollers) if keyed else b""
            world.publish(number * 7919 % queues, key)
        best = min(best, (process_time_ns() - began) / MESSAGES / 1000)
    assert world.count == ROUNDS * MESSAGES, world.count
    return best, world.bytes_each


def us_per_locked_message(pollers: int) -> float:
    """Messages that nobody may have yet: one receiver holds their key, the others wait."""
    world = World(1, pollers, order="key")
    for poller in world.pollers:
        poller.acknowledges = False
        poller.holder.credit_max = 1
    world.publish(0, b"key")
    began = process_time_ns()
    for _ in range(MESSAGES):
        world.publish(0, b"key")
    return (process_time_ns() - began) / MESSAGES / 1000


def us_per_busy_message(consumers: int) -> float:
    """A backlog that few consumers with large credit take and settle."""
    world = World(1, consumers)
    for poller in world.pollers:
        poller.key = b"stays"
        poller.holder.credit_max = 300
    best = float("inf")
    for _ in range(ROUNDS):
        began = process_time_ns()
        for _ in range(MESSAGES // 100):
            command = Publish("default", Address("q0"), CANONICAL, [b"x"] * 1_000)
            world.broker.begin_turn()
            world.kernel.publish(command)
            world.scheduler.run()
        best = min(best, (process_time_ns() - began) / MESSAGES / 10 / 1000)
    assert world.count == ROUNDS * MESSAGES * 10
    return best


def us_per_prior_message(priorities: int, *, passes_on: bool) -> float:
    """A backlog of as many priorities, each message of another one than its neighbours, sent and drained."""
    settings = {"order": "priority", "priorities": priorities - 1} if priorities else {}
    world = World(1, 1, **settings)
    poller = world.pollers[0]
    poller.key = b"stays"
    poller.holder.credit_max = 300
    poller.holder.duration_ms = 0
    poller.holder.passes_on = CANONICAL if passes_on else -1
    began = process_time_ns()
    for _ in range(BACKLOG // 1_000):
        command = Publish("default", Address("q0"), CANONICAL, [b"x"] * 1_000)
        if priorities:
            command.priorities = [number % priorities for number in range(1_000)]
        world.broker.begin_turn()
        poller.holder.held_back = True
        world.kernel.publish(command)
        world.scheduler.run()
    poller.holder.held_back = False
    world.kernel.state.wake(poller.holder)
    world.broker.begin_turn()
    world.scheduler.run()
    assert world.count == BACKLOG, world.count
    return (process_time_ns() - began) / BACKLOG / 1000


def main() -> None:
    """Print the table."""
    cases: list[tuple[str, Callable[[int], tuple[float, float]]]] = [
        ("one queue", lambda count: us_per_message(1, count)),
        ("a queue each", lambda count: us_per_message(count, count)),
        ("one queue, by key", lambda count: us_per_message(1, count, order="key")),
        ("one queue, a session each", lambda count: us_per_message(1, count, order="session")),
    ]
    for name, measure in cases:
        few, many = measure(FEW), measure(MANY)
        line = f"{name:28} {FEW:6}: {few[0]:8.1f} us   {MANY:6}: {many[0]:8.1f} us"
        sys.stdout.write(f"{line}   {many[1]:6.0f} bytes each\n")
    sys.stdout.write(f"{'one queue, busy':28} {1:6}: {us_per_busy_message(1):8.3f} us")
    sys.stdout.write(f"   {FEW:6}: {us_per_busy_message(FEW):8.3f} us\n")
    plain, ranked = (
        us_per_prior_message(0, passes_on=True),
        us_per_prior_message(10, passes_on=True),
    )
    runs = us_per_prior_message(10, passes_on=False)
    line = f"{'a backlog, of ten priorities':28} {'none':>6}: {plain:8.3f} us   {'ten':>6}: {ranked:8.3f} us"
    sys.stdout.write(f"{line}   one by one: {runs:.3f} us\n")
    few_us, many_us = us_per_locked_message(FEW), us_per_locked_message(MANY)
    line = f"{'one queue, key locked':28} {FEW:6}: {few_us:8.1f} us   {MANY:6}: {many_us:8.1f} us"
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
