"""One operation of the admin API: where it is reached, what goes in and what comes out, and who carries it out.

    handler(ask) -> plain data, a Response, or Parked        raises KernelError

The description (`openapi`) is made from the same fields that decode requests, so it cannot say anything else.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import DEFAULT_NAMESPACE, Session
from dragoman.model.errors import InvalidArgument
from dragoman.model.storable import UNSTORABLE, are_storable

PAGE_MAX: Final = 1_000


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """Root of what may stand behind the question mark; nothing here."""


class PageQuery(Query):
    """A page of a list: names that contain a text, behind the last name of the page before."""

    namespace: str = DEFAULT_NAMESPACE
    contains: str = ""
    after: str = ""
    limit: int = 100


class Ask:
    """A request as a handler sees it: decoded, and from somebody who may ask.

    path    the template's holes
    query   of the endpoint's query type, body of its body type
    """

    __slots__ = ("body", "call", "path", "query", "session", "who")

    def __init__(self, call: Call, query: Any, body: Any, who: str) -> None:
        self.call = call
        self.session: Session = call.session
        self.path: Mapping[str, str] = call.parameters
        self.query = query
        self.body = body
        self.who = who

    def place(self) -> dict[str, str]:
        """Namespace, name and, where the path has one, subscription: as commands take them."""
        return {
            name: self.path[name]
            for name in ("namespace", "name", "subscription")
            if name in self.path
        }


Handler = Callable[[Ask], Any]


class Endpoint:
    """See the module. `answer` is the type of what comes out, None for nothing (204)."""

    __slots__ = (
        "answer",
        "body",
        "handler",
        "method",
        "name",
        "query",
        "status",
        "summary",
        "template",
    )

    def __init__(
        self,
        method: str,
        template: str,
        handler: Handler,
        summary: str,
        *,
        name: str,
        answer: Any = None,
        body: type[msgspec.Struct] | None = None,
        query: type[Query] = Query,
        status: int = 200,
    ) -> None:
        self.method = method
        self.template = template
        self.handler = handler
        self.summary = summary
        self.name = name
        self.answer = answer
        self.body = body
        self.query = query
        self.status = 204 if answer is None else status


def decode_query(kind: type[Query], pairs: Mapping[str, Any]) -> Any:
    """Raises InvalidArgument."""
    try:
        return msgspec.convert(pairs, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"query: {error}") from error


def decode_body(kind: type[msgspec.Struct], body: bytes) -> Any:
    """Raises InvalidArgument. An empty body is an empty object."""
    try:
        found = msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidArgument(f"body: {error}") from error
    except UnicodeDecodeError as error:
        raise InvalidArgument("body: not UTF-8") from error
    if not are_storable(found):
        raise InvalidArgument(f"body: {UNSTORABLE}")
    return found
