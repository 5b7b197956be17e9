"""One request to SQS: which action, in which protocol, by whom; and its answer in the same protocol.

Who calls is found out when somebody wants to know, or when keys are configured: then no request is served whose
signature is not good. Hot where messages are.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from dragoman.doors.shared.guessing import tell_failed
from dragoman.doors.shared.rest.call import Call, RawHeader, Request, Response
from dragoman.doors.sqs.errors import (
    INCOMPLETE_SIGNATURE,
    INVALID_ACTION,
    INVALID_CLIENT_TOKEN_ID,
    MALFORMED_INPUT,
    MISSING_TOKEN,
    SIGNATURE_MISMATCH,
    AwsError,
    Refused,
)
from dragoman.doors.sqs.names import REGION, Place, account_of
from dragoman.kernel.api import Session
from dragoman.security import sigv4
from dragoman.wire.aws.actions import ACTIONS
from dragoman.wire.aws.query import MalformedQueryError, members_of, read_form
from dragoman.wire.aws.xml import error_xml, result_xml

TARGET: Final = b"AmazonSQS."
PROTOCOL: Final = b"x-amz-target"  # the header that JSON is told by
JSON: Final = (b"content-type", b"application/x-amz-json-1.0")
XML: Final = (b"content-type", b"text/xml")
SIGNATURES: Final[Mapping[str, AwsError]] = {
    sigv4.INCOMPLETE: INCOMPLETE_SIGNATURE,
    sigv4.MISMATCH: SIGNATURE_MISMATCH,
}
_DECODERS: Final = {
    name: msgspec.json.Decoder(request_type) for name, request_type in ACTIONS.items()
}
_ENCODE: Final = msgspec.json.Encoder().encode


class RequestIds:
    """Ids of answers, for people who compare logs: a random beginning and a number."""

    __slots__ = ("_count", "_prefix")

    def __init__(self) -> None:
        self._count = 0
        self._prefix = ""

    def next(self, session: Session) -> str:
        """One more."""
        if not self._prefix:
            digits = session.token(10).hex()
            self._prefix = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-"
        self._count += 1
        return self.last()

    def last(self) -> str:
        """That of the request being served."""
        return f"{self._prefix}{self._count:012x}"


class Asked:
    """See the module. `action` is empty until it is known; `parameters` are the query protocol's. `sender` says whose
    messages these are: the access key that signed, where that was verified.
    """

    __slots__ = (
        "_is_read",
        "_signature",
        "_target",
        "action",
        "call",
        "is_json",
        "parameters",
        "request",
        "request_id",
        "sender",
        "session",
    )

    def __init__(self, call: Call, request_id: str) -> None:
        self.call = call
        self.request: Request = call.request
        self.session = call.session
        self.request_id = request_id
        self._target = call.request.header(PROTOCOL) or b""
        self.is_json = self._target.startswith(TARGET)
        self.action = ""
        self.parameters: dict[str, str] = {}
        self.sender = ""
        self._signature: sigv4.Signed | None = None
        self._is_read = False  # what is claimed about the signature

    # --- what is asked ---

    def read(self) -> Any:
        """The request's shape. Raises Refused."""
        self.authenticate()
        if self.is_json:
            return self._read_json()
        request = self.request
        try:
            self.parameters = read_form(request.query)
            if request.method == "POST":
                self.parameters |= read_form(request.body)
            self.action = self.parameters.get("Action", "")
            shape = ACTIONS.get(self.action)
            if shape is None:
                raise self._no_action()
            members = members_of(self.parameters)
            if self.action == "CreateQueue" and "Tags" in members:
                members["tags"] = members.pop("Tags")
            if "queue" in self.call.parameters:
                members.setdefault("QueueUrl", request.path.decode("latin-1"))
            return msgspec.convert(members, shape, strict=False)
        except (MalformedQueryError, msgspec.ValidationError) as error:
            raise Refused(MALFORMED_INPUT, str(error)) from error

    def _read_json(self) -> Any:
        self.action = self._target[len(TARGET) :].decode("latin-1")
        decoder = _DECODERS.get(self.action)
        if decoder is None:
            raise self._no_action()
        try:
            return decoder.decode(self.request.body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(MALFORMED_INPUT, str(error)) from error

    def _no_action(self) -> Refused:
        text = f"The action {self.action} is not valid for this endpoint."
        return Refused(INVALID_ACTION, text)

    # --- by whom ---

    def authenticate(self) -> None:
        """Raises Refused where keys are configured and the signature is not of one."""
        node = self.session.node()
        if node.is_open():
            return
        try:
            signed = sigv4.read(self.request.headers, self.request.query)
        except sigv4.SignatureRefused as error:
            raise Refused(SIGNATURES[error.code], str(error)) from error
        if signed is None:
            raise Refused(MISSING_TOKEN, "Request is missing Authentication Token")
        try:
            self._verify(signed, node.secret(signed.access_key))
        except Refused:
            tell_failed(self.session, self.call.connection, "SigV4", signed.access_key)
            raise
        self.sender = signed.access_key
        self.session.act_as(signed.access_key, self.call.connection.peer[0])
        self._signature = signed
        self._is_read = True

    def _verify(self, signed: sigv4.Signed, secret: bytes | None) -> None:
        """Raises Refused."""
        if secret is None:
            text = "The security token included in the request is invalid."
            raise Refused(INVALID_CLIENT_TOKEN_ID, text)
        request = self.request
        try:
            sigv4.verify(
                signed,
                secret,
                request.method,
                request.target,
                request.headers,
                request.body,
                self.session.wall_ms(),
            )
        except sigv4.SignatureRefused as error:
            raise Refused(SIGNATURES[error.code], str(error)) from error

    @property
    def account(self) -> str:
        """Whose queues are meant where no account is named."""
        signed = self._claimed()
        return account_of(signed.access_key) if signed is not None else account_of("")

    @property
    def region(self) -> str:
        """The region that the caller thinks he is in."""
        signed = self._claimed()
        return signed.region if signed is not None and signed.region else REGION

    def _claimed(self) -> sigv4.Signed | None:
        if not self._is_read:
            self._is_read = True
            with suppress(sigv4.SignatureRefused):
                self._signature = sigv4.read(self.request.headers, self.request.query)
        return self._signature

    def url(self, place: Place) -> str:
        """A queue's URL on the host that the caller dialled: some clients go where it leads."""
        scheme = "https" if self.call.connection.is_tls else "http"
        host = self.request.header(b"host") or b"localhost"
        return f"{scheme}://{host.decode('latin-1')}/{place.account}/{place.name}"

    def let_go(self) -> None:
        """Keep of a request that waits for long only what its answer needs: who asks, and in which protocol."""
        self._claimed()
        self.request.headers = [(PROTOCOL, self._target)] if self.is_json else []
        self.request.body = b""

    # --- and what is answered ---

    def answer(self, result: msgspec.Struct | None = None) -> Response:
        """A result, or nothing, as the action's answer."""
        identity = (b"x-amzn-requestid", self.request_id.encode())
        if self.is_json:
            return Response(200, b"" if result is None else _ENCODE(result), (JSON, identity))
        return Response(200, result_xml(self.action, result, self.request_id), (XML, identity))


def is_json(request: Request) -> bool:
    """Which protocol a request speaks; what is neither is taken for a query."""
    target = request.header(PROTOCOL)
    return target is not None and target.startswith(TARGET)


def refusal(request: Request, refused: Refused, request_id: str) -> Response:
    """The answer that says no, in the request's protocol."""
    error = refused.error
    headers: tuple[RawHeader, ...] = (XML, (b"x-amzn-requestid", request_id.encode()))
    if not is_json(request):
        body = error_xml(error.fault, error.code, refused.text, request_id)
        return Response(error.status, body, headers)
    code = (b"x-amzn-query-error", f"{error.code};{error.fault}".encode())
    body = _ENCODE({"__type": error.type, "message": refused.text})
    return Response(error.status, body, (JSON, *headers[1:], code))
