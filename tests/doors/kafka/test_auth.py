"""SASL PLAIN: who gets in, who does not, and how late they are told."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World
from tests.doors.shared.test_users import OF_TEST12
from tests.fakes.node import ManualWorker, post

from dragoman.doors.kafka.auth import REFUSAL_DELAY_MS
from dragoman.doors.shared import users
from dragoman.doors.shared.users import User
from dragoman.runtime.aside import Aside

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


@pytest.mark.parametrize(("password", "code"), [("test12", 0), ("other", 58)])
def test_a_password_of_a_user_that_tools_have_made_is_looked_at_beside(
    password: str, code: int
) -> None:
    world, worker = World({"alice": b"secret"}), ManualWorker()
    world.broker.aside = Aside(lambda: worker, post, world.broker.tell_soon)
    client = world.connect()
    users.put(client.session, "ann", User(OF_TEST12))
    shake(client)
    give(client, "ann", password)
    assert client.take() is None
    worker.close()
    world.run()
    world.advance(REFUSAL_DELAY_MS)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == code
    assert client.shell.is_closed == bool(code)


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
    assert answer["mechanisms"] == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


def test_credentials_without_a_handshake_are_refused() -> None:
    client = World().connect()
    assert client.ask(36, 1, {"auth_bytes": b"\0a\0b"})["error_code"] == 34


def test_a_stranger_cannot_send_large_frames() -> None:
    client = World({"alice": b"secret"}).connect()
    client.give((1 << 20).to_bytes(4, "big") + bytes(100))
    assert client.shell.is_closed


# --- tokens as they are, after a handshake of version 0 ---------------------------------------------------------------


def raw(client: Client, token: bytes) -> None:
    assert client.ask(17, 0, {"mechanism": "PLAIN"})["error_code"] == 0
    client.give(len(token).to_bytes(4, "big") + token)


def test_a_token_as_it_is_is_answered_so_and_requests_follow() -> None:
    client = World({"alice": b"secret"}).connect()
    raw(client, b"\0alice\0secret")
    assert client.sent() == bytes(4)
    assert client.ask(3, 5, ALL)["controller_id"] == 1
    client.give((1 << 20).to_bytes(4, "big") + bytes(100))
    assert not client.shell.is_closed


def test_a_wrong_one_ends_the_connection_without_a_word() -> None:
    world = World({"alice": b"secret"})
    client = world.connect()
    raw(client, b"\0alice\0wrong")
    world.advance(REFUSAL_DELAY_MS - 1)
    assert not client.shell.is_closed
    world.advance(1)
    assert (client.sent(), client.shell.is_closed) == (b"", True)
    assert world.node.failed == [("PLAIN", "alice")]


# --- tokens --------------------------------------------------------------------------------------------------------


def bearer(client: Client, token: str, name: str = "") -> dict[str, Any] | None:
    """The fake node's tokens say who they are of and until when."""
    claimed = f"a={name}" if name else ""
    message = f"n,{claimed},\1auth=Bearer {token}\1\1"
    client.post(36, 2, {"auth_bytes": message.encode()})
    return client.take()


def guest(**node: Any) -> Client:
    world = World({"alice": b"secret"})
    for name, value in node.items():
        setattr(world.broker.node, name, value)
    client = world.connect()
    shake(client, "OAUTHBEARER")
    return client


def test_a_good_token_opens_the_connection_until_it_ends() -> None:
    client = guest()
    now_ms = client.session.wall_ms()
    answer = bearer(client, f"ann until {now_ms + 5_000}", "ann")
    assert answer is not None
    assert (answer["error_code"], answer["session_lifetime_ms"]) == (0, 5_000)
    assert client.ask(3, 5, ALL)["controller_id"] == 1
    client.world.advance(5_001)
    client.post(3, 5, ALL)
    assert client.shell.is_closed


def test_who_proves_it_anew_goes_on_and_nobody_becomes_another() -> None:
    client = guest()
    now_ms = client.session.wall_ms()
    bearer(client, f"ann until {now_ms + 5_000}")
    client.world.advance(4_000)
    assert shake(client)["error_code"] == 34  # by another mechanism
    shake(client, "OAUTHBEARER")
    answer = bearer(client, f"ann until {now_ms + 60_000}")
    assert answer is not None
    assert answer["session_lifetime_ms"] == 56_000
    client.world.advance(4_000)
    assert client.ask(3, 5, ALL)["controller_id"] == 1
    assert bearer(client, f"bob until {now_ms + 60_000}", "bob") is None
    assert client.world.node.failed == [("OAUTHBEARER", "bob")]
    client.world.advance(REFUSAL_DELAY_MS)
    refusal = client.take()
    assert refusal is not None
    assert refusal["error_code"] == 58
    assert client.shell.is_closed


@pytest.mark.parametrize("said", ["ann until 1", "nonsense", ""])
def test_a_bad_token_is_told_in_json_and_refused_when_that_is_acknowledged(said: str) -> None:
    client = guest()
    answer = bearer(client, said)
    assert answer is not None
    assert (answer["error_code"], answer["auth_bytes"]) == (0, b'{"status":"invalid_token"}')
    client.post(36, 2, {"auth_bytes": b"\1"})
    client.world.advance(REFUSAL_DELAY_MS)
    refusal = client.take()
    assert refusal is not None
    assert refusal["error_code"] == 58


def test_a_token_of_somebody_else_is_not_good() -> None:
    client = guest()
    answer = bearer(client, f"ann until {client.session.wall_ms() + 5_000}", "bob")
    assert answer is not None
    assert answer["auth_bytes"]


def test_logins_end_when_the_operator_says_so() -> None:
    world = World({"alice": b"secret"})
    world.broker.node.reauthenticate_ms = 1_000
    client = world.connect()
    shake(client)
    give(client, "alice", "secret")
    answer = client.take()
    assert answer is not None
    assert answer["session_lifetime_ms"] == 1_000
    world.advance(999)
    assert client.ask(3, 5, ALL)["controller_id"] == 1
    shake(client)
    give(client, "alice", "secret")
    assert client.take() is not None
    world.advance(1_001)
    client.post(3, 5, ALL)
    assert client.shell.is_closed


@pytest.mark.parametrize(
    ("user", "password", "told"),
    [
        ("alice", "wrong", "alice"),
        ("$ConnectionString", STRING.replace("=secret", "=wrong"), "alice"),
        ("$ConnectionString", "nonsense", ""),
    ],
)
def test_the_operator_is_told_who_could_not_come_in_and_not_what_was_shown(
    user: str, password: str, told: str
) -> None:
    world = World({"alice": b"secret"})
    client = world.connect()
    shake(client)
    give(client, user, password)
    assert world.node.failed == [("PLAIN", told)]
