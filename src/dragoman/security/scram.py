"""SCRAM (RFC 5802, RFC 7677), the server's side, without channel binding: a proof of a password that is not kept.

    client first    n,,n=USER,r=NONCE
    server first    r=NONCE and ours,s=SALT,i=ITERATIONS
    client final    c=biws,r=both,p=PROOF
    server final    v=SIGNATURE

What is kept of a password is enough to judge a proof, and not enough to make one. Chance is an argument.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

HASHES: Final[Mapping[str, str]] = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
ITERATIONS_MIN: Final = 4_096
ITERATIONS_MAX: Final = 16_384  # as in Kafka
MESSAGE_BYTES_MAX: Final = 4_096
_NO_BINDING: Final = ("n,", "y,")


class ScramRefused(Exception):
    """The proof is wrong, or what came is no SCRAM."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What is kept of a password."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


def credential_of(mechanism: str, salt: bytes, iterations: int, salted: bytes) -> Credential:
    """What to keep of a salted password."""
    name = HASHES[mechanism]
    client_key = hmac.digest(salted, b"Client Key", name)
    stored_key = hashlib.new(name, client_key).digest()
    return Credential(salt, iterations, stored_key, hmac.digest(salted, b"Server Key", name))


def salted_password(mechanism: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """As a client works it out."""
    return hashlib.pbkdf2_hmac(HASHES[mechanism], password, salt, iterations)


def user_of(first: bytes) -> str:
    """Who wants to prove itself. Raises ScramRefused."""
    name = _fields(_bare(first)).get("n", "")
    if not name:
        raise ScramRefused("no user is named")
    return name.replace("=2C", ",").replace("=3D", "=")


def _bare(first: bytes) -> str:
    if len(first) > MESSAGE_BYTES_MAX:
        raise ScramRefused("a first message too long")
    text = first.decode("utf-8", "replace")
    binding, _, rest = text[2:].partition(",")
    if not text.startswith(_NO_BINDING) or (binding and not binding.startswith("a=")):
        raise ScramRefused("a first message without channel binding is asked for")
    return rest


def _fields(text: str) -> dict[str, str]:
    return {part[0]: part[2:] for part in text.split(",") if part[1:2] == "="}


class Exchange:
    """One attempt, from its first message on."""

    def __init__(self, mechanism: str, credential: Credential, first: bytes, nonce: str) -> None:
        """Raises ScramRefused."""
        self._hash = HASHES[mechanism]
        self._credential = credential
        bare = _bare(first)
        theirs = _fields(bare).get("r", "")
        if not theirs:
            raise ScramRefused("no nonce")
        self._nonce = theirs + nonce
        salt = base64.b64encode(credential.salt).decode()
        self.challenge = f"r={self._nonce},s={salt},i={credential.iterations}".encode()
        self._so_far = bare.encode() + b"," + self.challenge + b","

    def finish(self, final: bytes) -> bytes:
        """The server's signature, for a proof that holds. Raises ScramRefused."""
        without, _, proof = final[:MESSAGE_BYTES_MAX].rpartition(b",p=")
        fields = _fields(without.decode("ascii", "replace"))
        if fields.get("r") != self._nonce:
            raise ScramRefused("another nonce")
        said = self._so_far + without
        signature = hmac.digest(self._credential.stored_key, said, self._hash)
        try:
            given = base64.b64decode(proof, validate=True)
        except binascii.Error as error:
            raise ScramRefused("no proof") from error
        key = bytes(a ^ b for a, b in zip(given, signature, strict=False))
        stored = hashlib.new(self._hash, key).digest()
        if len(given) != len(signature) or not hmac.compare_digest(
            stored, self._credential.stored_key
        ):
            raise ScramRefused("the proof is wrong")
        server = hmac.digest(self._credential.server_key, said, self._hash)
        return b"v=" + base64.b64encode(server)
