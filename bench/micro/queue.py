"""What a queue costs: `python -m bench.micro.queue [messages]` prints a line per case, ns per message, best of rounds.

A bare kernel, without journal or sockets: publish, hand out, acknowledge, and forget what is done. `pushed` are
deliveries to a consumer with credit, `pulled` those that `Lease` asks for, `guarded` the same where what is not granted
is refused.
"""

import sys
from collections.abc import Callable
from itertools import count
from time import perf_counter_ns
from typing import Any

from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.commands import Consume, DeclareQueue, Lease, Publish, Settle
from dragoman.kernel.granting import CreateGrants
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.permissions import Grant
from dragoman.kernel.routing import Routing
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.levels import AMQP091

MESSAGES = 20_000
ROUNDS = 7
BODY = b"x" * 100


class Queue:
    """A queue `q` on a kernel of its own."""

    def __init__(self, **settings: Any) -> None:
        numbers = count(1)
        self.kernel = Kernel(
            FormatTranslator(),
            Routing(),
            lambda limit: next(numbers) % limit,
            lambda size: next(numbers).to_bytes(size, "big"),
        )
        self.kernel.begin(1)
        self.session = self.kernel.open_session()
        made = SubscriptionSettings(early=True, **settings)
        self.kernel.submit(DeclareQueue(name="q", settings=made), self.session)

    def guard(self) -> None:
        """From now on the session may do what some grants among others say."""
        grants = [
            Grant(principal="ann", kinds=("stream",), operations=("send", "receive"), name=name)
            for name in ("q", *(f"q{number}" for number in range(100)))
        ]
        settling = Grant(
            principal="*", kinds=("stream",), operations=("settle",), match="prefix", name="q"
        )
        self.kernel.submit(CreateGrants(grants=(*grants, settling)), self.session)
        self.kernel.state.permissions.act_as(self.session, "ann", "")

    def publish(self, size: int) -> None:
        self.kernel.publish(Publish("default", Address("q"), AMQP091, [BODY] * size), self.session)

    def ack(self, deliveries: list[Delivery]) -> None:
        for one in deliveries:
            runs = [(one.start, one.end)]
            holder = one.holder
            self.kernel.settle(
                Settle(holder.subscription.id, one.partition, holder.id, runs, "ack"), self.session
            )

    def end_turn(self) -> None:
        self.kernel.release()
        self.kernel.drain_records()
        self.kernel.state.grown.clear()


def pushed(queue: Queue, size: int, turns: int) -> None:
    for _ in range(turns):
        queue.publish(size)
        queue.kernel.dispatch()
        for deliveries in queue.kernel.drain_deliveries().values():
            queue.ack(deliveries)
        queue.end_turn()


def pulled(queue: Queue, size: int, turns: int) -> None:
    for _ in range(turns):
        queue.publish(size)
        queue.ack(
            queue.kernel.submit(
                Lease(name="q", count_max=size, lease_duration_ms=30_000), queue.session
            )
        )
        queue.end_turn()


def guarded(queue: Queue, size: int, turns: int) -> None:
    pulled(queue, size, turns)


def measure(name: str, work: Callable[[Queue, int, int], None], size: int, messages: int) -> None:
    queue = Queue()
    if work is pushed:
        queue.kernel.submit(Consume(name="q", credit_max=1_000), queue.session)
    if work is guarded:
        queue.guard()
    turns = messages // size
    runs = []
    for _ in range(ROUNDS):
        start = perf_counter_ns()
        work(queue, size, turns)
        runs.append((perf_counter_ns() - start) / (turns * size))
    print(f"{name:10} batches of {size:4} {min(runs):8.0f} ns per message")


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    for size in (1, 10, 100):
        measure("pushed", pushed, size, messages)
        measure("pulled", pulled, size, messages)
        measure("guarded", guarded, size, messages)


if __name__ == "__main__":
    main()
