"""Request and response over two links."""

from typing import Any

import pytest
from tests.doors.shared.amqp10.client import Client, World, message

from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.shared.amqp10.profile import Answer, Peer, Request, Service
from dragoman.doors.shared.amqp10.requests import ANSWERS_MAX
from dragoman.formats.amqp10 import section
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import decode
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import ACCEPTED, Properties, Source, Target
from dragoman.wire.amqp10.performatives import Attach, Detach
from dragoman.wire.amqp10.sections import slice_message
from dragoman.wire.amqp10.values import Int, ULong


class Echo:
    is_open = True

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def ask(self, peer: Peer, request: Request) -> Answer:
        self.requests.append(request)
        if request.body == b"nothing":
            return Answer({"status-code": Int(202)})
        return Answer({"status-code": Int(200)}, {"body": request.body}, subject="re")


class Profile(GenericProfile):
    def __init__(self) -> None:
        self.echo = Echo()

    def service(self, peer: Peer, address: str) -> Service | None:
        return self.echo if address == "$echo" else None


class Echoing(World):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.profile = Profile()
        self.profiles = [self.profile]


def linked(world: World, credit: int = 50) -> Client:
    client = world.connect()
    client.sender("$echo")
    client.attach(Attach("replies", 1, True, source=Source("$echo"), target=Target("me")))
    if credit:
        client.credit(credit)
    client.heard()
    return client


def answer_of(payload: bytes) -> tuple[Properties, dict[str, Any], Any]:
    found = slice_message(payload)
    body = decode(payload, found.body)[0].value if found.shape else None
    return (
        from_bytes(payload, found.properties)[0],
        section(payload, found.application, found.body, dict),
        body,
    )


def test_an_answer_goes_where_the_request_says_by_name_or_by_address() -> None:
    world = Echoing()
    client = linked(world)
    for reply_to in ("replies", "me"):
        client.send(message(b"x", message_id=ULong(7), reply_to=reply_to))
        (frame,) = client.transfers()
        properties, application, body = answer_of(frame.payload)
        assert type(properties.correlation_id) is ULong and properties.correlation_id == 7
        assert (properties.subject, application, body) == (
            "re",
            {"status-code": 200},
            {"body": b"x"},
        )
        assert not frame.body.settled
    assert [request.link_name for request in world.profile.echo.requests] == ["s0", "s0"]


def test_an_answer_may_have_no_body() -> None:
    client = linked(Echoing())
    client.send(message(b"nothing", reply_to="me"))
    assert answer_of(client.transfers()[0].payload)[2] is None


def test_an_answer_that_nobody_waits_for_goes_nowhere() -> None:
    client = linked(Echoing())
    client.send(message(b"x", reply_to="other"), message(b"x", reply_to=[1]))
    assert client.outcomes() == [(0, 1, ACCEPTED)]


def test_answers_wait_for_credit_the_latest_of_them() -> None:
    client = linked(Echoing(), credit=0)
    for number in range(ANSWERS_MAX + 5):
        client.send(message(b"%d" % number, reply_to="me"))
    client.heard()
    client.credit(500)
    bodies = [answer_of(frame.payload)[2]["body"] for frame in client.transfers()]
    assert bodies == [b"%d" % number for number in range(5, ANSWERS_MAX + 5)]


@pytest.mark.parametrize("payload", [b"\x40", b"\x00\x53\x77" + encode([None] * 30_000)])
def test_a_request_that_is_no_message_or_of_very_many_values_ends_its_link(payload: bytes) -> None:
    client = linked(Echoing())
    client.send(payload)
    error = client.told(Detach).error
    assert getattr(error, "condition", "") == "amqp:decode-error"


def test_an_open_service_answers_those_who_have_not_proved_anything() -> None:
    client = linked(Echoing(users={"me": b"secret"}))
    client.send(message(b"x", reply_to="me"))
    assert len(client.transfers()) == 1
