"""What there is, for operators: names a page at a time, bindings, and how much waits where. Cold; nothing changes.

A page costs a look at each name of the namespace; only what is on it is described. A census looks at each leased
subscription once: some 5 ms for 10,000 of them.
"""

from collections.abc import Callable, Iterable, Mapping
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.describe import queue_info
from dragoman.kernel.leases.states import DEAD, DEFERRED, LEASED, PENDING, WAITING
from dragoman.kernel.replies import QueueInfo
from dragoman.kernel.settings import BindingSettings
from dragoman.model.errors import InvalidArgument

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.state import State

NAMES_MAX: Final = 1_000  # of one page
DEEPEST_MAX: Final = 10_000
_HIDDEN: Final = "\0"  # namespaces of our own begin so
_ASIDE: Final = (LEASED, WAITING, DEFERRED, PENDING, DEAD)

Kind = Literal["stream", "queue", "route", "pump"]


class ListNamespaces(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[str]`, by name: those with something in them, and the default one."""


class ListNames(msgspec.Struct, frozen=True, kw_only=True):
    """A page of names. Reply: `list[str]`, in order, those behind `after` that contain a text.

    Raises InvalidArgument (count_max).
    """

    namespace: str = DEFAULT_NAMESPACE
    kind: Kind
    contains: str = ""
    after: str = ""
    count_max: int = 100


class ListBindings(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[BindingInfo]` of one route, or of all in the namespace, by route and target.

    Raises RouteNotFound.
    """

    namespace: str = DEFAULT_NAMESPACE
    route: str = ""


class BindingInfo(msgspec.Struct, frozen=True):
    """What a route hands on, and to whom."""

    route: str
    target: str
    to_route: bool
    settings: BindingSettings


class TakeCensus(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `Census`, with the `deepest_max` leased subscriptions that have the most messages."""

    deepest_max: int = 100


class Census(msgspec.Struct, frozen=True):
    """How much there is. Counts of messages are over all leased subscriptions; bytes are of stored bodies."""

    streams: int
    subscriptions: int
    routes: int
    pumps: int
    consumers: int
    ready: int
    leased: int
    waiting: int
    deferred: int
    dead: int
    delayed: int
    stored_bytes: int
    resident_bytes: int
    deepest: tuple[QueueInfo, ...]


def list_namespaces(kernel: "Decisions", command: ListNamespaces, session: int) -> list[str]:
    """Reply: names."""
    state = kernel.state
    found = {DEFAULT_NAMESPACE, *state.usage.streams, *state.routing.namespaces()}
    return sorted(name for name in found if not name.startswith(_HIDDEN))


def list_names(kernel: "Decisions", command: ListNames, session: int) -> list[str]:
    """Reply: a page."""
    if not 0 < command.count_max <= NAMES_MAX:
        raise InvalidArgument(f"a page has 1 to {NAMES_MAX} names")
    names = (
        name
        for name in _names(kernel.state, command.kind, command.namespace)
        if name > command.after and command.contains in name
    )
    return nsmallest(command.count_max, names)


def _names(state: "State", kind: Kind, namespace: str) -> Iterable[str]:
    if kind == "route":
        return (route.name for route in state.routing.routes(namespace))
    if kind == "pump":
        return (name for home, name in state.pumps.by_name if home == namespace)
    if kind == "stream":
        return (name for home, name in state.streams_named if home == namespace)
    return (
        known.name
        for known in state.subscriptions.values()
        if known.is_queue and known.stream.namespace == namespace
    )


def list_bindings(kernel: "Decisions", command: ListBindings, session: int) -> list[BindingInfo]:
    """Reply: bindings."""
    state = kernel.state
    routing = state.routing
    namespace = command.namespace
    routes = [routing.get(namespace, command.route)] if command.route else routing.routes(namespace)
    found = []
    for route in routes:
        for bound in route.bound:
            target = _target(state, bound.to_route, bound.target)
            if target is not None:
                found.append(BindingInfo(route.name, target, bound.to_route, bound.binding))
    return sorted(found, key=lambda info: (info.route, info.target, info.settings.key))


def _target(state: "State", to_route: bool, number: int) -> str | None:
    if to_route:
        name: str | None = state.routing.name_of(number)
        return name
    stream = state.streams.get(number)
    return None if stream is None else stream.name


def take_census(kernel: "Decisions", command: TakeCensus, session: int) -> Census:
    """Reply: the census."""
    state = kernel.state
    known = [s for s in state.subscriptions.values() if not s.stream.namespace.startswith(_HIDDEN)]
    depths = [(_depth(subscription), -subscription.id) for subscription in known]
    deepest = nlargest(min(command.deepest_max, DEEPEST_MAX), depths)
    windows = [window for subscription in known for window in subscription.windows]
    return Census(
        streams=len(state.streams),
        subscriptions=len(known),
        routes=state.routing.count(),
        pumps=len(state.pumps.by_id),
        consumers=sum(subscription.consumers.count for subscription in known),
        ready=sum(window.ready for window in windows),
        leased=sum(window.counts[LEASED] for window in windows),
        waiting=sum(window.counts[WAITING] for window in windows),
        deferred=sum(window.counts[DEFERRED] for window in windows),
        dead=sum(window.counts[DEAD] for window in windows),
        delayed=sum(window.delayed for window in windows),
        stored_bytes=state.usage.stored_bytes,
        resident_bytes=state.resident,
        deepest=tuple(queue_info(state.subscriptions[-number]) for _, number in deepest),
    )


def _depth(subscription: "Subscription") -> int:
    """Messages that are not done."""
    depth = 0
    for window in subscription.windows:
        depth += window.ready + window.delayed  # those that came back are among the ready ones
        depth += sum(window.counts[state] for state in _ASIDE)
    return depth


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    ListNamespaces: list_namespaces,
    ListNames: list_names,
    ListBindings: list_bindings,
    TakeCensus: take_census,
}
