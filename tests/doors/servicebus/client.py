"""Clients of Service Bus in frames: they claim first, and can ask `$management`."""

from collections.abc import Sequence
from typing import Any

from tests.doors.shared.amqp10.client import Client as PlainClient
from tests.doors.shared.amqp10.client import World as PlainWorld

from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.servicebus.profile import ServiceBusProfile
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.doors.shared.amqp10.profile import Profile
from dragoman.formats.amqp10 import section
from dragoman.kernel.api import Address, SubscriptionSettings
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import decode
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Properties, Source, Target
from dragoman.wire.amqp10.performatives import Attach
from dragoman.wire.amqp10.sections import slice_message
from dragoman.wire.amqp10.values import Described, ULong

LEASE_MS = 60_000


def request(application: dict[str, Any], body: Any, **properties: Any) -> bytes:
    return b"".join(
        (
            to_bytes(Properties(**properties)),
            encode(Described(ULong(0x74), application)),
            encode(Described(ULong(0x77), body)),
        )
    )


class World(PlainWorld):
    profiles: Sequence[Profile] = (ServiceBusProfile(), GenericProfile())

    def queue(self, name: str = "q", **settings: Any) -> None:
        """A queue as Service Bus has it, with its dead letters."""
        self.declare(f"{name}/dead")
        settings.setdefault("lease_duration_ms", LEASE_MS)
        settings.setdefault("dead_letter", Address(f"{name}/dead"))
        self.declare(name, settings=SubscriptionSettings(**settings))

    def azure(self, audience: str = "sb://h/", token: str = "t", **options: Any) -> "Client":
        client = Client(self)
        client.hello(**options)
        client.claim(audience, token)
        return client


class Client(PlainClient):
    def claim(self, audience: str, token: str, kind: str = "jwt") -> tuple[Any, Any]:
        """(status, condition) of a put-token."""
        if not hasattr(self, "has_links"):
            self.has_links = True
            self.attach(Attach("cbs-s", 90, False, source=Source("$cbs"), target=Target("$cbs")))
            self.attach(Attach("cbs-r", 91, True, source=Source("$cbs"), target=Target("$cbs")))
            self.credit(100, 91)
            self.heard()
        self.put_token(audience, token, kind)
        _, application, _ = self.answer()
        return application["status-code"], application.get("error-condition")

    def put_token(self, audience: str, token: str, kind: str = "jwt") -> None:
        asked = {"operation": "put-token", "type": kind, "name": audience}
        self.send(request(asked, token, message_id="1"), handle=90)

    def answer(self) -> tuple[int, dict[str, Any], Any]:
        """(status, application-properties, body) of the answer that has come, or comes once a refusal may be told."""
        found = self.transfers()
        if not found:
            self.world.advance(FAILED_LOGIN_MS)
            found = self.transfers()
        return self.read(found[-1].payload)

    @staticmethod
    def read(payload: bytes) -> tuple[int, dict[str, Any], Any]:
        found = slice_message(payload)
        application = section(payload, found.application, found.body, dict)
        body = decode(payload, found.body)[0].value if found.shape else None
        return application.get("statusCode", 0), application, body

    def ask(self, operation: str, body: Any, entity: str = "q") -> tuple[int, Any]:
        """(status, body, or condition) of an operation."""
        address = f"{entity}/$management"
        if not hasattr(self, "managed"):
            self.managed: set[str] = set()
        if entity not in self.managed:
            self.managed.add(entity)
            handle = 100 + 2 * len(self.managed)
            self.handles = {**getattr(self, "handles", {}), entity: handle}
            self.attach(
                Attach(f"m-s{handle}", handle, False, source=Source("me"), target=Target(address))
            )
            self.attach(
                Attach(
                    f"m-r{handle}",
                    handle + 1,
                    True,
                    source=Source(address),
                    target=Target(f"me{handle}"),
                )
            )
            self.credit(100, handle + 1)
            self.heard()
        handle = self.handles[entity]
        asked = {"operation": f"com.microsoft:{operation}"}
        self.send(request(asked, body, message_id="1", reply_to=f"me{handle}"), handle=handle)
        status, application, found = self.answer()
        return status, application["errorCondition"] if status >= 400 else found
