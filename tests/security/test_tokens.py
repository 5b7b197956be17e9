import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from dragoman.security.jwt import SigningKey, make_key
from dragoman.security.tokens import SLACK_MS, Bearer, KeySet, TokenRefused

NOW_MS = 1_700_000_000_000
NOW = NOW_MS // 1000
KEY = SigningKey(make_key())
SET = json.dumps({"keys": [KEY.jwk()]}).encode()
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**more: Any) -> dict[str, Any]:
    made = {"sub": "ann", "exp": NOW + 60, **more}
    return {name: value for name, value in made.items() if value is not None}


def curve_jwk() -> dict[str, str]:
    numbers = CURVE_KEY.public_key().public_numbers()
    x, y = (text(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "curve"}


def curve_token(head: dict[str, Any], said: dict[str, Any]) -> str:
    signed = f"{text(json.dumps(head).encode())}.{text(json.dumps(said).encode())}"
    halves = decode_dss_signature(CURVE_KEY.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{text(b''.join(half.to_bytes(32, 'big') for half in halves))}"


def test_a_token_that_a_key_of_the_set_signed_says_who_it_is_of_and_until_when() -> None:
    token = KEY.sign(claims())
    assert KeySet(SET).read(token, NOW_MS) == Bearer("ann", (NOW + 60) * 1000)
    assert KeySet(SET, claim="email").read(KEY.sign(claims(email="a@b")), NOW_MS)[0] == "a@b"


def test_keys_may_be_on_curves_and_are_found_by_their_ids() -> None:
    both = KeySet(json.dumps({"keys": [KEY.jwk(), curve_jwk(), {"kty": "oct"}]}).encode())
    assert both.read(curve_token({"alg": "ES256", "kid": "curve"}, claims()), NOW_MS)[0] == "ann"
    assert both.read(curve_token({"alg": "ES256"}, claims()), NOW_MS)[0] == "ann"
    for head in ({"alg": "ES256", "kid": "other"}, {"alg": "RS256", "kid": "curve"}):
        with pytest.raises(TokenRefused):
            both.read(curve_token(head, claims()), NOW_MS)


def test_a_signature_by_pss_is_taken() -> None:
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": text(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    head = text(json.dumps({"alg": "PS256"}).encode())
    signed = f"{head}.{text(json.dumps(claims()).encode())}"
    scheme = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    token = f"{signed}.{text(private.sign(signed.encode(), scheme, SHA256()))}"
    assert KeySet(json.dumps({"keys": [jwk]}).encode()).read(token, NOW_MS)[0] == "ann"


@pytest.mark.parametrize(
    "said",
    [
        claims(exp=None),
        claims(exp="soon"),
        claims(exp=True),
        claims(exp=1e300),
        claims(exp=NOW - SLACK_MS // 1000),
        claims(nbf=NOW + 3600),
        claims(sub=None),
        claims(sub=""),
        claims(sub=7),
        claims(iss="other", aud="kafka"),
        claims(iss="me", aud="other"),
        claims(iss="me", aud=["a", "b"]),
        claims(iss="me"),
    ],
)
def test_claims_that_do_not_hold_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        KeySet(SET, "me", "kafka").read(KEY.sign(said), NOW_MS)


def test_claims_that_hold_are_taken() -> None:
    keys = KeySet(SET, "me", "kafka")
    for audience in ("kafka", ["a", "kafka"]):
        assert keys.read(KEY.sign(claims(iss="me", aud=audience)), NOW_MS)[0] == "ann"


def test_nobody_signs_with_nothing_with_the_public_key_or_with_another() -> None:
    _, said, signature = KEY.sign(claims()).split(".")
    other = SigningKey(make_key())
    heads: tuple[Any, ...] = (
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256", "crit": ["x"]},
        {},
        [],
    )
    for head in heads:
        with pytest.raises(TokenRefused):
            KeySet(SET).read(f"{text(json.dumps(head).encode())}.{said}.{signature}", NOW_MS)
    for token in (
        other.sign(claims()),
        f"{KEY.sign(claims())[:-4]}AAAA",
        "",
        "a.b.c",
        "x" * 20_000,
    ):
        with pytest.raises(TokenRefused):
            KeySet(SET).read(token, NOW_MS)


@given(st.text(max_size=80))
def test_whatever_is_shown_is_refused_in_words(token: str) -> None:
    with pytest.raises(TokenRefused):
        KeySet(SET).read(token, NOW_MS)


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "RSA"}]}', b'{"keys": [7]}'],
)
def test_what_is_no_set_of_keys_is_refused_at_the_start(document: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        KeySet(document)


def test_a_short_key_is_refused() -> None:
    numbers = rsa.generate_private_key(65_537, 1_024).public_key().public_numbers()
    jwk = {"kty": "RSA", "n": text(numbers.n.to_bytes(128, "big")), "e": "AQAB"}
    with pytest.raises(ValueError, match="2048"):
        KeySet(json.dumps({"keys": [jwk]}).encode())
