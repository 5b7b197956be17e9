import pytest
from tests.fakes.node import FakePeer

from dragoman.app.node import LocalNode
from dragoman.security.logins import QUIET_MS, FailedLogin

USERS = {"alice": "secret", "zoë": "pässword"}


def node(users: dict[str, str] | None = None, keys: dict[str, str] | None = None) -> LocalNode:
    return LocalNode("1.0", "cluster", users or {}, {"kafka": ("broker.example", 9092)}, keys)


@pytest.mark.parametrize(
    ("user", "password", "principal"),
    [
        ("alice", b"secret", "alice"),
        ("zoë", "pässword".encode(), "zoë"),
        ("alice", b"Secret", None),
        ("alice", b"", None),
        ("alice", b"\xff", None),
        ("bob", b"secret", None),
        ("", b"", None),
    ],
)
def test_with_users_only_the_right_password_lets_in(
    user: str, password: bytes, principal: str | None
) -> None:
    assert node(USERS).authenticate(user, password) == principal


def test_without_users_anybody_is_who_they_say() -> None:
    assert node().authenticate("anybody", b"") == "anybody"


def test_a_key_has_its_secret_and_others_none() -> None:
    with_key = node(keys={"signer": "c2VjcmV0"})
    assert with_key.secret("signer") == b"c2VjcmV0"
    assert with_key.secret("other") is None


def test_it_is_open_while_there_are_neither_users_nor_keys() -> None:
    assert node().is_open()
    assert not node(USERS).is_open()
    assert not node(keys={"signer": "x"}).is_open()


def test_the_operators_address_is_told_where_one_is_set() -> None:
    assert node().advertised("kafka") == ("broker.example", 9092)
    assert node().advertised("amqp") is None


def test_its_tables_are_its_own() -> None:
    users = dict(USERS)
    made = node(users)
    users.clear()
    assert made.authenticate("anybody", b"") is None


def test_the_operator_is_told_of_a_failed_login_once_in_a_while() -> None:
    told: list[FailedLogin] = []
    found = node(USERS)
    found.tell = told.append
    for now_ms in (0, 1, QUIET_MS):
        found.login_failed("PLAIN", "bob", FakePeer(9092), now_ms)
    first, last = told
    assert first == FailedLogin("PLAIN", "bob", "10.0.0.2", 50_000, 9092, 0)
    assert last.more == 1
