"""Who may come in: keys, signatures made with them, tokens.

    aeg-sas-key: KEY                        Authorization: SharedAccessKey KEY
    aeg-sas-token: r=..&e=..&s=..           Authorization: SharedAccessSignature r=..&e=..&s=..
                                            Authorization: Bearer TOKEN

A topic's own keys (`listKeys`) open it, whatever the kernel's permissions say: such a key is the permission. Those
that the operator configured open what their names are granted (all, until something is), also as a bearer token.
Where the operator configured none, anything opens: the broker is then reached from this machine alone, unless he said
otherwise himself.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from dragoman.doors.eventgrid.errors import EventGridError, unauthorized
from dragoman.doors.shared.guessing import tell_failed
from dragoman.doors.shared.rest.call import Call
from dragoman.security.sas import SignatureRefused, check_signature, is_same

_KEY: Final = "sharedaccesskey"
_SIGNATURE: Final = "sharedaccesssignature"
_BEARER: Final = "bearer"


class Access:
    """The operator's keys; `is_open` where there are no credentials at all."""

    def __init__(self, keys: Mapping[str, str], *, is_open: bool) -> None:
        self._keys = dict(keys)
        self.is_open = is_open

    def check(self, call: Call, keys: Sequence[str]) -> None:
        """Whether a request may do what it asks of something with these keys. Raises EventGridError."""
        if self.is_open:
            return
        key, signature = _shown(call)
        if key:
            try:
                self._check_key(call, keys, key)
            except EventGridError:
                tell_failed(call.session, call.connection, "SharedAccessKey", "")
                raise
            return
        if not signature:
            raise unauthorized(
                "Request must contain one of the following authorization signature: aeg-sas-token, aeg-sas-key."
            )
        path = unquote_to_bytes(call.request.path).decode(errors="replace")
        now_ms = call.session.wall_ms()
        try:
            check_signature(signature, path, (*keys, *self._keys.values()), now_ms)
        except SignatureRefused as error:
            tell_failed(call.session, call.connection, "SAS", "")
            raise unauthorized(f"The request signature is not authorized: {error}.") from error
        signed = [
            name for name, secret in self._keys.items() if _is_by(signature, path, secret, now_ms)
        ]
        _speak(call, signed[0] if signed else None)

    def _check_key(self, call: Call, keys: Sequence[str], key: bytes) -> None:
        """Every key is compared, found or not, so that the time taken tells nothing. Raises EventGridError."""
        own = [is_same(key, secret) for secret in keys]
        named = [name for name, secret in self._keys.items() if is_same(key, secret)]
        if not named and not any(own):
            raise unauthorized("The request authorization key is not authorized.")
        _speak(call, named[0] if named else None)

    def check_manager(self, call: Call) -> None:
        """Whether a request may manage resources: one of the operator's keys as a token. Raises EventGridError."""
        self.check(call, ())


def _speak(call: Call, key: str | None) -> None:
    """The call is made by whoever has that key of the operator's; None one of the topic's own."""
    if key is None:
        call.session.act_as_broker()
    else:
        call.session.act_as(key, call.connection.peer[0])


def _is_by(signature: str, path: str, secret: str, now_ms: int) -> bool:
    try:
        check_signature(signature, path, (secret,), now_ms)
    except SignatureRefused:
        return False
    return True


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
