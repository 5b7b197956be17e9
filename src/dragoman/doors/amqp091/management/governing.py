"""Policies, operator policies, parameters over HTTP. A policy is in force once it is answered."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091 import exchanges, policies, queues
from dragoman.doors.amqp091.management.asking import (
    PARAMETER,
    Ask,
    BadRequest,
    Item,
    NotThere,
    changed,
    listed,
    of_vhosts,
    one_of,
)
from dragoman.doors.amqp091.policies import Policy
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.kernel.api import (
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    PutDocument,
)
from dragoman.model.errors import DocumentNotFound

GLOBAL: Final = "amqp091.global-parameter"
Handler = Callable[[Ask], Response]


class Policies:
    """The handlers of one kind: policies, or operator policies."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def items(self, ask: Ask, vhost: str) -> list[Item]:
        """As RabbitMQ shows them."""
        found = policies.all_of(ask.session, ask.namespace(vhost), self.kind)
        return [
            {"vhost": vhost, "name": name, **msgspec.to_builtins(policy)}
            for name, policy in found.items()
        ]

    def list(self, ask: Ask) -> Response:
        """Of one virtual host, or of all."""
        return of_vhosts(ask, self.items)

    def get(self, ask: Ask) -> Response:
        """One."""
        return json_response(200, one_of(ask, self.items(ask, ask.vhost()), "name"))

    def put(self, ask: Ask) -> Response:
        """Make or change it, and all queues that it fits."""
        vhost = ask.vhost()
        known = {item["name"] for item in self.items(ask, vhost)}
        self.store(ask, vhost, ask.path["name"], ask.body(Policy))
        return changed(ask, 204 if ask.path["name"] in known else 201)

    def store(self, ask: Ask, vhost: str, name: str, policy: Policy) -> None:
        """Raises Refused and KernelError."""
        policies.check(policy, self.kind)
        namespace = ask.namespace(vhost)
        body = msgspec.json.encode(policy)
        place = policies.document_name(self.kind, name)
        put = PutDocument(namespace=namespace, kind=policies.KIND, name=place, body=body)
        ask.session.submit(put)
        _apply(ask, namespace)

    def delete(self, ask: Ask) -> Response:
        """Queues have again what they were declared with."""
        namespace = ask.namespace(ask.vhost())
        place = policies.document_name(self.kind, ask.path["name"])
        _forget(ask, namespace, policies.KIND, place)
        _apply(ask, namespace)
        return changed(ask)


def _apply(ask: Ask, namespace: str) -> None:
    queues.apply_policies(ask.session, namespace)
    exchanges.apply_policies(ask.session, namespace)


def _forget(ask: Ask, namespace: str, kind: str, name: str) -> None:
    try:
        ask.session.submit(DeleteDocument(namespace=namespace, kind=kind, name=name))
    except DocumentNotFound:
        raise NotThere from None


# --- parameters: kept for those who read them ---


def _values(ask: Ask, namespace: str, kind: str) -> dict[str, Any]:
    found: list[Document] = ask.session.submit(ListDocuments(namespace=namespace, kind=kind))
    return {one.name: msgspec.json.decode(one.body) for one in found}


def parameter_items(ask: Ask, vhost: str) -> list[Item]:
    """Runtime parameters of components."""
    found = []
    for place, value in _values(ask, ask.namespace(vhost), PARAMETER).items():
        component, _, name = place.partition("/")
        found.append({"vhost": vhost, "component": component, "name": name, "value": value})
    return found


def list_parameters(ask: Ask) -> Response:
    """Of all components and hosts, or of those of the path."""
    return of_vhosts(ask, parameter_items, "component")


def get_parameter(ask: Ask) -> Response:
    """One."""
    return json_response(200, one_of(ask, parameter_items(ask, ask.vhost()), "component", "name"))


def put_parameter(ask: Ask) -> Response:
    """Keep it."""
    component, name = ask.path["component"], ask.path["name"]
    if "/" in component:
        raise BadRequest("a component's name has no /")
    vhost = ask.vhost()
    known = _values(ask, ask.namespace(vhost), PARAMETER)
    store_parameter(ask, vhost, component, name, _value(ask))
    return changed(ask, 204 if f"{component}/{name}" in known else 201)


def store_parameter(ask: Ask, vhost: str, component: str, name: str, value: Any) -> None:
    """Raises KernelError."""
    put(ask, ask.namespace(vhost), PARAMETER, f"{component}/{name}", value)


def delete_parameter(ask: Ask) -> Response:
    """Forget it."""
    name = f"{ask.path['component']}/{ask.path['name']}"
    _forget(ask, ask.namespace(ask.vhost()), PARAMETER, name)
    return changed(ask)


def put(ask: Ask, namespace: str, kind: str, name: str, value: Any) -> None:
    """Raises KernelError."""
    body = msgspec.json.encode(value)
    ask.session.submit(PutDocument(namespace=namespace, kind=kind, name=name, body=body))


def _value(ask: Ask) -> Any:
    told = ask.body(dict[str, Any])
    if "value" not in told:
        raise BadRequest("[{key_missing,value}]")
    return told["value"]


def global_items(ask: Ask) -> list[Item]:
    """Global parameters."""
    values = _values(ask, "default", GLOBAL)
    return [{"name": name, "value": value} for name, value in values.items()]


def list_globals(ask: Ask) -> Response:
    """All."""
    return listed(ask, global_items(ask))


def get_global(ask: Ask) -> Response:
    """One."""
    try:
        ask.session.submit(GetDocument(kind=GLOBAL, name=ask.path["name"]))
    except DocumentNotFound:
        raise NotThere from None
    (item,) = (item for item in global_items(ask) if item["name"] == ask.path["name"])
    return json_response(200, item)


def put_global(ask: Ask) -> Response:
    """Keep it."""
    known = _values(ask, "default", GLOBAL)
    put(ask, "default", GLOBAL, ask.path["name"], _value(ask))
    return changed(ask, 204 if ask.path["name"] in known else 201)


def delete_global(ask: Ask) -> Response:
    """Forget it."""
    _forget(ask, "default", GLOBAL, ask.path["name"])
    return changed(ask)
