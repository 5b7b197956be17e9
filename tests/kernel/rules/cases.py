"""A broker with rules, and messages for it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from tests.fakes.node import World

from dragoman.formats import canonical, decode
from dragoman.kernel.api import (
    Address,
    CreateStream,
    DeclareQueue,
    Publish,
    PublishReply,
    PutRule,
    RegisterSchema,
    RuleInfo,
    RuleSettings,
)
from dragoman.kernel.block import Block
from dragoman.model.levels import CANONICAL, KAFKA
from dragoman.model.message import Message
from dragoman.wire.kafka.records import BatchBuilder

ORDER = """{"type": "object", "required": ["total"], "properties": {"total": {"type": "number", "minimum": 0}}}"""
AVRO = """{"type": "record", "name": "Order", "fields": [{"name": "total", "type": "long"}]}"""
NS = "default"


class Rules:
    """Streams `orders` and `billing`, both queues."""

    def __init__(self) -> None:
        self.world = World()
        for name in ("orders", "billing"):
            self.submit(DeclareQueue(name=name))

    def submit(self, command: Any) -> Any:
        return self.world.kernel.submit(command, 0)

    def rule(self, name: str = "r", **settings: Any) -> RuleInfo:
        settings.setdefault("on", ("orders",))
        found = self.submit(PutRule(name=name, settings=RuleSettings(**settings)))
        assert isinstance(found, RuleInfo)
        return found

    def schema(self, text: str = ORDER, kind: Any = "json", subject: str = "order") -> int:
        made = self.submit(RegisterSchema(subject=subject, kind=kind, text=text, revision="1"))
        return int(made.id)

    def stream(self, name: str, partitions: int = 1) -> None:
        from dragoman.kernel.settings import StreamSettings  # noqa: PLC0415

        settings = StreamSettings(partitions=partitions, retention_ms=-1)
        self.submit(CreateStream(name=name, settings=settings))

    def publish(
        self, *messages: Message | Any, to: str | Address = "orders", **more: Any
    ) -> PublishReply:
        address = Address(to) if isinstance(to, str) else to
        bodies = [
            canonical.encode(each if isinstance(each, Message) else said(each)) for each in messages
        ]
        return self.send(Publish(NS, address, CANONICAL, bodies), **more)

    def batch(self, *values: Any, to: str = "orders", **more: Any) -> PublishReply:
        builder = BatchBuilder()
        for value in values:
            builder.add(b"k", msgspec.json.encode(value), 5, [])
        command = Publish(NS, Address(to), KAFKA, [builder.build()])
        command.partition = 0
        command.packed = len(values) if len(values) > 1 else 0
        return self.send(command, **more)

    def send(self, command: Publish, **more: Any) -> PublishReply:
        for name, value in more.items():
            setattr(command, name, value)
        return self.world.kernel.publish(command)

    def blocks(self, name: str = "orders") -> list[Block]:
        return self.world.kernel.state.stream(NS, name).partitions[0].blocks

    def stored(self, name: str = "orders") -> list[Message]:
        """What readers are shown."""
        found: list[Message] = []
        for block in self.blocks(name):
            assert block.bodies is not None
            if not block.control:
                count = block.end - block.offset
                for at in range(count):
                    entry = block.bodies[0] if block.packed else block.bodies[at]
                    found.append(decode(block.format, entry, at if block.packed else 0))
        return found

    def values(self, name: str = "orders") -> list[Any]:
        return [msgspec.json.decode(each.body or b"null") for each in self.stored(name)]


def said(value: Any, headers: Mapping[str, Any] | None = None) -> Message:
    message = Message()
    message.body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    message.headers = list((headers or {}).items())
    return message
