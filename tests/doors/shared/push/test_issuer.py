import json
from base64 import urlsafe_b64decode
from typing import Any

from tests.fakes.node import Connection, FakeDoor, World

from dragoman.doors.shared.push.issuer import KIND, NAME, Issuer, subject_of
from dragoman.kernel.api import DeleteDocument

EMAIL = "pusher@project.iam.gserviceaccount.com"


class Client:
    def __init__(self) -> None:
        self.world = World()
        self.session = Connection(self.world, lambda *_: FakeDoor()).session
        self.world.broker.begin_turn()
        self.issuer = Issuer()

    def token(self, audience: str = "https://a.example/") -> str:
        return self.issuer.id_token(self.session, EMAIL, audience)

    def later(self, by_ms: int) -> None:
        self.world.advance(by_ms)
        self.world.broker.begin_turn()


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_an_identity_token_says_who_calls_whom() -> None:
    client = Client()
    now_s = client.world.clock.now_ms // 1000
    assert claims(client.token()) == {
        "iss": "http://broker.test:8085",
        "aud": "https://a.example/",
        "azp": subject_of(EMAIL),
        "sub": subject_of(EMAIL),
        "email": EMAIL,
        "email_verified": True,
        "iat": now_s,
        "exp": now_s + 3_600,
    }


def test_an_access_token_has_a_scope_in_place_of_an_audience() -> None:
    client = Client()
    found = claims(client.issuer.access_token(client.session, EMAIL, "mail.read"))
    assert found["scope"] == "mail.read"
    assert "aud" not in found


def test_a_token_is_signed_once_until_it_is_soon_over() -> None:
    client = Client()
    first = client.token()
    client.later(2_999_000)
    assert client.token() == first
    assert client.token("https://b.example/") != first
    client.later(2_000)
    assert client.token() != first


def test_all_issuers_of_a_broker_have_one_key() -> None:
    client = Client()
    key, _ = client.issuer.key(client.session)
    again, _ = Issuer().key(client.session)
    assert again.id == key.id


def test_a_key_that_is_taken_away_is_followed_by_another() -> None:
    client = Client()
    first = client.token()
    client.session.submit(DeleteDocument(kind=KIND, name=NAME))
    assert client.token() != first


def test_a_service_account_has_one_number() -> None:
    assert subject_of(EMAIL) == subject_of(EMAIL)
    assert len(subject_of(EMAIL)) == 21
    assert subject_of("other@x") != subject_of(EMAIL)
