"""A broker in memory and AMQP clients that speak with it in bytes: no sockets, no real time.

`World()` commits everything at once; `World(slow=True)` has a journal that moves only when `journal()` is called.
"""

from typing import Any, TypeVar

from tests.fakes import node

from dragoman.doors.amqp091.door import Amqp091Door
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.connection import Connection, Role
from dragoman.wire.amqp091.events import AckRun, Content, Heartbeat, MethodEvent
from dragoman.wire.amqp091.fieldtable import Field, FieldTable
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import Properties, encode_header

T = TypeVar("T")

ALL_CAPABILITIES = (
    "authentication_failure_close",
    "basic.nack",
    "connection.blocked",
    "consumer_cancel_notify",
    "publisher_confirms",
)


class World(node.World):
    def connect(self, *, hello: bool = True, **options: Any) -> "Client":
        client = Client(self)
        if hello:
            client.open(**options)
        return client


class Message:
    """What a client got: method, properties, body."""

    def __init__(self, content: Content) -> None:
        self.method: Any = content.method
        self.properties = Properties(content.header)
        self.body = content.body


class Client(node.Connection[Amqp091Door]):
    """Speaks AMQP. `send` queues nothing: the broker has served it when it returns."""

    def __init__(self, world: node.World, make_door: Any = Amqp091Door) -> None:
        super().__init__(world, make_door)
        self.wire = Connection(Role.CLIENT)
        self.events: list[Any] = []

    # --- bytes ---

    def flush(self) -> None:
        self.give(self.wire.data_to_send())

    def read(self) -> list[Any]:
        """Everything that has come, acks and runs opened."""
        for event in self.wire.receive(self.sent()):
            if isinstance(event, AckRun):
                self.events += [
                    (event.channel, m.BasicAck(tag, multiple))
                    for first, last, multiple in event.spans
                    for tag in range(first, last + 1)
                ]
            elif isinstance(event, MethodEvent):
                self.events.append((event.channel, event.method))
            elif isinstance(event, Content):
                self.events.append((event.channel, Message(event)))
            elif isinstance(event, Heartbeat):
                self.events.append((0, event))
            else:
                raise TypeError(event)
        events, self.events = self.events, []
        return events

    # --- methods ---

    def send(self, channel: int, *methods: tuple[object, ...]) -> None:
        """Methods in one read of the broker."""
        for method in methods:
            self.wire.send(channel, method)
        self.flush()

    def expect(self, kind: type[T], channel: int = 1) -> T:
        """The next thing to come, of that kind on that channel."""
        if not self.events:
            self.events = self.read()
        assert self.events, f"nothing came, expected {kind.__name__}"
        number, found = self.events.pop(0)
        assert type(found) is kind and number == channel, (number, found, kind)
        return found

    def ask(self, method: tuple[object, ...], kind: type[T], channel: int = 1) -> T:
        self.send(channel, method)
        return self.expect(kind, channel)

    def nothing(self) -> None:
        assert self.read() == []

    def messages(self) -> list[Message]:
        """All messages that have come; nothing else may have."""
        found = self.read()
        assert all(isinstance(each, Message) for _, each in found), found
        return [each for _, each in found]

    def bodies(self) -> list[bytes]:
        return [message.body for message in self.messages()]

    # --- what tests need all the time ---

    def open(
        self,
        user: str = "guest",
        password: str = "guest",
        capabilities: tuple[str, ...] = ALL_CAPABILITIES,
        heartbeat: int = 0,
        frame_max: int = 131_072,
        channel: int = 1,
        vhost: str = "/",
    ) -> None:
        self.flush()
        self.expect(m.ConnectionStart, 0)
        properties: FieldTable = {
            "capabilities": Field("F", {name: Field("t", True) for name in capabilities})
        }
        response = f"\0{user}\0{password}".encode()
        self.ask(m.ConnectionStartOk(properties, "PLAIN", response), m.ConnectionTune, 0)
        self.send(0, m.ConnectionTuneOk(2047, frame_max, heartbeat), m.ConnectionOpen(vhost))
        self.expect(m.ConnectionOpenOk, 0)
        if channel:
            self.open_channel(channel)

    def open_channel(self, number: int = 1) -> None:
        self.ask(m.ChannelOpen(), m.ChannelOpenOk, number)

    def declare(self, name: str = "q", channel: int = 1, **options: Any) -> m.QueueDeclareOk:
        arguments = options.pop("arguments", {})
        method = m.QueueDeclare(queue=name, arguments=table(arguments), **options)
        return self.ask(method, m.QueueDeclareOk, channel)

    def publish(
        self,
        *bodies: bytes,
        key: str = "q",
        exchange: str = "",
        channel: int = 1,
        mandatory: bool = False,
        **properties: Any,
    ) -> None:
        """Publishes in one read of the broker."""
        if "headers" in properties:
            properties["headers"] = table(properties["headers"])
        headers = [encode_header(len(body), properties) for body in bodies]
        self.wire.send_frames(
            publish_run(channel, raw_key(exchange, key), mandatory, headers, list(bodies), 131_072)
        )
        self.flush()

    def consume(
        self, queue: str = "q", tag: str = "c", channel: int = 1, prefetch: int = 0, **options: Any
    ) -> None:
        if prefetch:
            self.ask(m.BasicQos(prefetch_count=prefetch), m.BasicQosOk, channel)
        arguments = table(options.pop("arguments", {}))
        method = m.BasicConsume(queue=queue, consumer_tag=tag, arguments=arguments, **options)
        assert self.ask(method, m.BasicConsumeOk, channel).consumer_tag == tag

    def get(self, queue: str = "q", *, no_ack: bool = True, channel: int = 1) -> Message | None:
        self.send(channel, m.BasicGet(queue=queue, no_ack=no_ack))
        ((number, found),) = self.read()
        assert number == channel
        if isinstance(found, m.BasicGetEmpty):
            return None
        assert isinstance(found, Message)
        return found

    def refused(self, method: tuple[object, ...], channel: int = 1) -> tuple[int, str]:
        """The channel's close for a method, answered and opened again."""
        self.send(channel, method)
        return self.closed(channel)

    def closed(self, channel: int = 1) -> tuple[int, str]:
        close = self.expect(m.ChannelClose, channel)
        self.send(channel, m.ChannelCloseOk())
        self.open_channel(channel)
        return close.reply_code, close.reply_text

    def ended(self) -> tuple[int, str]:
        """The connection's close."""
        close = self.expect(m.ConnectionClose, 0)
        return close.reply_code, close.reply_text


def raw_key(exchange: str, key: str) -> bytes:
    return b"".join(bytes([len(name.encode())]) + name.encode() for name in (exchange, key))


def table(values: dict[str, Any]) -> FieldTable:
    return {name: field(value) for name, value in values.items()}


def field(value: Any) -> Field:
    """A Python value as clients would send it."""
    if isinstance(value, Field):
        return value
    if isinstance(value, bool):
        return Field("t", value)
    if isinstance(value, int):
        return Field("I" if -(2**31) <= value < 2**31 else "l", value)
    if isinstance(value, str):
        return Field("S", value.encode())
    if isinstance(value, list):
        return Field("A", [field(item) for item in value])
    if isinstance(value, dict):
        return Field("F", table(value))
    assert value is None
    return Field("V", None)
