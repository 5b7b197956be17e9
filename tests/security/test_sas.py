"""Shared access signatures: what opens, what does not, and why."""

import hmac
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.security.sas import SignatureRefused, check_signature, is_same, time_of

KEY = b64encode(b"k" * 32).decode()
NOW_MS = 1_600_000_000_000
LATER = "2020-09-13 12:26:41+00:00"


def signed(
    key: str = KEY, url: str = "http://h:1/orders/api/events?apiVersion=1", until: str = LATER
) -> str:
    unsigned = f"r={quote(url, safe='')}&e={quote(until, safe='')}"
    secret = b"k" * 32 if key == KEY else key.encode()
    digest = b64encode(hmac.digest(secret, unsigned.encode(), "sha256")).decode()
    return f"{unsigned}&s={quote(digest, safe='')}"


def refusal(token: str, keys: tuple[str, ...] = (KEY,), path: str = "/orders/api/events") -> str:
    try:
        check_signature(token, path, keys, NOW_MS)
    except SignatureRefused as error:
        return str(error)
    return ""


def test_a_token_opens_its_place_until_its_time_by_any_of_the_keys() -> None:
    assert refusal(signed()) == ""
    assert refusal(signed(), ("b3RoZXI=", KEY)) == ""
    assert refusal(signed("plain text"), ("plain text",)) == ""


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (signed("other"), "not valid"),
        (signed() + "A", "not valid"),
        ("", "not valid"),
        (signed(url="http://h:1/bills/api/events"), "another resource"),
        (signed(until="2020-09-13 12:26:40+00:00"), "expired"),
        (signed(until="9/13/2020 12:26:40 PM"), "expired"),
        (signed(until="soon"), "no time"),
        ("x" * 5_000, "too long"),
    ],
)
def test_anything_else_does_not(token: str, why: str) -> None:
    assert why in refusal(token)


def test_nothing_is_signed_where_there_are_no_keys() -> None:
    assert "not valid" in refusal(signed(), ())


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2020-09-13 12:26:40+00:00", NOW_MS),
        ("2020-09-13 12:26:40", NOW_MS),
        ("2020-09-13T14:26:40.000+02:00", NOW_MS),
        ("9/13/2020 12:26:40 PM", NOW_MS),
        ("9/13/2020 12:26:40", None),
        ("", None),
    ],
)
def test_every_clients_spelling_of_a_time_is_read(text: str, ms: int | None) -> None:
    assert time_of(text) == ms


@given(st.text(max_size=60))
def test_any_text_is_refused_and_nothing_else_happens(token: str) -> None:
    assert refusal(token)


def test_a_secret_is_compared_as_it_stands() -> None:
    assert is_same(b"secret", "secret")
    assert not is_same(b"Secret", "secret")
