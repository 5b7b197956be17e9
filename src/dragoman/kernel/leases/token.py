"""Delivery tokens: what a client that keeps no connection shows to settle a message it was given.

    subscription 8 | partition 4 | offset 8 | holder 8 | attempt 4 | incarnation 4 | MAC 16     base64url, 70 chars

The MAC (HMAC-SHA256 under a key of this broker, cut to 16 bytes) makes a token good for nothing but the delivery it was
made for; the kernel then finds out whether that holder still has the message. A holder's id begins with the incarnation
it lived in, so a token from before a restart can settle only the lease it names, which may have outlived it.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from struct import Struct
from typing import Final

import msgspec

from dragoman.model.errors import InvalidArgument

_FIELDS: Final = Struct(">QIQQII")
MAC_BYTES: Final = 16
KEY_BYTES_MIN: Final = 16
TOKEN_CHARS: Final = -(-(_FIELDS.size + MAC_BYTES) * 4 // 3)


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

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        assert len(key) >= KEY_BYTES_MIN, "a key that cannot be guessed"
        self._key = key

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
        return urlsafe_b64encode(data + self._mac(data)).rstrip(b"=").decode()

    def read(self, text: str) -> Token:
        """Raises InvalidArgument unless `text` is one that `write` gave."""
        if len(text) != TOKEN_CHARS or not text.isascii():
            raise InvalidArgument("not a delivery token")
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError as error:
            raise InvalidArgument("not a delivery token") from error
        data, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        if not hmac.compare_digest(mac, self._mac(data)):
            raise InvalidArgument("not a delivery token of this broker")
        return Token(*_FIELDS.unpack(data))

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")[:MAC_BYTES]
