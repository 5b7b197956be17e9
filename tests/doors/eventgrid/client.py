"""A broker in memory with Event Grid on it, and what its clients say, in few words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.doors.shared.rest.client import Client, World
from tests.fakes.node import FakeShell
from tests.fakes.outbound import FakeOutbound

from dragoman.doors.eventgrid.delivering import Delivering
from dragoman.doors.eventgrid.face import EventGridFace
from dragoman.doors.shared.push.door import PushDoor
from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import (
    CreateStream,
    CreateSubscription,
    DeclareQueue,
    Read,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.ports.outbound import Outgoing

ARM = "/subscriptions/s1/resourceGroups/g1/providers/Microsoft.EventGrid"
API = "?api-version=2018-01-01"
CLOUD = ("Content-Type", "application/cloudevents+json")
CLOUD_BATCH = ("Content-Type", "application/cloudevents-batch+json; charset=utf-8")


def cloud(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "/shop", "type": "made", **more}


def grid(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "subject": "eu",
        "eventType": "made",
        "eventTime": "2020-01-01T00:00:00Z",
        "dataVersion": "1.0",
        "data": {"n": number},
        **more,
    }


class Grid:
    """The broker and one client."""

    def __init__(
        self, keys: Mapping[str, str] | None = None, streams: Sequence[str] = ("orders",)
    ) -> None:
        self.face = EventGridFace(keys or {}, is_open=keys is None)
        self.world = World(self.face)
        self.client = self.world.connect()
        self.outbound = FakeOutbound()
        self.delivering = Delivering(self.outbound)
        self.world.broker.open(self._push_door, FakeShell())
        for name in streams:
            self.submit(CreateStream(name=name, settings=StreamSettings(retention_ms=-1)))

    def _push_door(self, session: Any) -> PushDoor:
        door = PushDoor(
            session,
            self.outbound,
            self.delivering,
            self.delivering.pushed,
            self.world.faults.append,
        )
        door.refresh()
        return door

    def _open(self, client: Client | None) -> Client:
        """An idle connection is closed after a while."""
        if client is None and self.client.is_closed:
            self.client = self.world.connect()
        return client or self.client

    def submit(self, command: Any) -> Any:
        return self.world.kernel.submit(command, 0)

    def submit_queue(self, name: str) -> None:
        self.submit(DeclareQueue(name=name))

    def subscribe(self, name: str = "sub", stream: str = "orders", **settings: Any) -> None:
        self.submit(
            CreateSubscription(
                name=stream, subscription=name, settings=SubscriptionSettings(**settings)
            )
        )

    def connect(self) -> Client:
        return self.world.connect()

    def post(
        self, target: str, body: Any = b"", *headers: tuple[str, str], client: Client | None = None
    ) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._open(client).ask("POST", target, raw, headers)

    def ask(
        self, method: str, target: str, body: Any = None, client: Client | None = None
    ) -> Response:
        raw = b"" if body is None else json.dumps(body).encode()
        return self._open(client).ask(method, target, raw)

    def arm(
        self, method: str, path: str, body: Any = None, query: str = "api-version=2025-02-15"
    ) -> Any:
        """Of Resource Manager: the answer's status and body."""
        answer = self.ask(method, f"{ARM}/{path}?{query}", body)
        return answer.status, json.loads(answer.body) if answer.body else None

    def answer(self, status: int = 200, **more: Any) -> Outgoing:
        """The endpoint answers the oldest request."""
        self.world.broker.begin_turn()
        request = self.outbound.answer(status, **more)
        self.world.run()
        return request

    def publish(self, *events: Any, topic: str = "orders") -> Response:
        return self.post(f"/{topic}/api/events{API}", list(events), CLOUD_BATCH)

    def publish_grid(self, *events: Any, topic: str = "orders") -> None:
        assert self.post(f"/{topic}/api/events{API}", list(events)).status == 200

    def stored(self, stream: str = "orders") -> list[bytes]:
        found: list[bytes] = []
        offset = 0
        while True:
            extract = self.submit(Read(name=stream, offset=offset))
            if not extract.blocks:
                return found
            for block in extract.blocks:
                found += block.bodies
                offset = block.end


def read(response: Response) -> Any:
    return json.loads(response.body)


def code(response: Response) -> tuple[int, str]:
    """Status, and the finest code."""
    error = read(response)["error"]
    return response.status, error.get("details", [{"code": error["code"]}])[0]["code"]
