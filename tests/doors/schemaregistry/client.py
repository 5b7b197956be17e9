"""The registry of a broker in memory, and somebody who asks it in JSON."""

import json
from typing import Any

from tests.doors.shared.rest.client import Client, World

from dragoman.doors.schemaregistry.face import SchemaRegistryFace

INT, LONG, TEXT = '"int"', '"long"', '"string"'


class Registry:
    """One connection to a fresh broker."""

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.world = World(SchemaRegistryFace(), users=users)
        self.client: Client = self.world.connect()
        self.last: Any = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """The status; the answer's JSON is in `last`."""
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.client.ask(method, path, data, headers=list(headers.items()))
        self.last = json.loads(answer.body) if answer.body else None
        return answer.status

    def get(self, path: str) -> Any:
        assert self.ask("GET", path) == 200, self.last
        return self.last

    def post(self, path: str, body: Any) -> Any:
        assert self.ask("POST", path, body) == 200, self.last
        return self.last

    def put(self, path: str, body: Any) -> Any:
        assert self.ask("PUT", path, body) == 200, self.last
        return self.last

    def delete(self, path: str) -> Any:
        assert self.ask("DELETE", path) == 200, self.last
        return self.last

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """Status and code."""
        status = self.ask(method, path, body)
        return status, self.last["error_code"]

    def register(self, subject: str, text: str, **more: Any) -> int:
        """The id."""
        made = self.post(f"/subjects/{subject}/versions", {"schema": text, **more})
        assert isinstance(made["id"], int)
        return int(made["id"])
