"""A door behind a WebSocket."""

from typing import Any

from tests.doors.shared.rest.client import FakeFace, World
from tests.wire.amqp10.peer import frames_of
from tests.wire.http.test_websocket import sent

from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.shared.amqp10.door import door_maker as amqp10
from dragoman.doors.shared.rest.call import Response, Route
from dragoman.doors.shared.rest.door import door_maker
from dragoman.doors.shared.rest.routes import Table
from dragoman.doors.shared.websocket import WebSocketDoor
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.frames import AMQP_HEADER, frame
from dragoman.wire.amqp10.performatives import Close, Open
from dragoman.wire.http.websocket import BINARY, CLOSE, PING, PONG
from dragoman.wire.http.websocket import frame as ws_frame

UPGRADE = (
    "GET /$servicebus/websocket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: {}\r\n\r\n"
)
OPEN = AMQP_HEADER + frame(0, Open("me"))


def client() -> Any:
    face = FakeFace(Route("GET", "/plain", lambda _: Response(200, b"ok")))
    world = World(face)
    sockets = {"AMQPWSB10": (amqp10(lambda: [GenericProfile()]), "amqp10")}
    world.make_door = door_maker(lambda: Table([face]), sockets)
    return world.connect()


def upgraded(more: bytes = b"") -> Any:
    found = client()
    found.send(UPGRADE.format("AMQPWSB10").encode() + more)
    return found


def test_amqp_goes_on_where_http_has_ended() -> None:
    found = upgraded(sent(BINARY, OPEN))
    said = found.take()
    head, _, rest = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert rest[0] == 0x80 | BINARY
    assert AMQP_HEADER in rest
    assert b"Dragoman" in rest
    found.send(sent(PING, b"p"))
    assert found.take() == ws_frame(PONG, b"p")


def test_when_the_inner_door_has_closed_the_socket_does() -> None:
    found = upgraded(sent(BINARY, OPEN))
    found.take()
    found.send(sent(BINARY, frame(0, Close())))
    assert found.take().endswith(ws_frame(CLOSE, b"\x03\xe8"))
    assert found.is_closed


def test_when_the_socket_is_closed_the_connection_is() -> None:
    found = upgraded(sent(BINARY, OPEN))
    found.take()
    found.send(sent(CLOSE, b"\x03\xe8"))
    assert found.take() == ws_frame(CLOSE, b"\x03\xe8")
    assert found.is_closed


def test_an_upgrade_that_nobody_serves_is_a_request_like_any_other() -> None:
    found = client()
    found.send(UPGRADE.format("chat").encode())
    assert found.take().startswith(b"HTTP/1.1 404 ")
    found.send(b"GET /plain HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"ok" in found.take()


__all__ = ["WebSocketDoor", "frames_of", "to_bytes"]
