"""Delivery tokens: what a client that keeps no connection shows to settle a message it was given.

    subscription 8 | partition 4 | offset 8 | holder 8 | attempt 4 | incarnation 4 | MAC 18     base64url, 72 chars

The MAC (BLAKE2s under a key of this broker, RFC 7693, in a sixth of HMAC's time) makes a token good for nothing but the
delivery it was made for; the kernel then finds out whether that holder still has the message. A holder's id begins with
the incarnation it lived in, so a token from before a restart can settle only the lease it names, if that outlived it.
"""

from binascii import a2b_base64, b2a_base64
from hashlib import blake2s
from hmac import compare_digest
from struct import Struct
from typing import Final

import msgspec

from dragoman.model.errors import InvalidArgument

_FIELDS: Final = Struct(">QIQQII")
MAC_BYTES: Final = 18  # so that all of it is a multiple of three bytes
KEY_BYTES_MIN: Final = 16
TOKEN_CHARS: Final = (_FIELDS.size + MAC_BYTES) * 4 // 3
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


class Token(msgspec.Struct, frozen=True):
    """One delivery of one message."""

    subscription: int
    partition: int
    offset: int
    holder: int
    attempt: int
    incarnation: int


class Tokens:
    """Writes and reads tokens under one secret key."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        assert len(key) >= KEY_BYTES_MIN, "a key that cannot be guessed"
        self._keyed = blake2s(key=key, digest_size=MAC_BYTES)

    def write(self, token: Token) -> str:
        """The token as text a client may keep: letters, digits, - and _."""
        data = _FIELDS.pack(
            token.subscription,
            token.partition,
            token.offset,
            token.holder,
            token.attempt,
            token.incarnation,
        )
        return b2a_base64(data + self._mac(data), newline=False).translate(_TO_URL).decode()

    def read(self, text: str) -> Token:
        """Raises InvalidArgument unless `text` is one that `write` gave."""
        if len(text) != TOKEN_CHARS or not text.isascii():
            raise InvalidArgument("not a delivery token")
        try:
            raw = a2b_base64(text.encode().translate(_FROM_URL))
        except ValueError as error:
            raise InvalidArgument("not a delivery token") from error
        data, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        if not compare_digest(mac, self._mac(data)):
            raise InvalidArgument("not a delivery token of this broker")
        return Token(*_FIELDS.unpack(data))

    def _mac(self, data: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(data)
        return mac.digest()
