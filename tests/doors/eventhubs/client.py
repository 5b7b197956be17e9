"""Clients of Event Hubs in frames: they say who they are, and can ask `$management`."""

from collections.abc import Sequence
from typing import Any

from tests.doors.shared.amqp10.client import Client as PlainClient
from tests.doors.shared.amqp10.client import World as PlainWorld
from tests.wire.amqp10.peer import Frame

from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.eventhubs.hubs import hub_settings
from dragoman.doors.eventhubs.profile import EventHubsProfile
from dragoman.doors.servicebus.profile import ServiceBusProfile
from dragoman.doors.shared.amqp10.profile import Profile
from dragoman.formats.amqp10 import section
from dragoman.kernel.api import CreateStream, DescribeStream, StreamInfo
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import decode
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Properties, Source, Target
from dragoman.wire.amqp10.performatives import Attach, Detach, Transfer
from dragoman.wire.amqp10.sections import slice_message
from dragoman.wire.amqp10.values import Described, Symbol, ULong

AGENT = {Symbol("user-agent"): "azsdk-python-eventhubs/5.15.1"}
BATCH = 0x80013700
SELECTOR = Symbol("apache.org:selector-filter:string")
SELECTOR_CODE = ULong(0x0000468C00000004)


class World(PlainWorld):
    profiles: Sequence[Profile] = (
        EventHubsProfile(creates=True),
        ServiceBusProfile(),
        GenericProfile(),
    )

    def hub(self, name: str = "h", **more: Any) -> None:
        settings = hub_settings(self.clock.now_ms, **more)
        command = CreateStream(name=name, settings=settings)
        self.kernel.submit(command, self.kernel.open_session())
        self.run()

    def hub_info(self, name: str = "h") -> StreamInfo:
        command = DescribeStream(name=name)
        found: StreamInfo = self.kernel.submit(command, self.kernel.open_session())
        return found

    def client(self, **options: Any) -> "Client":
        client = Client(self)
        client.hello(**{"properties": AGENT, **options})
        return client


class Public(World):
    """Where nobody makes a hub by using it."""

    profiles: Sequence[Profile] = (
        EventHubsProfile(creates=False),
        ServiceBusProfile(),
        GenericProfile(),
    )


def batch(*messages: bytes, key: str = "") -> bytes:
    annotations = {Symbol("x-opt-partition-key"): key}
    envelope = encode(Described(ULong(0x72), annotations)) if key else b""
    return envelope + b"".join(encode(Described(ULong(0x75), each)) for each in messages)


def path(partition: int | str = 0, group: str = "$Default", hub: str = "h") -> str:
    return f"amqps://host:5671/{hub}/ConsumerGroups/{group}/Partitions/{partition}"


def annotations_of(frame: Frame) -> dict[str, Any]:
    found = slice_message(frame.payload)
    known: dict[str, Any] = section(frame.payload, found.annotations, found.properties, dict)
    return known


def beside(frame: Frame) -> dict[str, Any]:
    """Delivery annotations."""
    found = slice_message(frame.payload)
    known: dict[str, Any] = section(frame.payload, found.delivery, found.annotations, dict)
    return known


class Client(PlainClient):
    def send_batch(self, payload: bytes, handle: int = 0) -> None:
        transfer = Transfer(handle, self.next_id, b"%d" % self.next_id, BATCH)
        self.next_id += 1
        self.say(transfer, payload=payload)

    def read(
        self,
        partition: int | str = 0,
        selector: Any = None,
        handle: int = 1,
        group: str = "$Default",
        hub: str = "h",
        **options: Any,
    ) -> list[Any]:
        """Attach a receiver, with credit: what was answered before the deliveries."""
        filters = None if selector is None else {SELECTOR: Described(SELECTOR_CODE, selector)}
        source = Source(path(partition, group, hub), filter=filters)
        return self.receiver(handle=handle, source=source, **options)

    def numbers(self) -> list[int]:
        return [annotations_of(frame)["x-opt-sequence-number"] for frame in self.transfers()]

    def ask(self, kind: str, name: str = "h", **more: Any) -> tuple[int, Any]:
        """(status, body, or condition) of a READ."""
        if not hasattr(self, "asks"):
            self.asks = True
            for attach in (
                Attach("ms", 80, False, source=Source("me"), target=Target("$management")),
                Attach("mr", 81, True, source=Source("$management"), target=Target("me")),
            ):
                self.attach(attach)
            self.credit(100, 81)
            self.heard()
        asked = {"operation": "READ", "type": kind, "name": name, **more}
        asked = {name: value for name, value in asked.items() if value is not None}
        properties = Properties(message_id="1", reply_to="me")
        self.send(to_bytes(properties) + encode(Described(ULong(0x74), asked)), handle=80)
        payload = self.transfers()[-1].payload
        found = slice_message(payload)
        application = section(payload, found.application, found.body, dict)
        status = int(application["status-code"])
        if status != 200:
            return status, application["error-condition"]
        return status, decode(payload, found.body)[0].value


def refusal_of(bodies: list[Any]) -> str:
    """The condition with which an attach was refused, or a link ended."""
    errors = [body.error for body in bodies if isinstance(body, Detach)]
    assert errors, bodies
    return str(errors[-1].condition)
