"""Shared access signatures of Azure Event Grid: a key's holder signs where and until when somebody may come in.

    r=<percent-encoded URL>&e=<percent-encoded time>&s=<percent-encoded base64 of HMAC-SHA256(key, "r=..&e=..")>

The key is the bytes that its base64 stands for. Times are UTC; each official client spells them in its own way: Python
as ISO 8601 with a space, JavaScript and .NET as en-US does ("6/5/2020 12:09:03 PM").
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit

TOKEN_CHARS_MAX: Final = 4_096
_EN_US: Final = "%m/%d/%Y %I:%M:%S %p"


class SignatureRefused(Exception):
    """The token is none, signed with no key of ours, for another place, or out of time; the text says which."""


def is_same(given: bytes, secret: str) -> bool:
    """Whether somebody shows the secret itself; in constant time."""
    return hmac.compare_digest(given, secret.encode())


def check_signature(token: str, path: str, keys: Iterable[str], now_ms: int) -> None:
    """Whether `token` opens `path` (decoded) now, by any of the keys. Raises SignatureRefused."""
    if len(token) > TOKEN_CHARS_MAX:
        raise SignatureRefused("the token is too long")
    signed, _, signature = token.rpartition("&s=")
    given = unquote(signature).encode()
    opens = [_is_signed(signed, given, key) for key in keys]  # each is tried, found or not
    if not any(opens):
        raise SignatureRefused("the signature is not valid")
    parts = dict(pair.partition("=")[::2] for pair in signed.split("&"))
    place = unquote(urlsplit(unquote(parts.get("r", ""))).path)
    if place.rstrip("/") != path.rstrip("/"):
        raise SignatureRefused("the signature is for another resource")
    expires_ms = time_of(unquote(parts.get("e", "")))
    if expires_ms is None:
        raise SignatureRefused("the expiry is no time")
    if expires_ms <= now_ms:
        raise SignatureRefused("the signature has expired")


def _is_signed(signed: str, given: bytes, key: str) -> bool:
    try:
        secret = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        secret = key.encode()  # not base64: as it stands
    digest = b64encode(hmac.digest(secret, signed.encode(), "sha256"))
    return hmac.compare_digest(digest, given)


def time_of(text: str) -> int | None:
    """Wall time in ms of an expiry in any client's spelling; None when it is none."""
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is None:
        with suppress(ValueError):
            moment = datetime.strptime(text, _EN_US)  # noqa: DTZ007 - UTC, below
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
