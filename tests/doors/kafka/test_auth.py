"""SASL PLAIN: who gets in, who does not, and how late they are told."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World

from dragoman.doors.kafka.auth import REFUSAL_DELAY_MS

ALL = {"topics": None}
STRING = "Endpoint=sb://x/;SharedAccessKeyName=alice;SharedAccessKey=secret;EntityPath=q"


def shake(client: Client, mechanism: str = "PLAIN") -> dict[str, Any]:
    return client.ask(17, 1, {"mechanism": mechanism})


def give(client: Client, user: str, password: str) -> None:
    client.post(36, 2, {"auth_bytes": f"\0{user}\0{password}".encode()})


def test_without_users_nobody_has_to_say_who_they_are_and_any_password_does() -> None:
    client = World().connect()
    assert client.ask(3, 5, ALL)["controller_id"] == 1
    shake(client)
    give(client, "anybody", "anything")
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 0


def test_with_users_a_stranger_is_cut_off_before_anything_is_told() -> None:
    client = World({"alice": b"secret"}).connect()
    client.post(3, 5, ALL)
    assert client.shell.data == b""
    assert client.shell.is_closed


@pytest.mark.parametrize(("user", "password"), [("alice", "secret"), ("$ConnectionString", STRING)])
def test_the_right_credentials_open_the_connection(user: str, password: str) -> None:
    client = World({"alice": b"secret"}).connect()
    shake(client)
    give(client, user, password)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 0
    assert client.ask(3, 5, ALL)["controller_id"] == 1


@pytest.mark.parametrize(
    ("user", "password"),
    [("alice", "wrong"), ("bob", "secret"), ("", ""), ("$ConnectionString", "SharedAccessKey=x")],
)
def test_wrong_credentials_are_answered_late_and_end_the_connection(
    user: str, password: str
) -> None:
    world = World({"alice": b"secret"})
    client = world.connect()
    shake(client)
    give(client, user, password)
    world.advance(REFUSAL_DELAY_MS - 1)
    assert client.shell.data == b""
    world.advance(1)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 58
    assert client.shell.is_closed


def test_bytes_that_are_no_credentials_are_refused() -> None:
    world = World()
    client = world.connect()
    shake(client)
    client.post(36, 1, {"auth_bytes": b"\xff"})
    world.advance(REFUSAL_DELAY_MS)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 58


def test_other_mechanisms_are_refused_with_the_list() -> None:
    answer = shake(World().connect(), "GSSAPI")
    assert answer["error_code"] == 33
    assert answer["mechanisms"] == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def test_credentials_without_a_handshake_are_refused() -> None:
    client = World().connect()
    assert client.ask(36, 1, {"auth_bytes": b"\0a\0b"})["error_code"] == 34


def test_a_stranger_cannot_send_large_frames() -> None:
    client = World({"alice": b"secret"}).connect()
    client.give((1 << 20).to_bytes(4, "big") + bytes(100))
    assert client.shell.is_closed
