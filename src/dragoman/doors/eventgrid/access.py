"""Who may come in: keys, signatures made with them, tokens.

    aeg-sas-key: KEY                        Authorization: SharedAccessKey KEY
    aeg-sas-token: r=..&e=..&s=..           Authorization: SharedAccessSignature r=..&e=..&s=..
                                            Authorization: Bearer TOKEN

A topic's own keys (`listKeys`) open it; those that the operator configured open everything, also as a bearer token.
Where the operator configured none, anything opens: the broker is then reached from this machine alone, unless he said
otherwise himself.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from dragoman.doors.eventgrid.errors import unauthorized
from dragoman.doors.shared.rest.call import Call
from dragoman.security.sas import SignatureRefused, check_signature, is_same

_KEY: Final = "sharedaccesskey"
_SIGNATURE: Final = "sharedaccesssignature"
_BEARER: Final = "bearer"


class Access:
    """The operator's keys; `is_open` where there are no credentials at all."""

    def __init__(self, keys: Mapping[str, str], *, is_open: bool) -> None:
        self._keys = tuple(keys.values())
        self.is_open = is_open

    def check(self, call: Call, keys: Sequence[str]) -> None:
        """Whether a request may do what it asks of something with these keys. Raises EventGridError."""
        if self.is_open:
            return
        known = (*keys, *self._keys)
        key, signature = _shown(call)
        if key:
            if not any([is_same(key, secret) for secret in known]):  # noqa: C419 - all of them, found or not
                raise unauthorized("The request authorization key is not authorized.")
            return
        if not signature:
            raise unauthorized(
                "Request must contain one of the following authorization signature: aeg-sas-token, aeg-sas-key."
            )
        path = unquote_to_bytes(call.request.path).decode(errors="replace")
        try:
            check_signature(signature, path, known, call.session.wall_ms())
        except SignatureRefused as error:
            raise unauthorized(f"The request signature is not authorized: {error}.") from error

    def check_manager(self, call: Call) -> None:
        """Whether a request may manage resources: one of the operator's keys as a token. Raises EventGridError."""
        self.check(call, ())


def _shown(call: Call) -> tuple[bytes, str]:
    """The key, or the signature, that a request shows."""
    request = call.request
    key = request.header(b"aeg-sas-key")
    if key:
        return key, ""
    token = request.header(b"aeg-sas-token")
    if token:
        return b"", token.decode("latin-1")
    scheme, _, rest = (request.header(b"authorization") or b"").partition(b" ")
    kind = scheme.decode("latin-1").lower()
    if kind in {_KEY, _BEARER}:
        return rest.strip(), ""
    return b"", rest.strip().decode("latin-1") if kind == _SIGNATURE else ""
