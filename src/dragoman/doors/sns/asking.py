"""One request to SNS: which action, by whom; and its answer. All as with SQS's query protocol but the spelling."""

from typing import Any, Final
from urllib.parse import quote

import msgspec

from dragoman.doors.shared.rest.call import Request, Response
from dragoman.doors.sns.errors import INVALID_PARAMETER
from dragoman.doors.sns.names import Name
from dragoman.doors.sqs.asking import PROTOCOL, XML, Asked
from dragoman.doors.sqs.errors import INVALID_ACTION, AwsError, Refused
from dragoman.wire.aws import topics as t
from dragoman.wire.aws.nested import SNS_NAMESPACE, nested_members, nested_xml
from dragoman.wire.aws.query import MalformedQueryError, read_form
from dragoman.wire.aws.xml import error_xml

LINKS: Final = ("ConfirmSubscription", "Unsubscribe")
"""What people come by without a signature: a message to their endpoint has the link."""


class TopicAsked(Asked):
    """See the module. `is_anonymous`: came by a link, where signatures are asked of all others."""

    __slots__ = ("is_anonymous",)

    def __init__(self, call: Any, request_id: str) -> None:
        super().__init__(call, request_id)
        self.is_anonymous = False

    def read(self) -> Any:
        """The request's shape. Raises Refused."""
        request = self.request
        try:
            self.parameters = read_form(request.query)
            if request.method == "POST":
                self.parameters |= read_form(request.body)
            self.action = self.parameters.get("Action", "")
            self._admit()
            shape = t.ACTIONS.get(self.action)
            if shape is None:
                text = f"The action {self.action} is not valid for this web service."
                raise Refused(INVALID_ACTION, text)
            members = nested_members(self.parameters)
            for name in t.CONTAINERS:
                if members.get(name) == "":
                    del members[name]
            return msgspec.convert(members, shape, strict=False)
        except (MalformedQueryError, msgspec.ValidationError) as error:
            raise Refused(INVALID_PARAMETER, f"Invalid parameter: {error}") from error

    def _admit(self) -> None:
        signed = self._claimed()
        if signed is None and self.action in LINKS and not self.session.node().is_open():
            self.is_anonymous = True
            return
        self.authenticate()

    @property
    def base(self) -> str:
        """Where links in messages lead: the host that the caller dialled."""
        scheme = "https" if self.call.connection.is_tls else "http"
        host = (self.request.header(b"host") or b"localhost").decode("latin-1")
        return f"{scheme}://{host}/"

    def topic(self, name: str) -> Name:
        """A topic of the caller's own."""
        return Name(self.region, self.account, name)

    def answer(self, result: msgspec.Struct | None = None) -> Response:
        """A result, or nothing, as the action's answer."""
        identity = (b"x-amzn-requestid", self.request_id.encode())
        return Response(200, nested_xml(self.action, result, self.request_id), (XML, identity))


def unsubscribe_url(base: str, subscription: Name) -> str:
    """The link by which an endpoint leaves."""
    return f"{base}?Action=Unsubscribe&SubscriptionArn={quote(subscription.arn, safe=':')}"


def confirm_url(base: str, subscription: Name, token: str) -> str:
    """The link by which an endpoint says that it wants what comes."""
    topic = quote(subscription._replace(id="").arn, safe=":")
    return f"{base}?Action=ConfirmSubscription&TopicArn={topic}&Token={token}"


def is_meant(request: Request) -> bool:
    """Whether a request speaks SNS: its version, or a link of ours."""
    if request.header(PROTOCOL) is not None:
        return False
    form = request.body if request.method == "POST" else request.query
    if b"Action=" not in form and b"Action=" not in request.query:
        return False
    version = b"Version=" + t.VERSION.encode()
    if version in form or version in request.query:
        return True
    return any(b"Action=" + name.encode() in request.query for name in LINKS)


def refusal(refused: Refused, request_id: str) -> Response:
    """The answer that says no."""
    error: AwsError = refused.error
    body = error_xml(error.fault, error.code, refused.text, request_id, SNS_NAMESPACE)
    headers = (XML, (b"x-amzn-requestid", request_id.encode()))
    return Response(error.status, body, headers)
