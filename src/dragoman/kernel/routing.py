"""Routes, their bindings, and where they lead: the catalog's view of `kernel.routes`. Cold; results are cached as plans.

A route stores nothing. A binding leads from a route to a stream or to another route and is one with another of the same
target, key and arguments.
"""

from collections.abc import Iterator
from typing import Any

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.records import Bound, RouteCreated, Unbound
from dragoman.kernel.settings import BindingSettings, RouteSettings
from dragoman.model.errors import NotSupported, RouteNotFound

Target = tuple[int, bool]  # (id, is a route)


class Route:
    """A route and what is bound to it."""

    __slots__ = ("bindings", "id", "name", "namespace", "settings")

    def __init__(self, record: RouteCreated) -> None:
        self.id = record.id
        self.namespace = record.namespace
        self.name = record.name
        self.settings: RouteSettings = record.settings
        self.bindings: dict[tuple[Target, BindingSettings], None] = {}


class Routing:
    """All routes of a node."""

    def __init__(self) -> None:
        self._routes: dict[int, Route] = {}
        self._named: dict[tuple[str, str], Route] = {}
        self._streams: dict[int, Stream] = {}

    def find(self, namespace: str, name: str) -> Route | None:
        """The route of that name, if there is one."""
        return self._named.get((namespace, name))

    def get(self, namespace: str, name: str) -> Route:
        """Raises RouteNotFound."""
        route = self._named.get((namespace, name))
        if route is None:
            raise RouteNotFound(name)
        return route

    def routes(self, namespace: str) -> list[Route]:
        """The namespace's routes, by name."""
        return sorted(
            (r for r in self._routes.values() if r.namespace == namespace), key=lambda r: r.name
        )

    def create(self, record: RouteCreated) -> None:
        """The route is there, unbound."""
        route = Route(record)
        self._routes[route.id] = route
        self._named[route.namespace, route.name] = route

    def delete(self, number: int) -> None:
        """The route and its bindings both ways are gone."""
        route = self._routes.pop(number, None)
        if route is not None:
            del self._named[route.namespace, route.name]
            self._forget((number, True))

    def is_durable(self, number: int) -> bool:
        """Whether the route survives a restart."""
        route = self._routes.get(number)
        return route is None or route.settings.durable

    def is_used(self, route: Route) -> bool:
        """Whether anything is bound to it."""
        return bool(route.bindings)

    def is_bound(self, route: Route, target: int, to_route: bool, binding: BindingSettings) -> bool:
        """Whether that very binding exists."""
        return ((target, to_route), binding) in route.bindings

    def check(self, route: Route, binding: BindingSettings) -> None:
        """Raises NotSupported for what this kind of route cannot do."""
        if route.settings.kind not in {"direct", "fanout"}:
            raise NotSupported(route.settings.kind)

    def bind(self, record: Bound) -> None:
        """The binding is there."""
        self._routes[record.route].bindings[(record.target, record.to_route), record.binding] = None

    def unbind(self, record: Unbound) -> None:
        """The binding is gone."""
        self._routes[record.route].bindings.pop(
            ((record.target, record.to_route), record.binding), None
        )

    def _forget(self, target: Target) -> None:
        for route in self._routes.values():
            for known in [key for key in route.bindings if key[0] == target]:
                del route.bindings[known]

    def forget_stream(self, stream: Stream) -> None:
        """The stream is gone: so are the bindings to it."""
        self._forget((stream.id, False))

    def forget_subscription(self, subscription: Subscription) -> None:
        """A queue's bindings go with it, though its stream may stay for other readers."""
        if subscription.is_queue:
            self._forget((subscription.stream.id, False))

    def snapshot(self) -> Iterator[RouteCreated | Bound]:
        """Records that make the durable routes and bindings again."""
        for route in self._routes.values():
            if route.settings.durable:
                yield RouteCreated(route.id, route.namespace, route.name, route.settings)
        for route in self._routes.values():
            if route.settings.durable:
                for (target, to_route), binding in route.bindings:
                    yield Bound(route.id, target, to_route, binding)

    def plan(
        self, streams: dict[int, Stream], namespace: str, name: str, key: str
    ) -> tuple[Stream, ...] | None:
        """Where every message with this key goes; None when that depends on the message. Raises RouteNotFound."""
        found: dict[int, Stream] = {}
        for (target, _), binding in self.get(namespace, name).bindings:
            if binding.key == key and target in streams:
                found[target] = streams[target]
        return tuple(found.values())

    def targets(
        self, streams: dict[int, Stream], namespace: str, name: str, key: str, fields: Any
    ) -> tuple[Stream, ...]:
        """Where one message goes. Raises RouteNotFound."""
        return self.plan(streams, namespace, name, key) or ()
