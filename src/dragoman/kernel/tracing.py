"""Where a message would go, and why: every binding on its way is told, also those that do not take it. Cold.

Nothing is published, and rules count nothing. A route that chooses by chance chooses anew each time.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.filters.shown import as_cel
from dragoman.kernel.routes.binding import PLAIN, Binding, Passage
from dragoman.kernel.routes.route import Route as Matching
from dragoman.kernel.rules.rule import Parcel, Rule, run
from dragoman.kernel.settings import Address
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Stream
    from dragoman.kernel.rules.book import Rules
    from dragoman.kernel.state import State

HOPS_MAX: Final = 10_000  # bindings told of
ALTERNATE: Final = "alternate"
PASSED: Final = ("", "pass")


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Follow a message. Reply: `Traced`. Raises StreamNotFound, RouteNotFound, RuleNotFound, InvalidArgument."""

    namespace: str = DEFAULT_NAMESPACE
    address: Address
    format: int
    body: bytes


class Hop(msgspec.Struct, frozen=True):
    """A binding: whether the message goes by it, and why, or why not."""

    route: str
    target: str
    to_route: bool
    key: str
    taken: bool
    why: str


class Taken(msgspec.Struct, frozen=True):
    """What a subscription with rules makes of a message. `bad`: what a rule that finds it bad would do, and `why`."""

    subscription: str
    format: int
    body: bytes
    is_changed: bool
    bad: str
    why: str


class Arrival(msgspec.Struct, frozen=True):
    """A stream that the message comes to. `bad`: what becomes of it there, if a rule finds it bad, and `why`.

    format, body   the message, as rules have made it
    readers        subscriptions of the stream that take it
    copies         for those of them that have rules
    """

    stream: str
    format: int
    body: bytes
    is_changed: bool
    bad: str
    why: str
    readers: list[str]
    deliver_in_ms: int = -1
    expires_in_ms: int = -1
    copies: list[Taken] = []


class Traced(msgspec.Struct, frozen=True):
    """The way, and its ends."""

    hops: list[Hop]
    arrivals: list[Arrival]


def trace(kernel: "Decisions", command: Trace, session: int) -> Traced:
    """Reply: the way."""
    state, address = kernel.state, command.address
    if not address.is_route:
        stream = state.stream(command.namespace, address.name)
        return Traced([], [_arrival(state, command, stream, PLAIN)])
    walk = _Walk(state, command)
    walk.follow(state.routing.get(command.namespace, address.name).id)
    arrivals = [
        _arrival(state, command, state.streams[target], passage)
        for target, passage in walk.found.items()
        if target in state.streams
    ]
    return Traced(walk.hops, arrivals)


class _Walk:
    """See `routes.graph.resolve`, which does the same and tells nothing."""

    def __init__(self, state: "State", command: Trace) -> None:
        self._state = state
        self._command = command
        self._fields = state.translator.fields(command.format, command.body, 0)
        self.hops: list[Hop] = []
        self.found: dict[int, Passage] = {}

    def follow(self, start: int) -> None:
        """From a route on."""
        key = self._command.address.key
        queue: list[tuple[int, Passage]] = [(start, PLAIN)]
        seen = {start}
        for number, passage in queue:
            route = self._state.routing.matching(number)
            chosen = set(route.matcher.match(key, self._fields, self._state.random_below(1 << 62)))
            taken = [
                (_number(binding), passage.then(binding))
                for binding in route
                if self._tell(number, binding, by_kind=binding in chosen, kind=route.kind)
            ]
            if not taken and route.alternate is not None:
                taken = [(self._alternate(number, route), passage)]
            for target, way in taken:
                if self._state.routing.name_of(target) is None:
                    self.found.setdefault(target, way)
                elif target not in seen:
                    seen.add(target)
                    queue.append((target, way))

    def _tell(self, number: int, binding: Binding, *, by_kind: bool, kind: str) -> bool:
        passes = by_kind and (binding.filter is None or binding.filter.matches(self._fields))
        if not by_kind:
            why = f"{kind}: the binding does not match"
        elif binding.filter is None:
            why = f"{kind}: the binding matches"
        else:
            said = as_cel(binding.filter.predicate, binding.filter.semantics)
            why = f"it is {'' if passes else 'not '}so that {said}"
        self._add(number, _number(binding), binding.key, passes, why)
        return passes

    def _alternate(self, number: int, route: Matching) -> int:
        assert isinstance(route.alternate, int)
        self._add(number, route.alternate, "", True, f"{ALTERNATE}: no binding takes it")
        return route.alternate

    def _add(self, number: int, target: int, key: str, taken: bool, why: str) -> None:
        if len(self.hops) >= HOPS_MAX:
            raise InvalidArgument(f"more than {HOPS_MAX} bindings lie on the way")
        routing, streams = self._state.routing, self._state.streams
        name = routing.name_of(target)
        to_route = name is not None
        if name is None:
            name = streams[target].name if target in streams else "?"
        self.hops.append(Hop(routing.name_of(number) or "", name, to_route, key, taken, why))


def _number(binding: Binding) -> int:
    assert isinstance(binding.target, int)
    return binding.target


def _arrival(state: "State", command: Trace, stream: "Stream", passage: Passage) -> Arrival:
    source = state.translator.fields(command.format, command.body, 0)
    parcel = Parcel(command.format, command.body, source)
    if passage.headers_set:
        parcel.change_headers(state, passage.headers_set)
    bad, why = _run(state, state.rules.named(stream.namespace, passage.rules), parcel)
    if parcel.target:
        stream = state.stream(stream.namespace, parcel.target)
    if not why:
        bad, why = _run(state, state.rules.on.get((stream.namespace, stream.name), ()), parcel)
    passes = bad in PASSED
    return Arrival(
        stream.name,
        parcel.format,
        parcel.body,
        parcel.is_changed,
        bad,
        why,
        _readers(stream, parcel.source) if passes else [],
        parcel.deliver_in_ms,
        parcel.expires_in_ms,
        _copies(state, stream, parcel) if passes else [],
    )


def _copies(state: "State", stream: "Stream", parcel: Parcel) -> list[Taken]:
    found: list[Taken] = []
    for subscription in stream.ruled:
        if subscription.filter is None or subscription.filter.matches(parcel.source):
            own = Parcel(parcel.format, parcel.body, parcel.source)
            rules = state.rules.named(stream.namespace, subscription.settings.rules)
            bad, why = _run(state, rules, own)
            found.append(Taken(subscription.name, own.format, own.body, own.is_changed, bad, why))
    return found


def _run(state: "State", rules: "Rules", parcel: Parcel) -> tuple[str, str]:
    """The last thing that one of them finds, and why."""
    bad, why = "", ""
    for rule in rules:
        bad, why = _tried(state, rule, parcel)
        if bad not in PASSED:
            break
    return bad, why


def _tried(state: "State", rule: Rule, parcel: Parcel) -> tuple[str, str]:
    """What becomes of it, and why; nothing is counted."""
    copy = Rule(rule.namespace, rule.name, rule.version, rule.settings, state.rules.plugins)
    fault = run(state, (copy,), parcel)
    return (copy.settings.bad, copy.counts.fault) if fault or copy.counts.bad else ("", "")


def _readers(stream: "Stream", source: FieldSource) -> list[str]:
    return [
        known.name
        for known in stream.subscriptions
        if known.filter is None or known.filter.matches(source)
    ]


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {Trace: trace}
