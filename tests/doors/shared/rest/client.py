"""A broker in memory, a service made for the test, and HTTP clients that speak with it in bytes."""

from collections.abc import Callable, Sequence
from typing import Any

import h11
from tests.fakes import node

from dragoman.doors.shared.rest.call import Request, Response, Route
from dragoman.doors.shared.rest.door import HttpDoor, door_maker
from dragoman.doors.shared.rest.routes import Table
from dragoman.runtime.nocommit import NoCommit


class FakeFace:
    """A service whose refusals are plain text."""

    name = "fake"

    def __init__(self, *routes: Route) -> None:
        self._routes = routes
        self.unknown: Callable[[Request, Sequence[str]], Response | None] = lambda r, a: None

    def routes(self) -> Sequence[Route]:
        return self._routes

    def refuse(self, request: Request, error: Exception) -> Response:
        status = 400 if isinstance(error, ValueError) else 500
        return Response(status, f"{type(error).__name__}: {error}".encode())

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        return self.unknown(request, allowed)


class Commit(NoCommit):
    """A journal whose progress the test decides."""

    def __init__(self) -> None:
        super().__init__()
        self.far = 1 << 40

    def reached(self, level: int) -> int:
        return self.far


class World(node.World):
    """One broker. Time moves by `advance` only."""

    def __init__(self, *faces: Any, users: dict[str, bytes] | None = None) -> None:
        super().__init__(users, commit=Commit())
        self.faults: list[Exception] = []
        self.broker.on_door_fault = self.faults.append
        self.make_door = door_maker(lambda: Table(faces))

    def progress(self) -> None:
        """The journal has come as far as anybody wants."""
        self.commit.far = 1 << 40
        self.broker.on_progress()
        self.run()

    def connect(self) -> "Client":
        return Client(self)


class Client(node.Connection[HttpDoor]):
    """Speaks HTTP: bytes out, answers in."""

    def __init__(self, world: World) -> None:
        super().__init__(world, world.make_door, port=8080)

    def send(self, data: bytes) -> None:
        """Bytes, and what comes of them."""
        self.give(data)

    def take(self) -> bytes:
        """Raw bytes answered since the last call."""
        return self.sent()

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """A whole request and its whole answer."""
        self.send(request(method, target, body, headers))
        (answer,) = answers(self.take(), method)
        return answer


def request(
    method: str, target: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()
) -> bytes:
    """A request's bytes."""
    known = [("Host", "here"), *headers]
    if body:
        known.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in known)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body


def answers(data: bytes, *methods: str) -> list[Response]:
    """Every answer in the bytes, read by another library; headers in lower case."""
    found: list[Response] = []
    for number in range(10_000):
        if not data:
            return found
        client = h11.Connection(h11.CLIENT)
        method = methods[number] if number < len(methods) else "GET"
        client.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        found.append(_next(client))
        data = client.trailing_data[0]
    raise AssertionError("no end of answers")


def _next(client: h11.Connection) -> Response:
    body = b""
    answer = Response(0)
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.headers = [(bytes(n), bytes(v)) for n, v in event.headers]
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            answer.body = body
            client.send_failed() if client.our_state is h11.SEND_BODY else None
            return answer
        elif event is h11.NEED_DATA or event is h11.PAUSED:
            raise AssertionError("half an answer")


def header(answer: Response, name: bytes) -> bytes | None:
    """One header's value."""
    return dict(answer.headers).get(name)
