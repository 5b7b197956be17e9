"""Tokens that the broker signs: JWS in its compact form (RFC 7515) with RS256, and the key that others judge them by.

    header.claims.signature      each base64url without padding; the header names the key by its thumbprint (RFC 7638)

The public key is told as a JWK (RFC 7517), and as a certificate for those who know no other form. Cold; loads
`cryptography`.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

KEY_BITS: Final = 2_048
EXPONENT: Final = 65_537
CERTIFICATE_LIFE: Final = timedelta(days=3_650)
CLOCK_SLACK: Final = timedelta(hours=1)  # for machines whose clocks differ


def make_key() -> bytes:
    """A new private key, in PEM. Takes some 20 ms."""
    key = rsa.generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class SigningKey:
    """A private key that signs. `id` follows from the key, so it is the same wherever the key is."""

    def __init__(self, pem: bytes) -> None:
        """Raises ValueError for what is no private RSA key."""
        key = load_pem_private_key(pem, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("a key of another kind")  # noqa: TRY004 - as what cannot be read
        self._key = key
        numbers = key.public_key().public_numbers()
        self._parts = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
        self._thumbprint = sha256(_json(self._parts)).digest()
        self.id = _base64(self._thumbprint)
        self._head = _base64(_json({"alg": "RS256", "kid": self.id, "typ": "JWT"}))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token that makes these claims. Takes half a millisecond."""
        signed = f"{self._head}.{_base64(_json(claims))}"
        return f"{signed}.{_base64(self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    def jwk(self) -> dict[str, str]:
        """The public key."""
        return {**self._parts, "alg": "RS256", "kid": self.id, "use": "sig"}

    def certificate(self, made_ms: int) -> str:
        """The public key in a certificate that it signs itself, in PEM; the same bytes for the same wall time."""
        made = datetime.fromtimestamp(made_ms // 1000, UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dragoman")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(int.from_bytes(self._thumbprint[:8], "big") | 1)
            .not_valid_before(made - CLOCK_SLACK)
            .not_valid_after(made + CERTIFICATE_LIFE)
            .sign(self._key, SHA256())
        )
        return certificate.public_bytes(Encoding.PEM).decode()


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
