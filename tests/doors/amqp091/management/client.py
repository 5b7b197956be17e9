"""RabbitMQ's management API of a broker in memory: somebody who asks in JSON, and clients of AMQP beside."""

import json
from base64 import b64encode
from typing import Any

from tests.doors.amqp091.client import Client
from tests.doors.shared.rest.client import World

from dragoman.doors.amqp091.door import door_maker
from dragoman.doors.amqp091.management.face import ManagementFace
from dragoman.doors.amqp091.roster import Roster
from dragoman.telemetry.counters import Meters


class Manager:
    """One HTTP connection to a fresh broker."""

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.roster = Roster()
        self.missing: list[str] = []
        self.meters = Meters()
        face = ManagementFace(self.roster, lambda: self.missing, self.meters)
        self.world = World(face, users=users)
        self.world.broker.meters = self.meters
        self.http = self.world.connect()
        self.last: Any = None
        self.headers: dict[str, str] = {}

    def log_in(self, user: str, password: str) -> None:
        token = b64encode(f"{user}:{password}".encode()).decode()
        self.headers["authorization"] = f"Basic {token}"

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """The status; the answer's JSON is in `last`."""
        data = b"" if body is None else json.dumps(body).encode()
        headers = list(self.headers.items())
        answer = self.http.ask(method, f"/api/{path}", data, headers=headers)
        self.last = json.loads(answer.body) if answer.body else None
        return int(answer.status)

    def get(self, path: str) -> Any:
        assert self.ask("GET", path) == 200, self.last
        return self.last

    def put(self, path: str, body: Any = None) -> int:
        status = self.ask("PUT", path, body)
        assert status in {201, 204}, self.last
        return status

    def refused(self, method: str, path: str, body: Any = None) -> str:
        """The reason of a 400."""
        assert self.ask(method, path, body) == 400, self.last
        return str(self.last["reason"])

    def amqp(self, **options: Any) -> Client:
        """A client of AMQP that the roster knows."""
        client = Client(self.world, door_maker(self.roster))
        client.open(**options)
        return client
