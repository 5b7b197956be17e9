"""What is kept of a password, as one text: enough to judge it, not enough to say it.

    $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH     what we make (RFC 9106; OWASP's parameters): 30 ms and 19 MiB to judge
    ALGORITHM$BASE64(SALT, HASH)                 RabbitMQ's, one of `DIGESTS` over a salt of four bytes and the password

Hashing and judging take long: see `kernel.api.Session.aside`. Chance is an argument. Loads `cryptography` when a hash
of Argon2 is made or judged.
"""

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Final

ARGON2: Final = "argon2id"
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
ITERATIONS: Final = 2
MEMORY_KIB: Final = 19_456
ITERATIONS_MAX: Final = 10  # of hashes that are brought along
MEMORY_KIB_MAX: Final = 65_536
LANES_MAX: Final = 4
TEXT_CHARS_MAX: Final = 512
RABBIT_SALT_BYTES: Final = 4
DIGESTS: Final[Mapping[str, str]] = {
    "rabbit_password_hashing_sha256": "sha256",
    "rabbit_password_hashing_sha512": "sha512",
    "rabbit_password_hashing_md5": "md5",
}
_PHC: Final = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}"
)


class HashRefused(Exception):
    """Not a hash of the algorithm that it is said to be of."""


class NotBase64(HashRefused):
    """A hash that is not spelled as one."""


def hash_password(password: bytes, salt: bytes) -> str:
    """What to keep of a password."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - when needed

    kdf = Argon2id(
        salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=1, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(password)


def is_password(kept: str, password: bytes) -> bool:
    """Whether it is the one that this was kept of. Nobody comes in without a password."""
    if not kept or not password:
        return False
    if kept.startswith("$"):
        return _is_argon2(kept, password)
    algorithm, _, text = kept.partition("$")
    raw = b64decode(text)
    salt, digest = raw[:RABBIT_SALT_BYTES], raw[RABBIT_SALT_BYTES:]
    found = hashlib.new(DIGESTS[algorithm], salt + password, usedforsecurity=True).digest()
    return hmac.compare_digest(found, digest)


def _is_argon2(kept: str, password: bytes) -> bool:
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415 - when needed
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415

    try:
        Argon2id.verify_phc_encoded(password, kept)
    except InvalidKey:
        return False
    return True


def kept_of(algorithm: str, text: str) -> str:
    """A hash that was made elsewhere, to be kept. Raises HashRefused."""
    if len(text) > TEXT_CHARS_MAX:
        raise HashRefused(f"a hash has at most {TEXT_CHARS_MAX} characters")
    if algorithm == ARGON2:
        return _checked(text)
    if algorithm not in DIGESTS:
        raise HashRefused(f"{algorithm}: hashes are of {', '.join((*DIGESTS, ARGON2))}")
    try:
        size = len(b64decode(text, validate=True))
    except (Error, ValueError) as error:
        raise NotBase64("a hash is in base64") from error
    wanted = RABBIT_SALT_BYTES + hashlib.new(DIGESTS[algorithm]).digest_size
    if size != wanted:
        raise HashRefused(f"a hash of {algorithm} has {wanted} bytes with its salt, not {size}")
    return f"{algorithm}${text}"


def _checked(text: str) -> str:
    found = _PHC.fullmatch(text)
    if found is None:
        raise HashRefused("a hash of argon2id is $argon2id$v=19$m=...,t=...,p=...$SALT$HASH")
    memory, iterations, lanes = map(int, found.groups())
    if (
        not 8 * lanes <= memory <= MEMORY_KIB_MAX
        or not 0 < iterations <= ITERATIONS_MAX
        or not 0 < lanes <= LANES_MAX
    ):
        raise HashRefused("a hash of argon2id that takes so long to judge is not taken")
    return text


def told(kept: str) -> tuple[str, str]:
    """(algorithm, text), as `kept_of` takes them."""
    if not kept:
        return next(iter(DIGESTS)), ""
    if kept.startswith("$"):
        return ARGON2, kept
    algorithm, _, text = kept.partition("$")
    return algorithm, text
