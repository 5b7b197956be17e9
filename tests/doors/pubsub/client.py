"""Pub/Sub in memory: methods called as gRPC's door calls them, and time that moves only when told to."""

from collections.abc import Sequence
from typing import Any

from tests.fakes import node

from dragoman.doors.pubsub.protos import Topic
from dragoman.doors.pubsub.services import make_services
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Status
from dragoman.kernel.api import Delivery
from dragoman.wire.protobuf.iam import IAM
from dragoman.wire.protobuf.pubsub import PUBSUB
from dragoman.wire.protobuf.schemas import SCHEMAS

PROJECT = "default"


def topic(name: str) -> str:
    return f"projects/{PROJECT}/topics/{name}"


def subscription(name: str) -> str:
    return f"projects/{PROJECT}/subscriptions/{name}"


def snapshot(name: str) -> str:
    return f"projects/{PROJECT}/snapshots/{name}"


class Waiting:
    """A unary call that is not answered yet."""

    def __init__(self, method: Method, pending: Any) -> None:
        self._method = method
        self.pending = pending
        self.reply: Reply | None = None
        self.error: Exception | None = None

    def take(self, step: Any) -> None:
        try:
            self.reply = step()
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.error = error

    @property
    def due_ms(self) -> int | None:
        found: int | None = self.pending.deadline_ms
        return found

    def deliver(self, deliveries: list[Delivery]) -> None:
        self.take(lambda: self.pending.deliver(deliveries))

    def progressed(self) -> None:
        self.take(self.pending.progressed)

    def tick(self) -> None:
        self.take(self.pending.expire)

    @property
    def is_over(self) -> bool:
        return self.reply is not None or self.error is not None

    @property
    def answer(self) -> Any:
        assert self.reply is not None
        return read(self._method, self.reply)


class Streaming:
    """A streaming call: `sent` are its responses, `status` how it ended (None: OK)."""

    def __init__(self, pubsub: "Pubsub") -> None:
        self.sent: list[Any] = []
        self.status: Status | None = None
        self.is_over = False
        self.room = 1 << 20
        self.stream: Any = None
        self._pubsub = pubsub
        self._response = PUBSUB["StreamingPullResponse"]

    # as a sender

    def send(self, message: Any, *, position: int = 0, level: int = 0) -> None:
        raw = message if isinstance(message, bytes) else message.SerializeToString()
        self.room -= len(raw)
        self.sent.append(self._response.FromString(raw))

    def finish(self, status: Status | None = None, *_: Any, **__: Any) -> None:
        self.status = status
        self.is_over = True

    def room_bytes(self) -> int:
        return self.room

    # as an exchange

    @property
    def due_ms(self) -> int | None:
        found: int | None = self.stream.tick_ms
        return found

    @property
    def pending(self) -> Any:
        return self.stream

    def deliver(self, deliveries: list[Delivery]) -> None:
        self.stream.deliver(deliveries)

    def progressed(self) -> None:
        self.stream.progressed()

    def tick(self) -> None:
        self.stream.tick()

    # as a client

    def ask(self, **fields: Any) -> None:
        """A further request."""
        world = self._pubsub.world
        world.broker.begin_turn()
        self.stream.received(PUBSUB["StreamingPullRequest"](**fields))
        world.broker.touch(self._pubsub.connection.session)
        world.run()

    def messages(self) -> list[Any]:
        """All received messages since the last call."""
        found = [one for response in self.sent for one in response.received_messages]
        self.sent.clear()
        return found


class Door(node.FakeDoor):
    """Hands things on by tags, as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Any] = []

    def deliver(self, deliveries: list[Delivery]) -> None:
        for each in list(self.waiting):
            mine = [one for one in deliveries if one.holder.tag is each.pending]
            if mine:
                each.deliver(mine)
        self._clean()

    def _clean(self) -> None:
        self.waiting = [each for each in self.waiting if not each.is_over]

    def cancelled(self, holder: Any) -> None:
        for each in list(self.waiting):
            if each.pending is holder.tag:
                each.progressed()
        self._clean()

    def next_tick_ms(self) -> int | None:
        due = [each.due_ms for each in self.waiting if each.due_ms is not None]
        return min(due, default=None)

    def tick(self) -> None:
        now = self.session.elapsed_ms()
        for each in list(self.waiting):
            if each.due_ms is not None and each.due_ms <= now:
                each.tick()
        self._clean()

    session: Any = None


class Pubsub:
    """A client of one broker. `topic("orders")` is not there until somebody makes it."""

    def __init__(
        self, users: dict[str, bytes] | None = None, world: node.World | None = None
    ) -> None:
        self.world = world or node.World(users)
        self.metadata: Sequence[tuple[bytes, bytes]] = ()
        self._methods = {
            method.name: method for service in make_services() for method in service.methods()
        }
        self._refuse = make_services()[0].refuse
        self.connection: node.Connection[Door] = node.Connection(self.world, self._make_door)

    def _make_door(self, session: Any, _: Any) -> Door:
        door = Door()
        door.session = session
        return door

    def call(self, method: Method, deadline_ms: int | None = None) -> Call:
        session: Any = self.connection.session
        until = None if deadline_ms is None else session.elapsed_ms() + deadline_ms
        return Call(method, session, node.FakePeer(), self.metadata, until)

    def begin(
        self, name: str, /, *, deadline_ms: int | None = None, **fields: Any
    ) -> Reply | Waiting:
        """Call a method. Raises Status."""
        method = self._methods[name]
        assert method.kind is Kind.UNARY
        raw = request_class(name)(**fields).SerializeToString()
        call = self.call(method, deadline_ms)
        self.world.broker.begin_turn()
        try:
            found = method.handler(
                call, raw if method.request is None else method.request.FromString(raw)
            )
        except Exception as error:
            raise self._refuse(call, error) from error
        finally:
            self.world.broker.touch(self.connection.session)
            self.world.run()
        if isinstance(found, Reply):
            return found
        waiting = Waiting(method, found)
        self.connection.door.waiting.append(waiting)
        self.world.broker.touch(self.connection.session)
        self.world.run()
        return waiting

    def ask(self, name: str, /, **fields: Any) -> Any:
        """Call a method that is answered at once. Raises Status."""
        found = self.begin(name, **fields)
        assert isinstance(found, Reply), f"{name} is not answered"
        return read(self._methods[name], found)

    def stream(self, **fields: Any) -> Streaming:
        """Open a StreamingPull. Raises Status."""
        method = self._methods["StreamingPull"]
        streaming = Streaming(self)
        streaming.stream = method.handler(self.call(method), streaming)
        self.connection.door.waiting.append(streaming)
        streaming.ask(**{"stream_ack_deadline_seconds": 10, **fields})
        return streaming

    # --- what tests do all the time ---

    def make(self, name: str = "orders", sub: str = "sub", **fields: Any) -> None:
        """A topic, unless it is there, and a subscription to it."""
        try:
            self.ask("CreateTopic", name=topic(name))
        except Status:
            self.ask("GetTopic", topic=topic(name))
        self.ask("CreateSubscription", name=subscription(sub), topic=topic(name), **fields)

    def publish(
        self, *data: bytes, name: str = "orders", key: str = "", **attributes: str
    ) -> list[str]:
        messages = [{"data": one, "attributes": attributes, "ordering_key": key} for one in data]
        found = self.ask("Publish", topic=topic(name), messages=messages)
        return list(found.message_ids)

    def pull(self, sub: str = "sub", count: int = 10) -> list[Any]:
        found = self.ask(
            "Pull", subscription=subscription(sub), max_messages=count, return_immediately=True
        )
        return list(found.received_messages)

    def data(self, sub: str = "sub", count: int = 10) -> list[bytes]:
        """What a pull brings, acknowledged."""
        received = self.pull(sub, count)
        if received:
            self.acknowledge(*received, sub=sub)
        return [one.message.data for one in received]

    def acknowledge(self, *received: Any, sub: str = "sub") -> None:
        ids = [one if isinstance(one, str) else one.ack_id for one in received]
        self.ask("Acknowledge", subscription=subscription(sub), ack_ids=ids)

    def modify(self, seconds: int, *received: Any, sub: str = "sub") -> None:
        self.ask(
            "ModifyAckDeadline",
            subscription=subscription(sub),
            ack_ids=[one.ack_id for one in received],
            ack_deadline_seconds=seconds,
        )


def request_class(name: str) -> Any:
    for package in (PUBSUB, SCHEMAS, IAM):
        for service in package.services.values():
            if name in service:
                return service[name].request
    raise KeyError(name)


def read(method: Method, reply: Reply) -> Any:
    raw = reply.message if isinstance(reply.message, bytes) else reply.message.SerializeToString()
    return method.response.FromString(raw)


def named(name: str) -> Any:
    return Topic(name=topic(name))
