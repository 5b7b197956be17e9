"""Users made by clients, and how they prove themselves."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from tests.doors.kafka.client import Client, World

from dragoman.doors.kafka.scramusers import MECHANISMS
from dragoman.security.scram import HASHES, salted_password

SALT = b"sixteen bytes!!!"


def alter(client: Client, *upsertions: dict[str, Any], gone: tuple[Any, ...] = ()) -> list[int]:
    deletions = [{"name": name, "mechanism": number} for name, number in gone]
    answer = client.ask(51, 0, {"deletions": deletions, "upsertions": list(upsertions)})
    return [row["error_code"] for row in answer["results"]]


def made(name: str = "alice", number: int = 1, iterations: int = 4096) -> dict[str, Any]:
    salted = salted_password(MECHANISMS.get(number, "SCRAM-SHA-256"), b"secret", SALT, iterations)
    return {
        "name": name,
        "mechanism": number,
        "iterations": iterations,
        "salt": SALT,
        "salted_password": salted,
    }


def described(client: Client, *names: str) -> list[tuple[str, int, list[tuple[int, int]]]]:
    users = [{"name": name} for name in names] or None
    return [
        (
            row["user"],
            row["error_code"],
            [(info["mechanism"], info["iterations"]) for info in row["credential_infos"]],
        )
        for row in client.ask(50, 0, {"users": users})["results"]
    ]


def log_in(client: Client, mechanism: str, user: str, password: bytes) -> dict[str, Any] | None:
    """As a client does it; the last answer, None if it is late."""
    assert client.ask(17, 1, {"mechanism": mechanism})["error_code"] == 0
    bare = f"n={user},r=mine"
    client.post(36, 2, {"auth_bytes": b"n,," + bare.encode()})
    challenge = client.take()
    if challenge is None:
        return None
    said = challenge["auth_bytes"].decode()
    fields = {part[0]: part[2:] for part in said.split(",")}
    name = HASHES[mechanism]
    salted = salted_password(mechanism, password, base64.b64decode(fields["s"]), int(fields["i"]))
    without = f"c=biws,r={fields['r']}"
    key = hmac.digest(salted, b"Client Key", name)
    everything = f"{bare},{said},{without}".encode()
    signature = hmac.digest(hashlib.new(name, key).digest(), everything, name)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
    client.post(36, 2, {"auth_bytes": f"{without},p={proof}".encode()})
    return client.take()


@pytest.mark.parametrize("number", MECHANISMS)
def test_a_user_that_was_made_proves_itself_and_may_come_in(number: int) -> None:
    world = World({"root": b"root"})
    root = world.connect()
    root.ask(17, 1, {"mechanism": "PLAIN"})
    root.ask(36, 2, {"auth_bytes": b"\0root\0root"})
    assert alter(root, made(number=number)) == [0]
    client = world.connect()
    answer = log_in(client, MECHANISMS[number], "alice", b"secret")
    assert answer is not None
    assert answer["error_code"] == 0
    assert answer["auth_bytes"].startswith(b"v=")
    assert client.ask(3, 5, {"topics": None})["controller_id"] == 1


@pytest.mark.parametrize(
    ("mechanism", "user", "password"),
    [
        ("SCRAM-SHA-256", "alice", b"wrong"),
        ("SCRAM-SHA-256", "nobody", b"secret"),
        ("SCRAM-SHA-512", "alice", b"secret"),
    ],
)
def test_a_proof_that_does_not_hold_is_answered_late_and_ends_the_connection(
    mechanism: str, user: str, password: bytes
) -> None:
    world = World()
    assert alter(world.connect(), made()) == [0]
    client = world.connect()
    assert log_in(client, mechanism, user, password) is None
    world.advance(100)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 58
    assert client.shell.is_closed
    assert world.node.failed == [(mechanism, user)]


def test_users_are_described_and_forgotten() -> None:
    client = World().connect()
    assert alter(client, made(), made(number=2, iterations=8192), made("bob")) == [0, 0]
    both = [(1, 4096), (2, 8192)]
    assert described(client) == [("alice", 0, both), ("bob", 0, [(1, 4096)])]
    assert described(client, "bob", "eve") == [("bob", 0, [(1, 4096)]), ("eve", 91, [])]
    assert described(client, "bob", "bob") == [("bob", 92, [])]
    assert alter(client, gone=(("alice", 1), ("bob", 1))) == [0, 0]
    assert described(client) == [("alice", 0, [(2, 8192)])]
    assert alter(client, gone=(("bob", 1),)) == [91]


def test_what_cannot_be_kept_is_refused_as_a_whole() -> None:
    client = World().connect()
    assert alter(client, made(iterations=4095)) == [93]
    assert alter(client, made(), {**made(), "mechanism": 7}) == [33]
    assert alter(client, made(), made()) == [92]
    assert alter(client, made("")) == [93]
    assert described(client) == []
