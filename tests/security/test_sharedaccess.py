"""Tokens of Service Bus and Event Hubs: what opens, what does not, and why."""

import hmac
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.security.sharedaccess import SCHEME, Grant, TokenRefused, read_token

KEYS = {"root": b"secret"}
NOW_MS = 1_700_000_000_000


def signed(
    resource: str = "sb://h/q",
    key: bytes = b"secret",
    expires: str = "1700000060",
    skn: str = "root",
) -> str:
    quoted = quote(resource, safe="")
    digest = hmac.digest(key, f"{quoted}\n{expires}".encode(), "sha256")
    return f"{SCHEME}sr={quoted}&sig={quote(b64encode(digest), safe='')}&se={expires}&skn={skn}"


def refusal(token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        read_token(token, KEYS.get, NOW_MS)
    return str(caught.value)


def test_a_token_says_who_signed_it_what_it_opens_and_until_when() -> None:
    assert read_token(signed(), KEYS.get, NOW_MS) == Grant("root", "sb://h/q", 1_700_000_060_000)


def test_what_is_not_good_is_refused_with_its_reason() -> None:
    assert refusal("eyJ.jwt") == "only shared access signatures can be checked here"
    assert refusal(SCHEME + "x" * 9_000) == "the token is too long"
    assert refusal(signed(skn="other")) == "no such key, or no time"
    assert refusal(signed(expires="soon")) == "no such key, or no time"
    assert refusal(signed(expires="1" * 13)) == "no such key, or no time"
    assert refusal(signed(expires="١٧٠٠٠٠٠٠٦٠")) == "no such key, or no time"
    assert refusal(signed(key=b"wrong")) == "the signature is not the key's"
    assert refusal(signed(expires="1700000000")) == "the token has expired"


@given(st.text(max_size=200))
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        read_token(SCHEME + text, KEYS.get, NOW_MS)
    with pytest.raises(TokenRefused):
        read_token(SCHEME + "skn=root&se=1900000000&sig=" + text, KEYS.get, NOW_MS)
