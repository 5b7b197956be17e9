"""A broker in memory, a service made for the test, and HTTP clients that speak with it in bytes."""

from collections.abc import Callable, Sequence
from typing import Any

import h11
from tests.doors.kafka.client import Clock, Node, Peer, Scheduler

from dragoman.doors.shared.rest.call import Request, Response, Route
from dragoman.doors.shared.rest.door import HttpDoor, door_maker
from dragoman.doors.shared.rest.routes import Table
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.runtime.broker import Broker
from dragoman.runtime.commit import NoCommit


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


class Shell:
    """Takes what the door has to send, as a socket would."""

    def __init__(self) -> None:
        self.door: HttpDoor
        self.data = b""
        self.is_closed = False
        self.is_reading = True
        self.takes = True

    def flush(self) -> None:
        if self.takes:
            self.data += b"".join(self.door.data_to_send())
        self.is_closed = self.is_closed or self.door.is_closing()
        self.is_reading = not self.door.is_full()

    def abort(self) -> None:
        raise AssertionError("a door has failed")

    def throttle(self, *, on: bool) -> None: ...


class World:
    """One broker. Time moves by `advance` only."""

    def __init__(self, *faces: Any, users: dict[str, bytes] | None = None) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler()
        self.commit = Commit()
        self.faults: list[Exception] = []
        self.tokens = 0
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda limit: 0, self._token)
        self.broker = Broker(self.kernel, self.commit, self.clock, self.scheduler, Node(users))
        self.broker.on_door_fault = self.faults.append
        self.kernel.begin(1)
        self.make_door = door_maker(lambda: Table(faces))

    def _token(self, size: int) -> bytes:
        self.tokens += 1
        return self.tokens.to_bytes(16, "big")[-size:].rjust(size, b"\1")

    def run(self) -> None:
        """Until the broker has nothing left to do for now."""
        self.broker.begin_turn()
        while self.scheduler.calls:
            calls, self.scheduler.calls = self.scheduler.calls, []
            for call in calls:
                call()

    def advance(self, by_ms: int) -> None:
        """Time passes, and everything due happens."""
        self.clock.now_ms += by_ms
        self.broker.begin_turn()
        self.run()

    def progress(self) -> None:
        """The journal has come as far as anybody wants."""
        self.commit.far = 1 << 40
        self.broker.on_progress()
        self.run()

    def connect(self) -> "Client":
        return Client(self)


class Client:
    """One connection: bytes out, answers in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shell = Shell()
        self.session = world.broker.open(self._door, self.shell)
        world.run()

    def _door(self, session: Any) -> HttpDoor:
        self.shell.door = self.world.make_door(session, Peer())
        return self.shell.door

    @property
    def door(self) -> HttpDoor:
        return self.shell.door

    @property
    def is_closed(self) -> bool:
        return self.shell.is_closed

    def send(self, data: bytes) -> None:
        """Bytes, and what comes of them this turn."""
        self.world.broker.begin_turn()
        self.door.receive(data)
        self.world.broker.touch(self.session)
        self.world.run()

    def close(self) -> None:
        """Hang up."""
        self.world.broker.close(self.session)
        self.world.run()

    def take(self) -> bytes:
        """Raw bytes answered since the last call."""
        data, self.shell.data = self.shell.data, b""
        return data

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
