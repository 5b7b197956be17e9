"""A face that answers, waits and fails as it is asked to, and the door in front of it."""

from tests.doors.shared.rest.client import Client, FakeFace, World, answers, request

from dragoman.doors.shared.rest.call import Call, Response, Route
from dragoman.kernel.api import Consume, Delivery
from dragoman.model.levels import SYNCED


class Waiting:
    """Parked until the test says so."""

    def __init__(self, deadline_ms: int | None = None) -> None:
        self.deadline_ms = deadline_ms
        self.answer: Response | None = None
        self.is_abandoned = False
        self.got: list[Delivery] = []

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        self.got += deliveries
        return self.answer

    def progressed(self) -> Response | None:
        return self.answer

    def answered(self, ticket: int, result: object) -> Response | None:
        return Response(200, str(result).encode())

    def expire(self) -> Response:
        return Response(204)

    def abandon(self) -> None:
        self.is_abandoned = True


class Service:
    """Routes that do what tests need."""

    def __init__(self) -> None:
        self.parked: list[Waiting] = []
        self.calls: list[Call] = []
        self.position = 0
        self.wait_ms: int | None = 1_000
        self.world = World(
            FakeFace(
                Route("GET", "/echo/{word}", self.echo),
                Route("POST", "/echo", self.body, body_bytes_max=100),
                Route("GET", "/durable", self.durable),
                Route("GET", "/wait", self.wait),
                Route("GET", "/receive", self.receive),
                Route("GET", "/bad", self.bad),
                Route("GET", "/broken", self.broken),
                Route("GET", "/large", lambda call: Response(200, bytes(600_000))),
            )
        )

    def connect(self) -> Client:
        return self.world.connect()

    def echo(self, call: Call) -> Response:
        self.calls.append(call)
        return Response(200, call.parameters["word"].encode())

    def body(self, call: Call) -> Response:
        return Response(201, call.request.body, ((b"x-length", b"%d" % len(call.request.body)),))

    def durable(self, call: Call) -> Response:
        self.position += 1
        return Response(200, b"durable").after(self.position, SYNCED)

    def wait(self, call: Call) -> Waiting:
        until = None if self.wait_ms is None else call.session.elapsed_ms() + self.wait_ms
        self.parked.append(Waiting(until))
        return self.parked[-1]

    def receive(self, call: Call) -> Waiting:
        parked = self.wait(call)
        call.session.submit(Consume(name="q", tag=parked, credit_max=10, lease_duration_ms=60_000))
        return parked

    def bad(self, call: Call) -> Response:
        raise ValueError("nonsense")

    def broken(self, call: Call) -> Response:
        raise KeyError("planted")


def bodies(data: bytes) -> list[bytes]:
    return [answer.body for answer in answers(data)]


def echo(word: str) -> bytes:
    return request("GET", f"/echo/{word}")
