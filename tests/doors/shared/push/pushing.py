"""A node with a push door on it: the kernel and the runtime are real, outbound HTTP and the face are not."""

from collections.abc import Sequence

from tests.fakes.node import FakeShell
from tests.fakes.outbound import FakeOutbound
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, publish

from dragoman.doors.shared.push.door import PushDoor, pushed_by
from dragoman.doors.shared.push.renderer import (
    ACK,
    Plan,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.kernel.api import (
    AlterSubscription,
    CreateStream,
    CreateSubscription,
    DeleteSubscription,
    DescribeQueue,
    QueueInfo,
    Session,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.ports.outbound import Answered, Outgoing

URL = "http://hooks.test/"
STREAM = "events"


class FakeFace:
    """Joins bodies by commas. 2xx is an ack, 400 a rejection, all else is released for `attempt` seconds."""

    name = "fake"

    def __init__(self) -> None:
        self.plans: dict[str, Plan | None] = {}
        self.attempts: list[int] = []

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        return self.plans.get(subscription.name, Plan(URL + subscription.name))

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        bodies = [message.body for message in messages]
        if b"unspeakable" in bodies:
            return Verdict("reject", reason="unspeakable")
        if b"fault" in bodies:
            raise RuntimeError("a fault of the face")
        return Outgoing("POST", URL + subscription.name, (), b",".join(bodies), 1_000)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        self.attempts.append(attempt)
        if answered.status == 500:
            raise RuntimeError("a fault of the face")
        if 200 <= answered.status < 300:
            return ACK
        if answered.status == 400:
            return Verdict("reject", reason="rejected")
        return Verdict("release", delay_ms=attempt * 1_000)


class Pushing:
    """One life of it."""

    def __init__(self, engine: Engine | None = None, outbound: FakeOutbound | None = None) -> None:
        self.engine = engine or Engine()
        self.node: TestNode = self.engine.start()
        self.outbound = outbound or FakeOutbound()
        self.face = FakeFace()
        self.faults: list[Exception] = []
        self.client = self.node.connect()
        self.session = self.node.broker.open(self._make, FakeShell())
        assert isinstance(self.session.door, PushDoor)
        self.door: PushDoor = self.session.door
        self.refresh()

    def _make(self, session: Session) -> PushDoor:
        return PushDoor(
            session,
            self.outbound,
            self.face,
            pushed_by(self.face.name),
            self.faults.append,
        )

    def subscribe(self, name: str = "all", **settings: object) -> None:
        """Make it and push it."""
        self.client.submit(
            CreateStream(name=STREAM, settings=StreamSettings(partitions=1), attach=True)
        )
        asked = SubscriptionSettings(push=self.face.name, **settings)  # type: ignore[arg-type]
        self.client.submit(CreateSubscription(name=STREAM, subscription=name, settings=asked))
        self.node.settle()

    def alter(self, name: str = "all", **settings: object) -> None:
        """Give it other settings."""
        asked = SubscriptionSettings(owns_stream=False, **settings)  # type: ignore[arg-type]
        self.client.submit(AlterSubscription(name=STREAM, subscription=name, settings=asked))
        self.node.settle()

    def unsubscribe(self, name: str = "all") -> None:
        self.client.submit(DeleteSubscription(name=STREAM, subscription=name))
        self.node.settle()

    def refresh(self) -> None:
        """As if the set had changed."""
        self.door.progressed()
        self.node.settle()

    def publish(self, *bodies: bytes) -> None:
        publish(self.client, STREAM, *bodies)
        self.node.settle()

    def answer(self, status: int = 200, **more: object) -> Outgoing:
        request = self.outbound.answer(status, **more)  # type: ignore[arg-type]
        self.node.settle()
        return request

    def pass_ms(self, ms: int) -> None:
        self.node.clock.now_ms += ms
        self.node.settle()

    def counts(self, name: str = "all") -> tuple[int, int]:
        """Ready and leased messages."""
        for subscription in self.node.kernel.state.subscriptions.values():
            if subscription.name == name:
                return subscription.ready(), subscription.leased()
        return 0, 0

    def queue(self, name: str) -> QueueInfo:
        info = self.client.submit(DescribeQueue(name=name))
        assert isinstance(info, QueueInfo)
        return info
