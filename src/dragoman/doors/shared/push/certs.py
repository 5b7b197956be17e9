"""Where targets find what they judge the issuer's tokens by. Open to anybody: public keys are.

    /.well-known/openid-configuration    OpenID Connect Discovery 1.0: the issuer, and where its keys are
    /oauth2/v3/certs                     the keys as a JSON Web Key Set (RFC 7517)
    /oauth2/v1/certs                     the keys as certificates, by key id, as Google's older libraries want them

Keys are told at the address by which the document was asked for, whatever the issuer is called.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.rest.call import Call, RawHeader, Request, Response, Route, json_response
from dragoman.doors.shared.rest.problem import problem
from dragoman.kernel.api import Session
from dragoman.model.levels import WRITTEN

KEYS: Final = "/oauth2/v3/certs"
CERTIFICATES: Final = "/oauth2/v1/certs"
DISCOVERY: Final = "/.well-known/openid-configuration"
KEPT: Final[RawHeader] = (b"cache-control", b"public, max-age=3600")


class CertsFace:
    """See the module."""

    name = "certs"

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return (
            Route("GET", DISCOVERY, self._discovery),
            Route("GET", KEYS, self._keys),
            Route("GET", CERTIFICATES, self._certificates),
        )

    def _discovery(self, call: Call) -> Response:
        scheme = "https" if call.connection.is_tls else "http"
        host, port = call.connection.local
        said = call.request.header(b"host")
        at = f"{host}:{port}" if said is None else said.decode("latin-1")
        return json_response(
            200,
            {
                "issuer": call.session.node().issuer,
                "jwks_uri": f"{scheme}://{at}{KEYS}",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "sub"],
            },
            (KEPT,),
        )

    def _keys(self, call: Call) -> Response:
        key, _ = self._issuer.key(call.session)
        return _kept(call.session, json_response(200, {"keys": [key.jwk()]}, (KEPT,)))

    def _certificates(self, call: Call) -> Response:
        key, document = self._issuer.key(call.session)
        told = {key.id: key.certificate(document.stored_ms)}
        return _kept(call.session, json_response(200, told, (KEPT,)))

    def refuse(self, request: Request, error: Exception) -> Response:
        """No key could be kept."""
        return problem(500, "fault")

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Whoever asks for something else is not known by his asking."""
        return None


def _kept(session: Session, response: Response) -> Response:
    """To leave when the key is written: nobody is told of one that a crash takes back."""
    return response.after(session.position(), WRITTEN)
