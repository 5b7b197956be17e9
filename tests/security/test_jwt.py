"""Tokens, judged by somebody else's reading of them."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_pem_x509_certificate

from dragoman.security.jwt import SigningKey, make_key

PEM = make_key()
KEY = SigningKey(PEM)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public(jwk: dict[str, str]) -> rsa.RSAPublicKey:
    e, n = (int.from_bytes(raw(jwk[name]), "big") for name in ("e", "n"))
    return rsa.RSAPublicNumbers(e, n).public_key()


def test_a_token_holds_its_claims_and_is_signed_by_the_key_it_names() -> None:
    token = KEY.sign({"iss": "me", "who": "zoë"})
    head, claims, signature = token.split(".")
    assert json.loads(raw(head)) == {"alg": "RS256", "kid": KEY.id, "typ": "JWT"}
    assert json.loads(raw(claims)) == {"iss": "me", "who": "zoë"}
    key = public(KEY.jwk())
    key.verify(raw(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())


def test_the_same_key_has_the_same_id_and_another_another() -> None:
    assert SigningKey(PEM).id == KEY.id
    assert SigningKey(make_key()).id != KEY.id


def test_a_certificate_holds_the_same_key_and_is_the_same_each_time() -> None:
    text = KEY.certificate(1_700_000_000_000)
    found = load_pem_x509_certificate(text.encode())
    assert found.public_key() == public(KEY.jwk())
    assert found.not_valid_before_utc.timestamp() == 1_700_000_000 - 3_600
    assert KEY.certificate(1_700_000_000_000) == text


def test_a_key_of_another_kind_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for wrong in (pem, b"nothing"):
        with pytest.raises(ValueError):
            SigningKey(wrong)
