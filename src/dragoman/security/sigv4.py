"""AWS Signature Version 4: who signed a request, and whether they did.

    Authorization: AWS4-HMAC-SHA256 Credential=KEY/20300102/REGION/sqs/aws4_request, SignedHeaders=..., Signature=...
    or the same as parameters of the URL (presigned): X-Amz-Algorithm, -Credential, -Date, -Expires, ...

`read` only takes apart what is claimed; `verify` makes the canonical request from the raw bytes and compares. The path
counts as it was sent, encoded once more, as all services but S3 do. (AWS General Reference, "Create a signed request")
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

ALGORITHM: Final = b"AWS4-HMAC-SHA256"
WINDOW_MS: Final = 900_000
"""How far the signer's clock may be from ours."""
LIFE_S_MAX: Final = 604_800  # of a presigned URL
SIGNED_HEADERS_MAX: Final = 64
_KEYS_MAX: Final = 1_024  # derived ones kept: one per secret, day, region and service
_SAFE: Final = "/~-._"
_DATE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_TERMINATOR: Final = "aws4_request"

Headers = Sequence[tuple[bytes, bytes]]
"""(name in lower case, value), as sent."""


class SignatureRefused(Exception):
    """What is wrong with a signature; `code` is AWS's word for it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


INCOMPLETE: Final = "IncompleteSignature"
MISMATCH: Final = "SignatureDoesNotMatch"


class Signed:
    """What a request claims about its signature. `life_s` is 0 unless it is presigned."""

    __slots__ = (
        "access_key",
        "date",
        "headers",
        "is_presigned",
        "life_s",
        "region",
        "scope",
        "signature",
    )

    def __init__(
        self, credential: str, date: str, headers: str, signature: str, life_s: int = 0
    ) -> None:
        """Raises SignatureRefused."""
        parts = credential.rsplit("/", 4)
        if len(parts) != 5 or parts[4] != _TERMINATOR or not parts[0]:
            raise SignatureRefused(
                INCOMPLETE,
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
                f" got '{credential}'",
            )
        self.access_key: str = parts[0]
        self.scope: tuple[str, str, str] = (parts[1], parts[2], parts[3])
        self.region: str = parts[2]
        self.date = date
        self.headers: list[str] = headers.split(";")
        self.signature = signature
        self.life_s = life_s
        self.is_presigned = life_s > 0
        if "host" not in self.headers or len(self.headers) > SIGNED_HEADERS_MAX:
            raise SignatureRefused(
                MISMATCH, "'Host' must be a 'SignedHeader' in the AWS Authorization."
            )


def read(headers: Headers, query: bytes) -> Signed | None:
    """What the request says about who signed it; None when it says nothing. Raises SignatureRefused."""
    for name, value in headers:
        if name == b"authorization":
            return _read_header(value, _date_of(headers))
    return _read_query(query) if b"X-Amz-Signature=" in query else None


def _read_header(value: bytes, date: str) -> Signed:
    algorithm, _, rest = value.partition(b" ")
    if algorithm != ALGORITHM:
        raise SignatureRefused(
            INCOMPLETE, f"Unsupported algorithm '{algorithm.decode('latin-1')}'."
        )
    parts: dict[str, str] = {}
    for part in rest.decode("latin-1").split(","):
        name, _, text = part.strip().partition("=")
        parts[name] = text
    for name in ("Credential", "Signature", "SignedHeaders"):
        if not parts.get(name):
            raise SignatureRefused(INCOMPLETE, f"Authorization header requires '{name}' parameter.")
    if not date:
        raise SignatureRefused(
            INCOMPLETE,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    return Signed(parts["Credential"], date, parts["SignedHeaders"], parts["Signature"])


def _date_of(headers: Headers) -> str:
    for name, value in headers:
        if name == b"x-amz-date":
            return value.decode("latin-1")
    return ""


def _read_query(query: bytes) -> Signed:
    parts: dict[str, str] = {}
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name.startswith(b"X-Amz-"):
            parts[name.decode("latin-1")[6:]] = unquote_to_bytes(value).decode("latin-1")
    if parts.get("Algorithm") != ALGORITHM.decode():
        raise SignatureRefused(
            INCOMPLETE, "AWS query-string parameters must include 'X-Amz-Algorithm'."
        )
    for required in ("Credential", "Date", "SignedHeaders", "Signature", "Expires"):
        if not parts.get(required):
            raise SignatureRefused(
                INCOMPLETE, f"AWS query-string parameters must include 'X-Amz-{required}'."
            )
    life = parts["Expires"]
    if not (life.isascii() and life.isdigit() and len(life) < 7 and 0 < int(life) <= LIFE_S_MAX):
        raise SignatureRefused(INCOMPLETE, f"X-Amz-Expires must be 1 to {LIFE_S_MAX}")
    return Signed(
        parts["Credential"], parts["Date"], parts["SignedHeaders"], parts["Signature"], int(life)
    )


def verify(
    signed: Signed,
    secret: bytes,
    method: str,
    target: bytes,
    headers: Headers,
    body: bytes,
    now_ms: int,
    window_ms: int = WINDOW_MS,
) -> None:
    """Raises SignatureRefused unless `secret` made the signature of this very request, not long ago."""
    _check_time(signed, now_ms, window_ms)
    canonical = _canonical(signed, method, target, headers, body)
    date, region, service = signed.scope
    words = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            signed.date,
            f"{date}/{region}/{service}/{_TERMINATOR}",
            sha256(canonical).hexdigest(),
        )
    )
    expected = hmac.digest(_signing_key(secret, date, region, service), words.encode(), "sha256")
    if not hmac.compare_digest(expected.hex().encode(), signed.signature.encode()):
        raise SignatureRefused(
            MISMATCH,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
            " Access Key and signing method. Consult the service documentation for details.",
        )


def _check_time(signed: Signed, now_ms: int, window_ms: int) -> None:
    at_ms = _time_ms(signed.date)
    if signed.scope[0] != signed.date[:8]:
        raise SignatureRefused(
            MISMATCH,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {signed.date}",
        )
    latest_ms = at_ms + (signed.life_s * 1000 if signed.is_presigned else window_ms)
    if now_ms > latest_ms:
        raise SignatureRefused(
            MISMATCH,
            f"Signature expired: {signed.date} is now earlier than {_iso(now_ms - window_ms)}",
        )
    if at_ms > now_ms + window_ms:
        raise SignatureRefused(
            MISMATCH,
            f"Signature not yet current: {signed.date} is still later than {_iso(now_ms + window_ms)}",
        )


def _time_ms(date: str) -> int:
    found = _DATE.fullmatch(date)
    try:
        if found is not None:
            year, month, day, hour, minute, second = map(int, found.groups())
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            return int(moment.timestamp()) * 1000
    except ValueError:
        pass
    raise SignatureRefused(INCOMPLETE, f"Date must be in ISO-8601 'basic format'. Got '{date}'.")


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _canonical(signed: Signed, method: str, target: bytes, headers: Headers, body: bytes) -> bytes:
    path, _, query = target.partition(b"?")
    pairs = sorted(query.split(b"&")) if query else []
    if signed.is_presigned:
        pairs = [pair for pair in pairs if not pair.startswith(b"X-Amz-Signature=")]
    lines = [
        method.encode(),
        quote_from_bytes(path, safe=_SAFE).encode() or b"/",
        b"&".join(pair if b"=" in pair else pair + b"=" for pair in pairs),
    ]
    for name in signed.headers:
        known = name.encode("latin-1", "replace")
        values = [b" ".join(value.split()) for header, value in headers if header == known]
        lines.append(known + b":" + b",".join(values))
    lines += [
        b"",
        ";".join(signed.headers).encode("latin-1", "replace"),
        sha256(body).hexdigest().encode(),
    ]
    return b"\n".join(lines)


@lru_cache(maxsize=_KEYS_MAX)
def _signing_key(secret: bytes, date: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret
    for part in (date, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
