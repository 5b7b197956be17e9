"""A stream with readers, through crashes and checkpoints."""

from typing import Any

from tests.kernel.leases.made import bodies
from tests.runtime.engine import Engine

from dragoman.kernel.commands import CreateStream, Lease, Publish, Settle
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL


class Topic:
    """A stream `t`, read by what each test makes."""

    def __init__(self, **stream: Any) -> None:
        self.engine = Engine()
        self.start()
        stream.setdefault("retention_ms", -1)
        self.submit(CreateStream(name="t", settings=StreamSettings(**stream)))

    def start(self) -> None:
        """Another life, after a crash."""
        self.node = self.engine.start()
        self.session = self.node.connect()

    def submit(self, command: Any) -> Any:
        return self.session.submit(command)

    def subscribe(self, name: str, *rules: dict[str, Any], **settings: Any) -> None:
        made = SubscriptionSettings(
            dialect="servicebus", filter={"rules": list(rules)}, early=True, **settings
        )
        self.submit(CreateSubscription(name="t", subscription=name, settings=made))

    def publish(self, *texts: bytes, **columns: Any) -> int:
        command = Publish("default", Address("t"), CANONICAL, list(texts))
        for column, value in columns.items():
            setattr(command, column, value)
        routed = self.session.publish(command).routed
        self.node.settle()
        return routed

    def lease(self, name: str, **options: Any) -> list[Delivery]:
        options.setdefault("count_max", 100)
        found: list[Delivery] = self.submit(Lease(name="t", subscription=name, **options))
        return found

    def take(self, name: str) -> list[bytes]:
        """All that is ready; one answer may end where what is next is still on disk."""
        found: list[bytes] = []
        while taken := bodies(self.lease(name)):
            found += taken
        return found

    def settle(self, delivery: Delivery, outcome: Any, **more: Any) -> None:
        command = Settle(
            delivery.holder.subscription.id,
            delivery.partition,
            delivery.holder.id,
            [(delivery.start, delivery.end)],
            outcome,
        )
        for name, value in more.items():
            setattr(command, name, value)
        self.session.settle(command)
