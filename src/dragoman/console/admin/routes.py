"""Operations on routes and bindings."""

from typing import Any, Final

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, PageQuery, Query
from dragoman.console.admin.options import changed
from dragoman.console.admin.streams import names_of
from dragoman.console.admin.views import (
    Bindings,
    BindingView,
    RouteOptions,
    RoutePage,
    RouteView,
    binding_id,
    binding_view,
    route_view,
)
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    Bind,
    BindingInfo,
    BindingSettings,
    DeclareRoute,
    DeleteRoute,
    FilterDialect,
    ListBindings,
    ListRoutes,
    RouteInfo,
    RouteSettings,
    Unbind,
)
from dragoman.model.errors import AlreadyExists, NotFound


class NewRoute(msgspec.Struct, forbid_unknown_fields=True):
    """A route to be made; options not given have their defaults."""

    name: str
    namespace: str = DEFAULT_NAMESPACE
    settings: RouteOptions = msgspec.field(default_factory=dict)


class DeleteQuery(Query):
    """Only if nothing is bound to it."""

    if_unused: bool = False


class BindingsQuery(Query):
    """Of one route, or of all."""

    namespace: str = DEFAULT_NAMESPACE
    route: str = ""


class NewBinding(msgspec.Struct, forbid_unknown_fields=True):
    """A binding to be made; one that is there already is left as it is."""

    route: str
    target: str
    namespace: str = DEFAULT_NAMESPACE
    to_route: bool = False
    key: str = ""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    filter: dict[str, Any] = msgspec.field(default_factory=dict)
    headers_set: list[tuple[str, str]] = msgspec.field(default_factory=list)
    dialect: FilterDialect = "headers"
    rules: list[str] = msgspec.field(default_factory=list)


def list_routes(ask: Ask) -> RoutePage:
    """A page."""
    names, after = names_of(ask, "route")
    wanted = set(names)
    found = ask.session.submit(ListRoutes(namespace=ask.query.namespace))
    return RoutePage([route_view(info) for info in found if info.name in wanted], after)


def create_route(ask: Ask) -> RouteView:
    """Raises AlreadyExists, InvalidArgument."""
    body: NewRoute = ask.body
    settings = changed(RouteSettings(), body.settings)
    command = DeclareRoute(namespace=body.namespace, name=body.name, settings=settings)
    info: RouteInfo = ask.session.submit(command)
    if not info.created:
        raise AlreadyExists(body.name)
    return route_view(info)


def show_route(ask: Ask) -> RouteView:
    """Raises RouteNotFound."""
    namespace, name = ask.path["namespace"], ask.path["name"]
    command = DeclareRoute(namespace=namespace, name=name, passive=True)
    return route_view(ask.session.submit(command))


def delete_route(ask: Ask) -> None:
    """Raises RouteNotFound, InUse."""
    ask.session.submit(DeleteRoute(**ask.place(), if_unused=ask.query.if_unused))


def list_bindings(ask: Ask) -> Bindings:
    """Raises RouteNotFound."""
    query: BindingsQuery = ask.query
    found = ask.session.submit(ListBindings(namespace=query.namespace, route=query.route))
    return Bindings([binding_view(query.namespace, info) for info in found])


def create_binding(ask: Ask) -> BindingView:
    """Raises RouteNotFound, StreamNotFound, InvalidArgument, ResourceLocked."""
    body: NewBinding = ask.body
    settings = BindingSettings(
        key=body.key,
        arguments=body.arguments,
        filter=body.filter,
        headers_set=tuple(body.headers_set),
        dialect=body.dialect,
        rules=tuple(body.rules),
    )
    info = BindingInfo(body.route, body.target, body.to_route, settings)
    ask.session.submit(_command(Bind, body.namespace, info))
    return binding_view(body.namespace, info)


def delete_binding(ask: Ask) -> None:
    """Raises NotFound."""
    namespace, wanted = ask.path["namespace"], ask.path["id"]
    for info in ask.session.submit(ListBindings(namespace=namespace)):
        if binding_id(info) == wanted:
            ask.session.submit(_command(Unbind, namespace, info))
            return
    raise NotFound(f"no binding {wanted}")


def _command(kind: type[Bind | Unbind], namespace: str, info: BindingInfo) -> Bind | Unbind:
    return kind(
        namespace=namespace,
        route=info.route,
        target=info.target,
        to_route=info.to_route,
        binding=info.settings,
    )


ROUTE: Final = "/admin/v1/routes/{namespace}/{name}"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/admin/v1/routes",
        list_routes,
        "List routes",
        name="listRoutes",
        answer=RoutePage,
        query=PageQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/routes",
        create_route,
        "Make a route",
        name="createRoute",
        answer=RouteView,
        body=NewRoute,
        status=201,
    ),
    Endpoint("GET", ROUTE, show_route, "Show a route", name="showRoute", answer=RouteView),
    Endpoint(
        "DELETE",
        ROUTE,
        delete_route,
        "Delete a route and its bindings",
        name="deleteRoute",
        query=DeleteQuery,
    ),
    Endpoint(
        "GET",
        "/admin/v1/bindings",
        list_bindings,
        "List bindings",
        name="listBindings",
        answer=Bindings,
        query=BindingsQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/bindings",
        create_binding,
        "Make a binding",
        name="createBinding",
        answer=BindingView,
        body=NewBinding,
        status=201,
    ),
    Endpoint(
        "DELETE",
        "/admin/v1/bindings/{namespace}/{id}",
        delete_binding,
        "Delete a binding",
        name="deleteBinding",
    ),
)
