"""Operations on rules, and what one would do: to the last messages of a stream, to a message on its way."""

from typing import Any, Final

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, Query
from dragoman.console.admin.fields import MessageFields, to_fields, to_message
from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    Address,
    DeleteRule,
    DescribeStream,
    GetRule,
    ListRules,
    Peeked,
    PeekStream,
    PutRule,
    RuleInfo,
    RuleSettings,
    StreamInfo,
    Trace,
    Traced,
    Tried,
    TryRule,
)
from dragoman.kernel.api import Hop as Hop  # noqa: PLC0414 - part of an answer
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL

TRIED_MAX: Final = 200  # messages of one test
NO_VERSION: Final = 0
ANY_VERSION: Final = -1


class RulesQuery(Query):
    """All of a namespace, or those that judge one stream."""

    namespace: str = DEFAULT_NAMESPACE
    stream: str = ""


class DeleteRuleQuery(Query):
    """`expected`: the version that it must have."""

    expected: int = ANY_VERSION


class NewRule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule to be made."""

    name: str
    settings: RuleSettings
    namespace: str = DEFAULT_NAMESPACE


class ChangedRule(msgspec.Struct, forbid_unknown_fields=True):
    """All of a rule as it is to be; `expected` is the version that it must have."""

    settings: RuleSettings
    expected: int = ANY_VERSION


class Test(msgspec.Struct, forbid_unknown_fields=True):
    """A rule that is there, or its settings; and whose last messages it is to be tried on."""

    stream: str
    namespace: str = DEFAULT_NAMESPACE
    name: str = ""
    settings: RuleSettings | None = None
    count: int = 20


class Journey(msgspec.Struct, forbid_unknown_fields=True):
    """A message, and where it is sent: a route with a key, or a stream."""

    message: MessageFields
    namespace: str = DEFAULT_NAMESPACE
    route: str = ""
    key: str = ""
    stream: str = ""


class RuleView(msgspec.Struct):
    """A rule; `seen`, `changed` and `bad` count messages since the broker started, `fault` is the last one found."""

    namespace: str
    name: str
    version: int
    settings: dict[str, Any]
    stored_ms: int
    seen: int
    changed: int
    bad: int
    fault: str
    trouble: str


class RuleViews(msgspec.Struct):
    """Rules, by name."""

    items: list[RuleView]


class TriedView(msgspec.Struct):
    """A message before a rule and behind it. `bad`: what would become of it, with `path` and `reason`; empty if it is
    good.
    """

    partition: int
    offset: int
    before: MessageFields | None
    after: MessageFields | None
    changed: bool
    bad: str
    path: str
    reason: str
    target: str
    expires_in_ms: int
    deliver_in_ms: int


class TestView(msgspec.Struct):
    """The messages, oldest first."""

    items: list[TriedView]


class CopyView(msgspec.Struct):
    """What the rules of a subscription make of a message; it rejects one that they find bad."""

    subscription: str
    message: MessageFields | None
    changed: bool
    bad: str
    why: str


class ArrivalView(msgspec.Struct):
    """A stream that the message comes to, as rules have made it."""

    stream: str
    message: MessageFields | None
    changed: bool
    bad: str
    why: str
    readers: list[str]
    deliver_in_ms: int
    expires_in_ms: int
    copies: list[CopyView]


class JourneyView(msgspec.Struct):
    """Every binding on the way, and where it ends."""

    hops: list[Hop]
    arrivals: list[ArrivalView]


def list_rules(ask: Ask) -> RuleViews:
    """All of them."""
    query: RulesQuery = ask.query
    found = ask.session.submit(ListRules(namespace=query.namespace, stream=query.stream))
    return RuleViews([view(query.namespace, info) for info in found])


def create_rule(ask: Ask) -> RuleView:
    """Raises VersionDiffers, InvalidArgument, SchemaNotFound, NotSupported, QuotaExceeded."""
    body: NewRule = ask.body
    command = PutRule(
        namespace=body.namespace, name=body.name, settings=body.settings, expected=NO_VERSION
    )
    return view(body.namespace, ask.session.submit(command))


def show_rule(ask: Ask) -> RuleView:
    """Raises RuleNotFound."""
    return view(ask.path["namespace"], ask.session.submit(GetRule(**ask.place())))


def put_rule(ask: Ask) -> RuleView:
    """Raises as `create_rule`."""
    body: ChangedRule = ask.body
    command = PutRule(**ask.place(), settings=body.settings, expected=body.expected)
    return view(ask.path["namespace"], ask.session.submit(command))


def delete_rule(ask: Ask) -> None:
    """Raises RuleNotFound, VersionDiffers, InUse."""
    ask.session.submit(DeleteRule(**ask.place(), expected=ask.query.expected))


def try_rule(ask: Ask) -> TestView:
    """Raises StreamNotFound, RuleNotFound, InvalidArgument."""
    body: Test = ask.body
    if not 0 < body.count <= TRIED_MAX:
        raise InvalidArgument(f"count: 1 to {TRIED_MAX}")
    found: list[TriedView] = []
    for partition, peeked in _last(ask, body):
        command = TryRule(
            namespace=body.namespace,
            name=body.name,
            settings=body.settings,
            format=peeked.format,
            body=peeked.body,
        )
        tried: Tried = ask.session.submit(command)
        found.append(_tried_view(partition, peeked, tried))
    return TestView(found)


def _last(ask: Ask, body: Test) -> list[tuple[int, Peeked]]:
    """The last messages of each partition, and of those the latest. Raises StreamNotFound."""
    place = {"namespace": body.namespace, "name": body.stream}
    stream: StreamInfo = ask.session.submit(DescribeStream(**place))
    found: list[tuple[int, Peeked]] = []
    for index, partition in enumerate(stream.partitions):
        start = max(partition.start, partition.end - body.count)
        command = PeekStream(**place, partition=index, offset=start, count_max=body.count)
        found += [(index, each) for each in ask.session.submit(command)]
    found.sort(key=lambda each: (each[1].stored_ms, each[0], each[1].offset))
    return found[-body.count :]


def trace(ask: Ask) -> JourneyView:
    """Raises RouteNotFound, StreamNotFound, InvalidArgument."""
    body: Journey = ask.body
    if bool(body.route) == bool(body.stream):
        raise InvalidArgument("a route or a stream: one of them")
    address = Address(body.route or body.stream, body.key, is_route=bool(body.route))
    raw = encode(to_message(body.message))
    command = Trace(namespace=body.namespace, address=address, format=CANONICAL, body=raw)
    found: Traced = ask.session.submit(command)
    arrivals = [
        ArrivalView(
            each.stream,
            _fields(each.format, each.body),
            each.is_changed,
            each.bad,
            each.why,
            each.readers,
            each.deliver_in_ms,
            each.expires_in_ms,
            [
                CopyView(
                    copy.subscription,
                    _fields(copy.format, copy.body),
                    copy.is_changed,
                    copy.bad,
                    copy.why,
                )
                for copy in each.copies
            ],
        )
        for each in found.arrivals
    ]
    return JourneyView(found.hops, arrivals)


def view(namespace: str, info: RuleInfo) -> RuleView:
    """See `RuleView`."""
    return RuleView(
        namespace,
        info.name,
        info.version,
        msgspec.to_builtins(info.settings),
        info.stored_ms,
        info.seen,
        info.changed,
        info.bad,
        info.fault,
        info.trouble,
    )


def _tried_view(partition: int, peeked: Peeked, tried: Tried) -> TriedView:
    return TriedView(
        partition,
        peeked.offset,
        _fields(peeked.format, peeked.body),
        _fields(tried.format, tried.body),
        tried.is_changed,
        tried.bad,
        tried.path,
        tried.reason,
        tried.target,
        tried.expires_in_ms,
        tried.deliver_in_ms,
    )


def _fields(format_: int, body: bytes) -> MessageFields | None:
    try:
        return to_fields(decode(format_, body, 0))
    except FormatError:
        return None


RULE: Final = "/admin/v1/rules/{namespace}/{name}"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/admin/v1/rules",
        list_rules,
        "List rules",
        name="listRules",
        answer=RuleViews,
        query=RulesQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/rules",
        create_rule,
        "Make a rule",
        name="createRule",
        answer=RuleView,
        body=NewRule,
        status=201,
    ),
    Endpoint("GET", RULE, show_rule, "Show a rule", name="showRule", answer=RuleView),
    Endpoint(
        "PUT",
        RULE,
        put_rule,
        "Make or change a rule",
        name="putRule",
        answer=RuleView,
        body=ChangedRule,
    ),
    Endpoint(
        "DELETE", RULE, delete_rule, "Delete a rule", name="deleteRule", query=DeleteRuleQuery
    ),
    Endpoint(
        "POST",
        "/admin/v1/rule-tests",
        try_rule,
        "Try a rule on the last messages of a stream; nothing changes",
        name="testRule",
        answer=TestView,
        body=Test,
    ),
    Endpoint(
        "POST",
        "/admin/v1/traces",
        trace,
        "Follow a message to where it would go; nothing is published",
        name="traceMessage",
        answer=JourneyView,
        body=Journey,
    ),
)
