"""Policies, operator policies, parameters over HTTP. A policy is in force once it is answered."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091 import exchanges, limits, policies, queues
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.management import people
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
    single,
)
from dragoman.doors.amqp091.policies import Policy
from dragoman.doors.shared.rest.call import Response
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
        return single(ask, one_of(ask, self.items(ask, ask.vhost()), "name"))

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


POLICIES: Final = Policies(policies.POLICY)
OPERATOR_POLICIES: Final = Policies(policies.OPERATOR)


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


LIMITS: Final = "vhost-limits"  # the component, and LIMITS_NAME the parameter, that a virtual host's limits are told as
LIMITS_NAME: Final = "limits"
OPERATORS: Final = "operator_policy"  # the component that operator policies are told as


def parameter_items(ask: Ask, vhost: str) -> list[Item]:
    """Runtime parameters of components: what files brought that nobody here knows, limits, operator policies."""
    found: list[tuple[str, str, Any]] = []
    for place, value in _values(ask, ask.namespace(vhost), PARAMETER).items():
        component, _, name = place.partition("/")
        found.append((component, name, value))
    held = limits.values_of(ask.session, limits.OF_VHOST, vhost)
    if held:
        found.append((LIMITS, LIMITS_NAME, held))
    known = policies.all_of(ask.session, ask.namespace(vhost), policies.OPERATOR)
    found += [(OPERATORS, name, msgspec.to_builtins(policy)) for name, policy in known.items()]
    return [
        {"vhost": vhost, "component": component, "name": name, "value": value}
        for component, name, value in found
    ]


def list_parameters(ask: Ask) -> Response:
    """Of all components and hosts, or of those of the path."""
    return of_vhosts(ask, parameter_items, "component")


def get_parameter(ask: Ask) -> Response:
    """One."""
    return single(ask, one_of(ask, parameter_items(ask, ask.vhost()), "component", "name"))


def put_parameter(ask: Ask) -> Response:
    """Of the components that RabbitMQ has without plugins: limits and operator policies."""
    vhost, component, name = ask.vhost(), ask.path["component"], ask.path["name"]
    known = {(item["component"], item["name"]) for item in parameter_items(ask, vhost)}
    if component not in {LIMITS, OPERATORS}:
        text = f"component {component} not found\n"
        raise Refused(PRECONDITION_FAILED, f"Validation failed\n\n{text}")
    store_parameter(ask, vhost, component, name, _value(ask))
    return changed(ask, 204 if (component, name) in known else 201)


def store_parameter(ask: Ask, vhost: str, component: str, name: str, value: Any) -> None:
    """Whatever nobody here knows is kept and told, and means nothing. Raises Refused, BadRequest and KernelError."""
    if component == OPERATORS:
        policy = msgspec.convert(value, Policy, strict=False)
        OPERATOR_POLICIES.store(ask, vhost, name, policy)
    elif component == LIMITS:
        for limit, most in msgspec.convert(value, dict[str, Any]).items():
            people.check_limit(limits.OF_VHOST, limit, most)
        limits.put(ask.session, limits.OF_VHOST, vhost, value)
    elif "/" in component:
        raise BadRequest("a component's name has no /")
    else:
        put(ask, ask.namespace(vhost), PARAMETER, f"{component}/{name}", value)


def delete_parameter(ask: Ask) -> Response:
    """Forget it."""
    vhost, component, name = ask.vhost(), ask.path["component"], ask.path["name"]
    if component == OPERATORS:
        return OPERATOR_POLICIES.delete(ask)
    if component == LIMITS:
        if name != LIMITS_NAME or not limits.values_of(ask.session, limits.OF_VHOST, vhost):
            raise NotThere
        limits.put(ask.session, limits.OF_VHOST, vhost, {})
    else:
        _forget(ask, ask.namespace(vhost), PARAMETER, f"{component}/{name}")
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
    return single(ask, item)


def put_global(ask: Ask) -> Response:
    """Keep it."""
    known = _values(ask, "default", GLOBAL)
    put(ask, "default", GLOBAL, ask.path["name"], _value(ask))
    return changed(ask, 204 if ask.path["name"] in known else 201)


def delete_global(ask: Ask) -> Response:
    """Forget it."""
    _forget(ask, "default", GLOBAL, ask.path["name"])
    return changed(ask)
