"""Who may use what, by shared access signatures."""

import hmac
from base64 import b64encode
from urllib.parse import quote

import pytest
from tests.doors.servicebus.client import World
from tests.doors.shared.amqp10.client import message

from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.security.guesses import GUESS_MS, GUESSES_MAX
from dragoman.wire.amqp10.performatives import Detach

KEY = b"secret"
NOW_S = 1_700_000_000


def token(
    resource: str = "sb://h/q", key: bytes = KEY, expires: int = NOW_S + 60, name: str = "root"
) -> str:
    quoted = quote(resource, safe="")
    digest = hmac.digest(key, f"{quoted}\n{expires}".encode(), "sha256")
    signature = quote(b64encode(digest), safe="")
    return f"SharedAccessSignature sr={quoted}&sig={signature}&se={expires}&skn={name}"


def test_any_token_will_do_where_there_are_no_keys() -> None:
    client = World().azure()
    assert client.claim("sb://h/q", "whatever") == (202, None)


def test_a_token_of_the_key_opens_its_audience_and_nothing_else() -> None:
    world = World({"root": KEY})
    world.queue()
    world.queue("other")
    client = world.azure("sb://h/q", token(), mechanism="MSSBCBS")
    client.sender("q")
    client.send(message())
    assert world.info().ready == 1
    *_, detach = client.sender("other", 5)
    assert isinstance(detach, Detach)
    assert getattr(detach.error, "condition", "") == "amqp:unauthorized-access"


def test_a_token_opens_nothing_once_it_has_expired() -> None:
    world = World({"root": KEY})
    world.queue()
    client = world.azure("sb://h/q", token(), mechanism="ANONYMOUS")
    world.advance(60_000)
    assert isinstance(client.sender("q")[-1], Detach)


@pytest.mark.parametrize(
    "bad",
    [
        token(key=b"wrong"),
        token(name="nobody"),
        token(expires=NOW_S),
        token("sb://h/other"),
        token("sb://elsewhere/q"),
        "eyJ.jwt",
        "SharedAccessSignature ",
        "SharedAccessSignature sr=&sig=&se=x&skn=root",
        "SharedAccessSignature sr=a&sig=%ff&se=9999999999&skn=root",
    ],
)
def test_anything_else_is_401_and_opens_nothing(bad: str) -> None:
    world = World({"root": KEY})
    world.queue()
    client = world.azure("sb://h/q", bad, mechanism="MSSBCBS")
    kind = "jwt" if bad.startswith("eyJ") else "servicebus.windows.net:sastoken"
    condition = "amqp:unauthorized-access" if kind == "jwt" else "com.microsoft:auth-failed"
    assert client.claim("sb://h/q", bad, kind) == (401, condition)
    assert isinstance(client.sender("q")[-1], Detach)


def test_a_token_that_another_has_signed_opens_until_it_ends() -> None:
    world = World({"root": KEY})
    world.queue()
    now_ms = world.clock.now_ms
    client = world.azure("sb://h/q", f"ann until {now_ms + 60_000}", mechanism="MSSBCBS")
    client.sender("q")
    client.send(message())
    assert world.info().ready == 1
    world.advance(60_000)
    assert isinstance(client.sender("q", 5)[-1], Detach)
    assert client.claim("sb://h/q", f"ann until {now_ms}") == (401, "amqp:unauthorized-access")


def test_refusals_are_told_one_after_the_other_and_each_takes_its_time() -> None:
    world = World({"root": KEY})
    client = world.azure("sb://h/q", "bad", mechanism="MSSBCBS")
    for _ in range(3):
        client.put_token("sb://h/q", "bad")
    assert client.transfers() == []
    for _ in range(3):
        world.advance(FAILED_LOGIN_MS - 1)
        assert client.transfers() == []
        world.advance(1)
        assert len(client.transfers()) == 1


def test_an_address_that_has_failed_too_often_is_not_listened_to_on_any_connection() -> None:
    world = World({"root": KEY})
    world.queue()
    known = world.azure("sb://h/q", token(), mechanism="MSSBCBS")
    for _ in range(GUESSES_MAX // 50):
        guesser = world.azure("sb://h/q", "bad", mechanism="MSSBCBS")
        for _ in range(50):
            guesser.put_token("sb://h/q", "bad")
    fresh = world.azure("sb://h/q", token(), mechanism="MSSBCBS")
    assert isinstance(fresh.sender("q")[-1], Detach)
    known.sender("q")
    known.send(message())
    assert world.info().ready == 1, "who is in stays in"
    world.advance(GUESS_MS)
    assert fresh.claim("sb://h/q", token()) == (202, None)


def test_a_request_that_is_no_claim_is_400() -> None:
    client = World().azure()
    assert client.claim("sb://h/q", 7) == (400, None)  # type: ignore[arg-type]
