"""What can be asked about rules. Cold."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE, DeclareQueue
from dragoman.kernel.documents import PutDocument, decide_put
from dragoman.kernel.records import DocumentDeleted
from dragoman.kernel.rules.book import RULE_KIND, check_stays, encode
from dragoman.kernel.rules.rule import Parcel, Rule, run
from dragoman.kernel.rules.schema import check_schema
from dragoman.kernel.rules.settings import DEAD, RuleSettings
from dragoman.kernel.topology import decide_declare_queue
from dragoman.model.errors import (
    InUse,
    InvalidArgument,
    VersionDiffers,
)
from dragoman.model.limits import RULE_STREAMS_MAX, RULES_PER_NAMESPACE_MAX
from dragoman.model.names import is_catalogue_name

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.state import State

ANY_VERSION: Final = -1
NO_VERSION: Final = 0
UUID_BYTES: Final = 16


class _OfRule(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE
    name: str


class PutRule(_OfRule, frozen=True, kw_only=True):
    """Make a rule, or change it: from now on it is so. Reply: `RuleInfo`.

    expected   the version it must have now: ANY_VERSION, or NO_VERSION when it must not be there
    What dead-letters gets a queue for that, if there is none. Raises VersionDiffers, InvalidArgument, SchemaNotFound,
    NotSupported, QuotaExceeded.
    """

    settings: RuleSettings
    expected: int = ANY_VERSION


class GetRule(_OfRule, frozen=True, kw_only=True):
    """Reply: `RuleInfo`. Raises RuleNotFound."""


class DeleteRule(_OfRule, frozen=True, kw_only=True):
    """Reply: `RuleInfo` as it was. Raises RuleNotFound, VersionDiffers, InUse (somebody names it)."""

    expected: int = ANY_VERSION


class ListRules(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[RuleInfo]`, by name; those that judge `stream`, if it is not empty."""

    namespace: str = DEFAULT_NAMESPACE
    stream: str = ""


class TryRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule, there or not, would make of a message. Nothing changes, not even counts. Reply: `Tried`.

    Raises RuleNotFound, InvalidArgument, SchemaNotFound, NotSupported.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str = ""
    settings: RuleSettings | None = None
    format: int
    body: bytes


class RuleInfo(msgspec.Struct, frozen=True):
    """A rule as it is now. `seen`, `changed` and `bad` count messages since the process began; `fault` is the last one
    found; `trouble` says why it cannot run.
    """

    name: str
    version: int
    settings: RuleSettings
    stored_ms: int
    seen: int = 0
    changed: int = 0
    bad: int = 0
    fault: str = ""
    trouble: str = ""


class Tried(msgspec.Struct, frozen=True):
    """What came of it. `bad`: what would become of a bad message, empty for a good one; `path` and `reason` why."""

    format: int
    body: bytes
    is_changed: bool = False
    bad: str = ""
    path: str = ""
    reason: str = ""
    target: str = ""
    expires_in_ms: int = -1
    deliver_in_ms: int = -1


# --- commands ---


def put(kernel: "Decisions", command: PutRule, session: int) -> RuleInfo:
    """Reply: the rule."""
    state, settings = kernel.state, command.settings
    known = state.rules.by_key.get((command.namespace, command.name))
    version = NO_VERSION if known is None else known.version
    _check_version(version, command.expected)
    if known is None and len(state.rules.of(command.namespace)) >= RULES_PER_NAMESPACE_MAX:
        raise InvalidArgument(f"a namespace has at most {RULES_PER_NAMESPACE_MAX} rules")
    check_settings(state, command.namespace, command.name, settings)
    if taker_of(state, command.namespace, command.name) is not None:
        check_stays(settings)
    document = PutDocument(
        namespace=command.namespace,
        kind=RULE_KIND,
        name=command.name,
        body=encode(version + 1, settings),
    )
    decide_put(state, document, kernel.now_ms)  # refuses before anything is made
    _declare_dead(kernel, command)
    kernel.commit([decide_put(state, document, kernel.now_ms)])
    return info_of(state, state.rules.find(command.namespace, command.name))


def check_settings(state: "State", namespace: str, name: str, settings: RuleSettings) -> None:
    """Whether it can be run. Raises InvalidArgument, SchemaNotFound, NotSupported."""
    if len(settings.on) > RULE_STREAMS_MAX:
        raise InvalidArgument(f"a rule judges at most {RULE_STREAMS_MAX} streams")
    if len(set(settings.on)) < len(settings.on) or not all(map(is_catalogue_name, settings.on)):
        raise InvalidArgument("on: names of streams, each once")
    Rule(namespace, name, 0, settings, state.rules.plugins)
    if settings.schema:
        check_schema(state, namespace, settings)
    elif settings.schema_version or settings.schema_first or settings.by == "header":
        raise InvalidArgument("schema: which subject is meant?")
    if settings.on:
        check_stays(settings)
    if settings.bad == "dead-letter" and not settings.on and not settings.dead_letter:
        raise InvalidArgument("dead_letter: a rule of bindings and pumps says where to")
    said = (settings.schema, settings.check, settings.decode, settings.plugin, settings.headers)
    if not any(said) and not settings.set:
        raise InvalidArgument("the rule says nothing: give it a schema, a check or a change")


def _check_version(version: int, expected: int) -> None:
    if expected not in {ANY_VERSION, version}:
        raise VersionDiffers(f"version {expected} expected, it is {version}", version)


def _declare_dead(kernel: "Decisions", command: PutRule) -> None:
    """Queues for what is dead-lettered, where there are none."""
    settings = command.settings
    if settings.bad != "dead-letter":
        return
    names = (settings.dead_letter,) if settings.dead_letter else [on + DEAD for on in settings.on]
    for name in names:
        if (command.namespace, name) not in kernel.state.streams_named:
            wanted = DeclareQueue(namespace=command.namespace, name=name)
            uuid = kernel.token(UUID_BYTES)
            kernel.commit(decide_declare_queue(kernel.state, wanted, 0, uuid)[0])


def get(kernel: "Decisions", command: GetRule, session: int) -> RuleInfo:
    """Reply: the rule."""
    return info_of(kernel.state, kernel.state.rules.find(command.namespace, command.name))


def list_(kernel: "Decisions", command: ListRules, session: int) -> list[RuleInfo]:
    """Reply: all of them."""
    found = kernel.state.rules.of(command.namespace)
    if command.stream:
        found = [rule for rule in found if command.stream in rule.settings.on]
    return [info_of(kernel.state, rule) for rule in found]


def delete(kernel: "Decisions", command: DeleteRule, session: int) -> RuleInfo:
    """Reply: the rule as it was."""
    state = kernel.state
    rule = state.rules.find(command.namespace, command.name)
    _check_version(rule.version, command.expected)
    user = _user_of(state, command)
    if user:
        raise InUse(f"{command.name} is a rule of {user}")
    info = info_of(state, rule)
    kernel.commit([DocumentDeleted(command.namespace, RULE_KIND, command.name)])
    return info


def _user_of(state: "State", command: DeleteRule) -> str:
    """A subscription, a binding or a pump that names the rule."""
    taker = taker_of(state, command.namespace, command.name)
    if taker is not None:
        return f"{taker.stream.name}, subscription {taker.name}"
    for pump in state.pumps.by_id.values():
        if pump.namespace == command.namespace and command.name in pump.settings.rules:
            return f"the pump {pump.name}"
    for route in state.routing.routes(command.namespace):
        if any(command.name in bound.binding.rules for bound in route.bound):
            return f"a binding of {route.name}"
    return ""


def taker_of(state: "State", namespace: str, name: str) -> "Subscription | None":
    """A subscription that has the rule."""
    for known in state.subscriptions.values():
        if name in known.settings.rules and known.stream.namespace == namespace:
            return known
    return None


def info_of(state: "State", rule: Rule) -> RuleInfo:
    """The rule as it is now."""
    document = state.documents.by_key[rule.namespace, RULE_KIND, rule.name]
    counts = rule.counts
    return RuleInfo(
        rule.name,
        rule.version,
        rule.settings,
        document.stored_ms,
        counts.seen,
        counts.changed,
        counts.bad,
        counts.fault,
        rule.trouble,
    )


def try_(kernel: "Decisions", command: TryRule, session: int) -> Tried:
    """Reply: what came of it."""
    state, settings = kernel.state, command.settings
    if settings is None:
        settings = state.rules.find(command.namespace, command.name).settings
    else:
        check_settings(state, command.namespace, command.name or "rule", settings)
    rule = Rule(command.namespace, command.name or "rule", 0, settings, state.rules.plugins)
    source = state.translator.fields(command.format, command.body, 0)
    parcel = Parcel(command.format, command.body, source)
    fault = run(state, (rule,), parcel)
    if fault is None and rule.counts.bad:  # it passed, marked
        return _tried(parcel, settings.bad, "", rule.counts.fault)
    if fault is None:
        return _tried(parcel, "", "", "")
    return _tried(parcel, fault.bad, fault.path, fault.reason)


def _tried(parcel: Parcel, bad: str, path: str, reason: str) -> Tried:
    return Tried(
        parcel.format,
        parcel.body,
        parcel.is_changed,
        bad,
        path,
        reason,
        parcel.target,
        parcel.expires_in_ms,
        parcel.deliver_in_ms,
    )


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    PutRule: put,
    GetRule: get,
    DeleteRule: delete,
    ListRules: list_,
    TryRule: try_,
}
