"""The catalog of routes: names, settings and durability around `kernel.routes`, which does the matching. Cold.

A route stores nothing. What it leads to is asked once per (route, key) and kept as a plan while that depends on the key
alone. Ids of routes and streams come from one counter, so that a target is simply an id.
"""

from collections.abc import Hashable, Iterator, Mapping

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.filters.nodes import Attribute, Field, Header
from dragoman.kernel.records import Bound, RouteAltered, RouteCreated, Unbound
from dragoman.kernel.routes.binding import Passage
from dragoman.kernel.routes.graph import Resolution, resolve
from dragoman.kernel.routes.route import Route as Matching
from dragoman.kernel.settings import BindingSettings, RouteSettings
from dragoman.model.errors import InvalidArgument, RouteNotFound
from dragoman.ports.translator import FieldSource

Streams = tuple[Stream, ...]


class Route:
    """A route as the catalog knows it."""

    __slots__ = ("bound", "id", "matching", "name", "namespace", "settings", "was_used")

    def __init__(self, record: RouteCreated) -> None:
        self.id = record.id
        self.namespace = record.namespace
        self.name = record.name
        self.settings: RouteSettings = record.settings
        self.matching = Matching(record.settings.kind, hash_on(record.settings.hash_on))
        self.bound: list[Bound] = []
        self.was_used = False  # something was bound to it once: auto-delete minds


def hash_on(text: str) -> Field | None:
    """`header:NAME` or `attribute:NAME` as a field. Raises InvalidArgument."""
    if not text:
        return None
    kind, _, name = text.partition(":")
    if not name or kind not in {"header", "attribute"}:
        raise InvalidArgument(f"hash on {text!r}: header:NAME or attribute:NAME")
    return Header(name) if kind == "header" else Attribute(name)


def _filter(binding: BindingSettings) -> CompiledFilter | None:
    return filter_in(binding.dialect, binding.filter)


class Routing:
    """All routes of a node."""

    def __init__(self) -> None:
        self._routes: dict[int, Route] = {}
        self._named: dict[tuple[str, str], Route] = {}
        self._graph: dict[Hashable, Matching] = {}
        self.version = 0  # another one after each change of what `snapshot` yields
        self.emptied: list[Route] = []  # auto-delete routes that lost their last binding just now

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
        mine = [route for route in self._routes.values() if route.namespace == namespace]
        return sorted(mine, key=lambda route: route.name)

    def namespaces(self) -> set[str]:
        """Those with routes."""
        return {route.namespace for route in self._routes.values()}

    def name_of(self, number: int) -> str | None:
        """The name of the route with this id."""
        route = self._routes.get(number)
        return None if route is None else route.name

    def matching(self, number: int) -> Matching:
        """The bindings of a route that is there."""
        return self._graph[number]

    def count(self) -> int:
        """How many there are."""
        return len(self._routes)

    # --- changes ---

    def create(self, record: RouteCreated) -> None:
        """The route is there, unbound."""
        self.version += 1
        route = Route(record)
        self._routes[route.id] = route
        self._named[route.namespace, route.name] = route
        self._graph[route.id] = route.matching
        self._point_alternates(route.namespace)

    def alter(self, record: RouteAltered) -> None:
        """Its settings are others; the kind is the same."""
        self.version += 1
        route = self._routes.get(record.id)
        if route is not None:
            route.settings = record.settings
            self._point_alternate(route)

    def _point_alternates(self, namespace: str) -> None:
        """Alternates are named; a route may come after those that name it."""
        for route in self._routes.values():
            if route.namespace == namespace and route.settings.alternate:
                self._point_alternate(route)

    def _point_alternate(self, route: Route) -> None:
        alternate = self._named.get((route.namespace, route.settings.alternate))
        route.matching.alternate = None if alternate is None else alternate.id

    def delete(self, number: int) -> None:
        """The route and its bindings both ways are gone."""
        self.version += 1
        route = self._routes.pop(number, None)
        if route is not None:
            del self._named[route.namespace, route.name]
            del self._graph[number]
            self._forget(number)
            self._point_alternates(route.namespace)

    def check(self, route: Route, binding: BindingSettings) -> None:
        """Raises InvalidArgument for a binding that this kind of route cannot have."""
        route.matching.check(binding.key, binding.arguments)
        _filter(binding)

    def bind(self, record: Bound) -> None:
        """The binding is there."""
        self.version += 1
        route = self._routes[record.route]
        binding = record.binding
        route.was_used = True
        if route.matching.bind(
            record.target,
            binding.key,
            binding.arguments,
            filter_=_filter(binding),
            headers_set=binding.headers_set,
            rules=binding.rules,
        ):
            route.bound.append(record)

    def unbind(self, record: Unbound) -> None:
        """The binding is gone."""
        route = self._routes.get(record.route)
        if route is None:
            return
        binding = record.binding
        route.matching.unbind(record.target, binding.key, binding.arguments)
        self._tidy(route)

    def _forget(self, target: int) -> None:
        for route in self._routes.values():
            if route.matching.forget(target):
                self._tidy(route)

    def _tidy(self, route: Route) -> None:
        """Keep the records of the bindings that are still there."""
        self.version += 1
        route.bound = [
            known
            for known in route.bound
            if route.matching.find(known.target, known.binding.key, known.binding.arguments)
            is not None
        ]
        if self.is_left(route):
            self.emptied.append(route)

    def forget_stream(self, stream: Stream) -> None:
        """The stream is gone: so are the bindings to it."""
        self._forget(stream.id)

    def forget_subscription(self, subscription: Subscription) -> None:
        """A queue's bindings go with it, though its stream may stay for other readers. A queue that does not last is
        not in the journal, and neither is its end: there they stay with the stream.
        """
        if subscription.is_queue and subscription.settings.durable and not subscription.owner:
            self._forget(subscription.stream.id)

    # --- questions ---

    def is_durable(self, number: int) -> bool:
        """Whether the route survives a restart."""
        route = self._routes.get(number)
        return route is None or route.settings.durable

    def is_used(self, route: Route) -> bool:
        """Whether anything is bound to it."""
        return len(route.matching) > 0

    def is_bound(self, route: Route, target: int, to_route: bool, binding: BindingSettings) -> bool:
        """Whether that very binding exists."""
        return route.matching.find(target, binding.key, binding.arguments) is not None

    def is_left(self, route: Route) -> bool:
        """Whether an auto-delete route had a binding and has none."""
        return (
            route.settings.auto_delete
            and route.was_used
            and not len(route.matching)
            and route.id in self._routes
        )

    def snapshot(self, streams: Mapping[int, Stream]) -> Iterator[RouteCreated | Bound]:
        """Records that make the durable routes and their bindings to what is durable again."""
        lasting = [route for route in self._routes.values() if route.settings.durable]
        for route in lasting:
            yield RouteCreated(route.id, route.namespace, route.name, route.settings)
        for route in lasting:
            for bound in route.bound:
                if bound.to_route:
                    lasts = self.is_durable(bound.target)
                else:
                    lasts = bound.target in streams and streams[bound.target].durable
                if lasts:
                    yield bound

    # --- where messages go ---

    def plan(
        self, streams: Mapping[int, Stream], namespace: str, name: str, key: str
    ) -> Streams | None:
        """Where every message with this key goes; None when that depends on the message. Raises RouteNotFound."""
        found = resolve(self._graph, self.get(namespace, name).id, key)
        if found.unresolved or not found.by_key or found.passages:
            return None
        return _streams_of(streams, found)

    def targets(
        self,
        streams: Mapping[int, Stream],
        namespace: str,
        name: str,
        key: str,
        fields: FieldSource,
        salt: int,
        further_keys: tuple[str, ...] = (),
    ) -> tuple[Streams, Mapping[int, Passage]]:
        """Where one message goes, and by stream id what bindings do to it. Raises RouteNotFound."""
        found = resolve(self._graph, self.get(namespace, name).id, key, fields, salt, further_keys)
        return _streams_of(streams, found), found.passages  # type: ignore[return-value]


def _streams_of(streams: Mapping[int, Stream], found: Resolution) -> Streams:
    return tuple(streams[target] for target in found.targets if target in streams)  # type: ignore[index]
