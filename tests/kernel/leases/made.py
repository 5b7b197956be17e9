"""One queue of a bare kernel, in few words."""

from collections.abc import Sequence
from typing import Any

from tests.fakes.kernel import FakeTranslator, make_kernel

from dragoman.kernel.commands import Consume, DeclareQueue, DescribeQueue, Lease, Publish, Settle
from dragoman.kernel.entities import Holder
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.replies import QueueInfo
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL


class Queue:
    def __init__(
        self,
        name: str = "q",
        stream: StreamSettings | None = None,
        translator: FakeTranslator | None = None,
        **settings: Any,
    ) -> None:
        self.kernel = make_kernel(translator)
        self.name = name
        self.session = self.kernel.open_session()
        self.kernel.submit(
            DeclareQueue(
                name=name,
                settings=SubscriptionSettings(**settings),
                stream=stream or StreamSettings(),
            ),
            self.session,
        )

    def publish(self, *bodies: bytes, **columns: Any) -> None:
        publish = Publish("default", Address(self.name), CANONICAL, list(bodies))
        for column, value in columns.items():
            setattr(publish, column, value)
        self.kernel.publish(publish)

    def publish_keys(self, *pairs: str) -> None:
        """Each `key.number`; `.number` has no key."""
        self.publish(
            *[pair.encode() for pair in pairs],
            keys=[pair.partition(".")[0].encode() for pair in pairs],
        )

    def lease(self, count_max: int, **options: Any) -> list[Delivery]:
        options.setdefault("name", self.name)
        taken: list[Delivery] = self.kernel.submit(
            Lease(count_max=count_max, **options), self.session
        )
        return taken

    def take(self, count_max: int, **options: Any) -> list[bytes]:
        return bodies(self.lease(count_max, **options))

    def consume(self, **options: Any) -> Holder:
        holder: Holder = self.kernel.submit(Consume(name=self.name, **options), self.session)
        return holder

    def delivered(self) -> list[Delivery]:
        self.kernel.dispatch()
        return [one for some in self.kernel.drain_deliveries().values() for one in some]

    def settle(self, delivery: Delivery, outcome: Any = "ack", **options: Any) -> int:
        settle = Settle(
            delivery.holder.subscription.id,
            delivery.partition,
            delivery.holder.id,
            [(delivery.start, delivery.end)],
            outcome,
        )
        for option, value in options.items():
            setattr(settle, option, value)
        return self.kernel.settle(settle).settled

    def info(self) -> QueueInfo:
        info: QueueInfo = self.kernel.submit(DescribeQueue(name=self.name), self.session)
        return info

    def pass_ms(self, duration_ms: int) -> None:
        self.kernel.elapsed_ms += duration_ms
        self.kernel.now_ms += duration_ms
        while self.kernel.sweep():
            pass


def bodies(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [body for delivery in deliveries for body in delivery.bodies]
