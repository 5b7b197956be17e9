"""The admin API of a broker in memory, and somebody who asks it in JSON."""

import json
from typing import Any

from tests.doors.shared.rest.client import Client, World

from dragoman.console.access import Access
from dragoman.console.admin.face import AdminFace
from dragoman.kernel.api import Address, Publish
from dragoman.model.levels import CANONICAL

V1 = "/admin/v1"


class Admin:
    """One connection to a fresh broker."""

    def __init__(self, *, is_open: bool = True) -> None:
        access = Access({"ci": "token"}, is_open=is_open)
        self.world = World(AdminFace(access), users={"ada": b"secret"})
        self.client: Client = self.world.connect()
        self.last: dict[str, Any] = {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """The status; the answer's JSON is in `last`."""
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.client.ask(method, V1 + path, data, headers=list(headers.items()))
        self.last = json.loads(answer.body) if answer.body else {}
        return answer.status

    def get(self, path: str) -> Any:
        assert self.ask("GET", path) == 200, self.last
        return self.last

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        assert self.ask("POST", path, body) == status, self.last
        return self.last

    def patch(self, path: str, body: Any) -> Any:
        assert self.ask("PATCH", path, body) == 200, self.last
        return self.last

    def delete(self, path: str) -> None:
        assert self.ask("DELETE", path) == 204, self.last

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code."""
        status = self.ask(method, path, body)
        return status, self.last["code"]

    def queue(self, name: str, **settings: Any) -> Any:
        """Make one."""
        return self.post("/queues", {"name": name, "settings": settings}, 201)

    def fill(self, name: str, *bodies: bytes) -> None:
        """Stored bodies, as they are."""
        self.client.session.publish(Publish("default", Address(name), CANONICAL, list(bodies)))
        self.world.run()

    def publish(self, name: str, *texts: str) -> None:
        """Messages whose bodies are text."""
        self.post(f"/queues/default/{name}/messages", {"messages": [{"body": t} for t in texts]})

    def bodies(self, path: str) -> list[str]:
        return [item["message"]["body"] for item in self.get(path)["items"]]
