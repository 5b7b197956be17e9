"""Routes and bindings: making, altering and deleting them. Cold.

Every `decide_` function reads and refuses; every `apply_` function only does what its record says, and clears the
plans.
"""

from msgspec.structs import replace

from dragoman.kernel.commands import AlterRoute, Bind, DeclareRoute, DeleteRoute, Unbind
from dragoman.kernel.describe import route_info
from dragoman.kernel.records import (
    Bound,
    Record,
    RouteAltered,
    RouteCreated,
    RouteDeleted,
    Unbound,
)
from dragoman.kernel.replies import RouteInfo
from dragoman.kernel.routing import hash_on
from dragoman.kernel.rules.book import check_named
from dragoman.kernel.state import State
from dragoman.kernel.topology import check_name, check_owner
from dragoman.model.errors import InUse, InvalidArgument, StreamNotFound


def decide_declare_route(
    state: State, command: DeclareRoute
) -> tuple[list[Record], RouteInfo | None]:
    """Raises RouteNotFound (passive), InvalidArgument."""
    existing = state.routing.find(command.namespace, command.name)
    if existing is not None:
        return [], route_info(existing)
    if command.passive:
        state.routing.get(command.namespace, command.name)  # raises
    check_name(command.name)
    hash_on(command.settings.hash_on)  # raises
    return [RouteCreated(state.id_next, command.namespace, command.name, command.settings)], None


def apply_route_created(state: State, record: RouteCreated) -> None:
    """The route is there, unbound."""
    state.id_next = max(state.id_next, record.id + 1)
    state.routing.create(record)
    state.plans.clear()


def decide_alter_route(state: State, command: AlterRoute) -> list[Record]:
    """Raises RouteNotFound, InvalidArgument."""
    route = state.routing.get(command.namespace, command.name)
    now, settings = route.settings, command.settings
    if replace(settings, alternate=now.alternate, notes=now.notes) != now:
        raise InvalidArgument(f"{command.name}: only the alternate and notes of a route change")
    return [] if settings == now else [RouteAltered(route.id, settings)]


def apply_route_altered(state: State, record: RouteAltered) -> None:
    """What nobody takes goes elsewhere."""
    state.routing.alter(record)
    state.plans.clear()


def decide_delete_route(state: State, command: DeleteRoute) -> list[Record]:
    """Raises RouteNotFound, InUse."""
    route = state.routing.get(command.namespace, command.name)
    if command.if_unused and state.routing.is_used(route):
        raise InUse(command.name)
    return [RouteDeleted(route.id)]


def apply_route_deleted(state: State, record: RouteDeleted) -> None:
    """The route and its bindings both ways are gone."""
    state.routing.delete(record.id)
    state.plans.clear()


def decide_bind(state: State, command: Bind | Unbind, session: int) -> list[Record]:
    """Raises RouteNotFound, StreamNotFound, ResourceLocked (if there is something to undo), InvalidArgument."""
    route = state.routing.get(command.namespace, command.route)
    stream = None
    if command.to_route:
        target = state.routing.get(command.namespace, command.target).id
    else:
        stream = state.streams_named.get((command.namespace, command.target))
        if stream is None:
            raise StreamNotFound(command.target)
        target = stream.id
    known = state.routing.is_bound(route, target, command.to_route, command.binding)
    if stream is not None and (known or isinstance(command, Bind)):
        for subscription in stream.subscriptions:
            if subscription.is_queue:
                check_owner(subscription, session)
    if isinstance(command, Bind):
        state.routing.check(route, command.binding)
        check_named(state, command.namespace, command.binding.rules)
        return [] if known else [Bound(route.id, target, command.to_route, command.binding)]
    return [Unbound(route.id, target, command.to_route, command.binding)] if known else []


def apply_bound(state: State, record: Bound) -> None:
    """The route hands on to the target."""
    state.routing.bind(record)
    state.plans.clear()


def apply_unbound(state: State, record: Unbound) -> None:
    """It no longer does."""
    state.routing.unbind(record)
    state.plans.clear()
