"""What a request shows of who sends it: a token that a task or its queue asks for, made by the broker's own issuer."""

from typing import Any, Final

from dragoman.doors.cloudtasks.errors import invalid
from dragoman.doors.cloudtasks.mapping import Token
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.kernel.api import Session

EMAIL_CHARS_MAX: Final = 320
CLOUD_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


def token_asked(source: Any) -> Token | None:
    """Of an HttpRequest or HttpTarget. Raises Status."""
    kind = source.WhichOneof("authorization_header")
    if kind is None:
        return None
    asked = getattr(source, kind)
    if "@" not in asked.service_account_email or len(asked.service_account_email) > EMAIL_CHARS_MAX:
        raise invalid(f"{kind}.service_account_email must be the address of a service account.")
    is_oauth = kind == "oauth_token"
    what = asked.scope if is_oauth else asked.audience
    return Token(asked.service_account_email, what, is_oauth)


def bearer(session: Session, issuer: Issuer, token: Token, url: str) -> str:
    """The token itself, for a request to a URL. Raises KernelError."""
    if token.is_oauth:
        return issuer.access_token(session, token.email, token.what or CLOUD_SCOPE)
    return issuer.id_token(session, token.email, token.what or url)
