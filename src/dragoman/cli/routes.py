"""`dragoman route ...`: routes, which clients of RabbitMQ know as exchanges, and their bindings."""

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli import show
from dragoman.cli.api import USUAL, Api, Where, path_of
from dragoman.cli.errors import NOT_FOUND, CommandError
from dragoman.cli.queues import Settings, publish_to
from dragoman.cli.settings import settings_of, value_of
from dragoman.cli.things import named, place
from dragoman.kernel.settings import RouteSettings


def list_(contains: str = "", *, where: Where = USUAL) -> int:
    """List routes.

    Args:
        contains: Only those whose names contain this.
    """
    api = Api(where)
    found = api.pages("/routes", namespace=where.namespace, contains=contains)
    if where.json:
        show.lines(found)
        return 0
    rows = [(item["name"], item["settings"]["kind"], item["settings"]["durable"]) for item in found]
    show.table(("route", "kind", "durable"), rows)
    return 0


def show_(name: str, *, where: Where = USUAL) -> int:
    """Show a route with all its settings and bindings.

    Args:
        name: Which.
    """
    api = Api(where)
    found = named(api, "routes", name, lambda: api.get(place(api, "routes", name)))
    bound = api.get("/bindings", namespace=where.namespace, route=name)["items"]
    if where.json:
        show.lines([{**found, "bindings": bound}])
        return 0
    show.document(found, as_json=False)
    rows = [(item["key"], item["target"], show.plain(item["arguments"])) for item in bound]
    show.table(("key", "target", "arguments"), rows)
    return 0


def create(name: str, *, set: Settings = None, where: Where = USUAL) -> int:
    """Make a route.

    Args:
        name: Its name.
        set: A setting of it; see docs/config.md.
    """
    api = Api(where)
    settings = settings_of(set or (), RouteSettings)
    body = {"name": name, "namespace": where.namespace, "settings": settings}
    show.document(api.post("/routes", body), as_json=where.json)
    return 0


def delete(name: str, *, if_unused: bool = False, where: Where = USUAL) -> int:
    """Delete a route and its bindings.

    Args:
        name: Which.
        if_unused: Only if nothing is bound to it.
    """
    api = Api(where)
    path = place(api, "routes", name)
    named(api, "routes", name, lambda: api.delete(path, if_unused=if_unused))
    return 0


def bind(
    name: str,
    target: str,
    key: str = "",
    *,
    to_route: bool = False,
    argument: Settings = None,
    header: Settings = None,
    filter: str = "",
    rule: list[str] | None = None,
    where: Where = USUAL,
) -> int:
    """Make a route hand on to a stream, a queue or another route.

    Args:
        name: Which route.
        target: To whom.
        key: The key it goes by.
        to_route: The target is a route.
        argument: What the route's kind matches on or weighs by.
        header: A header to set on what is handed on.
        filter: CEL: what is handed on.
        rule: A rule for what is handed on.
    """
    api = Api(where)
    body = {
        "namespace": where.namespace,
        "route": name,
        "target": target,
        "to_route": to_route,
        "key": key,
        "arguments": {n: value_of(v) for n, _, v in (a.partition("=") for a in argument or ())},
        "headers_set": [[n, v] for n, _, v in (h.partition("=") for h in header or ())],
        "rules": rule or [],
    }
    if filter:
        body |= {"filter": {"expression": filter}, "dialect": "cel"}
    made = named(api, "routes", name, lambda: api.post("/bindings", body))
    show.document(made, as_json=where.json)
    return 0


def unbind(
    name: str,
    target: str,
    key: str | None = None,
    *,
    where: Where = USUAL,
) -> int:
    """Delete the bindings of a route to a target.

    Args:
        name: Which route.
        target: To whom.
        key: Only with this key.
    """
    api = Api(where)
    namespace = where.namespace
    bound = named(
        api, "routes", name, lambda: api.get("/bindings", namespace=namespace, route=name)
    )
    found = [
        item for item in bound["items"] if item["target"] == target and key in (None, item["key"])
    ]
    if not found:
        raise CommandError(f"{name} is not bound to {target}", NOT_FOUND)
    for item in found:
        api.delete(path_of("bindings", namespace, item["id"]))
    return 0


def publish(
    name: str,
    key: str,
    body: str = "-",
    *,
    header: Settings = None,
    field: Settings = None,
    json_lines: Annotated[bool, Parameter(negative="")] = False,
    where: Where = USUAL,
) -> int:
    """Publish through a route.

    Args:
        name: Which.
        key: The routing key.
        body: The message; `-` takes each line of standard input for one.
        header: A header.
        field: Any other field: group, id, type, subject, content_type, priority ...
        json_lines: Lines are messages as JSON, such as `peek --json` prints.
    """
    api = Api(where)
    return publish_to(api, "routes", name, body, header, field, json_lines=json_lines, key=key)
