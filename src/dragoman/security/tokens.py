"""Tokens that others sign: a JWS in its compact form (RFC 7515) with JWT claims (RFC 7519), judged by a set of keys.

    header     names the algorithm, which must be one of ALGORITHMS and of the key's own kind, and the key
    claims     `exp` must be there; `nbf`, `iss`, `aud` are checked where they, or the operator, say something

A set is a JSON document of public keys (RFC 7517): RSA and elliptic curves. What a header says else (`jku`, `x5c`,
`crit`) is never followed: keys come from the operator alone. Cold; loads `cryptography`.
"""

import json
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

TOKEN_CHARS_MAX: Final = 16_384
TIME_S_MAX: Final = 1 << 40
SLACK_MS: Final = 30_000  # between our clock and the signer's
RSA_BITS_MIN: Final = 2_048
HASHES: Final[Mapping[str, type[HashAlgorithm]]] = {"256": SHA256, "384": SHA384, "512": SHA512}
CURVES: Final[Mapping[str, tuple[str, type[ec.EllipticCurve], int]]] = {
    "P-256": ("ES256", ec.SECP256R1, 32),
    "P-384": ("ES384", ec.SECP384R1, 48),
    "P-521": ("ES512", ec.SECP521R1, 66),
}
"""By name: the algorithm that signs on it, the curve, and the bytes of each half of a signature."""
ALGORITHMS: Final = frozenset(
    (*(f"{kind}{bits}" for kind in ("RS", "PS") for bits in HASHES), "ES256", "ES384", "ES512")
)

Judge = Callable[[str, bytes, bytes], None]  # algorithm, what is signed, signature


class TokenRefused(Exception):
    """Why a token is not good."""


class Bearer(NamedTuple):
    """Who a good token is of, and until when (wall ms) it is good."""

    principal: str
    until_ms: int


class KeySet:
    """Public keys, and what else a token must say. `audience` and `issuer` empty ask for nothing."""

    def __init__(
        self, document: bytes, issuer: str = "", audience: str = "", claim: str = "sub"
    ) -> None:
        """Raises ValueError."""
        try:
            keys = json.loads(document)["keys"]
            known = [(str(key.get("kid", "")), _judge(key)) for key in keys if _is_meant(key)]
        except (KeyError, TypeError, AttributeError, Error, json.JSONDecodeError) as error:
            raise ValueError(f"no set of keys (RFC 7517): {error!r}") from error
        if not known:
            raise ValueError("no key in it that verifies signatures")
        self._keys = known
        self._issuer = issuer
        self._audience = audience
        self._claim = claim

    def read(self, token: str, now_ms: int) -> Bearer:
        """Raises TokenRefused."""
        if len(token) > TOKEN_CHARS_MAX or token.count(".") != 2:
            raise TokenRefused("no token")
        signed, _, signature = token.rpartition(".")
        header, _, claims = signed.partition(".")
        self._check_signature(_object(header), signed.encode("ascii", "replace"), _raw(signature))
        return self._check_claims(_object(claims), now_ms)

    def _check_signature(self, header: dict[str, Any], signed: bytes, signature: bytes) -> None:
        algorithm, wanted = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or "crit" in header:
            raise TokenRefused("an algorithm that is not taken")
        for kid, judge in self._keys:
            if wanted is None or not kid or kid == wanted:
                try:
                    judge(str(algorithm), signed, signature)
                except InvalidSignature:
                    continue
                return
        raise TokenRefused("not signed by a key of the set")

    def _check_claims(self, claims: dict[str, Any], now_ms: int) -> Bearer:
        until_ms = _time_ms(claims, "exp")
        if until_ms is None or until_ms + SLACK_MS <= now_ms:
            raise TokenRefused("expired, or without an expiry")
        if (_time_ms(claims, "nbf") or 0) - SLACK_MS > now_ms:
            raise TokenRefused("not valid yet")
        if self._issuer and claims.get("iss") != self._issuer:
            raise TokenRefused("of another issuer")
        audience = claims.get("aud")
        if self._audience and self._audience not in (
            audience if isinstance(audience, list) else [audience]
        ):
            raise TokenRefused("for another audience")
        principal = claims.get(self._claim)
        if not isinstance(principal, str) or not principal:
            raise TokenRefused(f"without {self._claim}")
        return Bearer(principal, until_ms)


def _is_meant(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"


def _judge(key: Mapping[str, Any]) -> Judge:
    """Raises ValueError, KeyError, Error."""
    if key["kty"] == "RSA":
        return _rsa(rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key())
    algorithm, curve, size = CURVES[key["crv"]]
    numbers = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), curve())
    return _ec(numbers.public_key(), algorithm, size)


def _rsa(key: rsa.RSAPublicKey) -> Judge:
    if key.key_size < RSA_BITS_MIN:
        raise ValueError(f"an RSA key has at least {RSA_BITS_MIN} bits")

    def judge(algorithm: str, signed: bytes, signature: bytes) -> None:
        kind, digest = algorithm[:2], HASHES[algorithm[2:]]()
        if kind == "RS":
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif kind == "PS":
            scheme = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            key.verify(signature, signed, scheme, digest)
        else:
            raise InvalidSignature

    return judge


def _ec(key: ec.EllipticCurvePublicKey, own: str, size: int) -> Judge:
    def judge(algorithm: str, signed: bytes, signature: bytes) -> None:
        if algorithm != own or len(signature) != 2 * size:
            raise InvalidSignature
        halves = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
        key.verify(encode_dss_signature(*halves), signed, ec.ECDSA(HASHES[own[2:]]()))

    return judge


def _raw(text: str) -> bytes:
    """Raises TokenRefused."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise TokenRefused("no base64url") from None


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_raw(part))
    except (ValueError, RecursionError):
        raise TokenRefused("no JSON") from None
    if not isinstance(found, dict):
        raise TokenRefused("no object")
    return found


def _time_ms(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < TIME_S_MAX:
        return None
    return int(value * 1000)
