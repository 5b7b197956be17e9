r"""Shared access signatures of Azure Service Bus and Event Hubs: a key's holder signs what may be used and until when.

    SharedAccessSignature sr=URI&sig=BASE64(HMAC-SHA256(key, sr as sent + "\n" + se))&se=UNIX&skn=NAME

Values are percent-encoded; the key is the bytes of its text. `kernel.api.Node.secret` knows the keys.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

SCHEME: Final = "SharedAccessSignature "
TOKEN_CHARS_MAX: Final = 8_192
EXPIRY_DIGITS_MAX: Final = 12


class TokenRefused(Exception):
    """Why a token is not good."""


class Grant(NamedTuple):
    """What a good token says: who signed it, what it opens, and until when (wall ms)."""

    key: str
    resource: str
    until_ms: int


def read_token(token: str, secret_of: Callable[[str], bytes | None], now_ms: int) -> Grant:
    """A token that is signed by a key of ours and has not expired. Raises TokenRefused."""
    if not token.startswith(SCHEME):
        raise TokenRefused("only shared access signatures can be checked here")
    if len(token) > TOKEN_CHARS_MAX:
        raise TokenRefused("the token is too long")
    parts = _parts(token)
    resource, expires = parts.get("sr", ""), parts.get("se", "")
    key = unquote_plus(parts.get("skn", ""))
    secret = secret_of(key)
    if secret is None or not _is_number(expires):
        raise TokenRefused("no such key, or no time")
    digest = hmac.digest(secret, f"{resource}\n{expires}".encode(), "sha256")
    if not hmac.compare_digest(b64encode(digest), unquote_plus(parts.get("sig", "")).encode()):
        raise TokenRefused("the signature is not the key's")
    until_ms = int(expires) * 1_000
    if until_ms <= now_ms:
        raise TokenRefused("the token has expired")
    return Grant(key, unquote_plus(resource), until_ms)


def _parts(token: str) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in token[len(SCHEME) :].split("&"))


def signer_of(token: str) -> str:
    """The name of the key that a token says it is signed by; empty where it says none."""
    if not token.startswith(SCHEME) or len(token) > TOKEN_CHARS_MAX:
        return ""
    return unquote_plus(_parts(token).get("skn", ""))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= EXPIRY_DIGITS_MAX
