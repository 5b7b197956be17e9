"""Everything that was declared, as one JSON document: out of this broker, or into it, RabbitMQ's own files included.

Users come with hashes of their passwords, ours or RabbitMQ's. One that the configuration has is passed over: who that
is is the operator's to say.
"""

from typing import Any

import msgspec

from dragoman.doors.amqp091 import vhosts
from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.management import bindings, governing, people, rights, topology
from dragoman.doors.amqp091.management.asking import Ask, BadRequest, Item, changed
from dragoman.doors.amqp091.names import RESERVED
from dragoman.doors.amqp091.opening import SERVER_VERSION
from dragoman.doors.amqp091.policies import Policy
from dragoman.doors.amqp091.topics import TopicPermission
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.wire.amqp091.errors import CODE_NAMES


class Documents(msgspec.Struct):
    """What an import is read for."""

    users: list[dict[str, Any]] = msgspec.field(default_factory=list)
    vhosts: list[dict[str, Any]] = msgspec.field(default_factory=list)
    permissions: list[dict[str, Any]] = msgspec.field(default_factory=list)
    topic_permissions: list[dict[str, Any]] = msgspec.field(default_factory=list)
    parameters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    global_parameters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    policies: list[dict[str, Any]] = msgspec.field(default_factory=list)
    operator_policies: list[dict[str, Any]] = msgspec.field(default_factory=list)
    queues: list[dict[str, Any]] = msgspec.field(default_factory=list)
    exchanges: list[dict[str, Any]] = msgspec.field(default_factory=list)
    bindings: list[dict[str, Any]] = msgspec.field(default_factory=list)


def export(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    hosts, is_whole = ask.vhosts(), "vhost" not in ask.path
    found: Item = {
        "rabbit_version": SERVER_VERSION,
        "rabbitmq_version": SERVER_VERSION,
        "product_name": "RabbitMQ",
        "product_version": SERVER_VERSION,
    }
    if is_whole:
        found["users"] = people.items(ask)
        found["permissions"] = [item for one in hosts for item in rights.items(ask, one)]
        found["topic_permissions"] = [
            item for one in hosts for item in rights.topic_items(ask, one)
        ]
        described = vhosts.all_of(ask.session)
        found["vhosts"] = [{"name": name, **_description(described[name])} for name in hosts]
        found["global_parameters"] = governing.global_items(ask)
    parts: dict[str, list[Item]] = {
        "parameters": [item for one in hosts for item in governing.parameter_items(ask, one)],
        "policies": [item for one in hosts for item in governing.POLICIES.items(ask, one)],
        "queues": [item for one in hosts for item in _queues(ask, one)],
        "exchanges": [item for one in hosts for item in _exchanges(ask, one)],
        "bindings": [item for one in hosts for item in _bindings(ask, one)],
    }
    if not is_whole:
        for item in (item for items in parts.values() for item in items):
            item.pop("vhost", None)
    return json_response(200, found | parts)


def _queues(ask: Ask, vhost: str) -> list[Item]:
    names = ("name", "vhost", "durable", "auto_delete", "arguments")
    return [
        {name: item[name] for name in names}
        for info in topology.queue_infos(ask, vhost)
        if not info.settings.exclusive
        for item in (topology.queue_item(ask, vhost, info),)
    ]


def _exchanges(ask: Ask, vhost: str) -> list[Item]:
    names = ("name", "vhost", "type", "durable", "auto_delete", "internal", "arguments")
    return [
        {name: item[name] for name in names}
        for item in topology.exchange_items(ask, vhost)
        if item["name"] and not item["name"].startswith(RESERVED)
    ]


def _bindings(ask: Ask, vhost: str) -> list[Item]:
    kept = {item["name"] for item in _queues(ask, vhost)}
    found = []
    for item in bindings.binding_items(ask, vhost):
        is_kept = item["destination_type"] == "exchange" or item["destination"] in kept
        if item["source"] and is_kept:
            item.pop("properties_key")
            found.append(item)
    return found


def load(ask: Ask) -> Response:
    """Make what is not there; what is there and differs is refused, as in AMQP."""
    if "vhost" in ask.path:
        ask.vhost()
    told: Documents = ask.body(Documents)
    try:
        _load(ask, told)
    except Refused as error:
        raise BadRequest(f"{CODE_NAMES[error.code].lower()}: {error.text}") from error
    return changed(ask)


def _load(ask: Ask, told: Documents) -> None:
    """Raises Refused, BadRequest, NotYet and KernelError."""
    _load_users(ask, told.users)
    for one in told.vhosts:
        ask.speak()
        name, described = str(one["name"]), _described(one)
        if described != vhosts.Vhost() or vhosts.namespace_of(ask.session, name) is None:
            topology.make_vhost(ask, name, described)
        ask.channel(str(one["name"]))
    ask.speak()  # as before whatever was declared
    for one in told.global_parameters:
        governing.put(ask, "default", governing.GLOBAL, str(one["name"]), one["value"])
    for one in told.parameters:
        place = (_vhost(ask, one), str(one["component"]), str(one["name"]))
        governing.store_parameter(ask, *place, one["value"])
    for kind, some in (
        (governing.POLICIES, told.policies),
        (governing.OPERATOR_POLICIES, told.operator_policies),
    ):
        for one in some:
            policy = msgspec.convert(one, Policy, strict=False)
            ask.speak()
            kind.store(ask, _vhost(ask, one), str(one["name"]), policy)
    _load_topology(ask, told)
    _load_permissions(ask, told)


def _description(vhost: vhosts.Vhost) -> Item:
    """What is said of it, if anything is."""
    told: Item = msgspec.to_builtins(vhost)
    return {**told, "metadata": told} if told and vhost != vhosts.DEFAULT else {}


def _described(one: Item) -> vhosts.Vhost:
    """What RabbitMQ 4 tells of a virtual host, beside it or in its metadata; 3.10 tells its name."""
    told = {**one, **one.get("metadata", {})}
    kept = {
        name: told[name] for name in ("description", "tags", "default_queue_type") if name in told
    }
    if kept.get("default_queue_type") == topology.UNDEFINED:
        del kept["default_queue_type"]
    return msgspec.convert(kept, vhosts.Vhost, strict=False)


def _load_users(ask: Ask, told: list[Item]) -> None:
    """Raises NotYet, before anything was changed."""
    node = ask.session.node()
    found = [
        (str(one["name"]), msgspec.convert({"tags": "", **one}, people.UserWords, strict=False))
        for one in told
        if not node.knows(str(one["name"]))
    ]
    kept = [people.password_of(ask, name, words) for name, words in found]
    for (name, words), password in zip(found, kept, strict=True):
        people.store(ask, name, password, words)
        people.store_limits(ask, name, words.limits)


def _load_permissions(ask: Ask, told: Documents) -> None:
    """Last: who guards a virtual host has made what is in it before."""
    ask.speak()
    for one in told.permissions:
        patterns = msgspec.convert(one, rights.Patterns, strict=False)
        rights.store(ask, _vhost(ask, one), str(one["user"]), patterns)
    for one in told.topic_permissions:
        permission = msgspec.convert(one, TopicPermission, strict=False)
        rights.store_topic(ask, _vhost(ask, one), permission)


def _load_topology(ask: Ask, told: Documents) -> None:
    for one in told.queues:
        words = msgspec.convert(one, topology.QueueWords, strict=False)
        topology.declare_queue(ask.channel(_vhost(ask, one)), str(one["name"]), words)
    for one in told.exchanges:
        exchange = msgspec.convert(one, topology.ExchangeWords, strict=False)
        topology.declare_exchange(ask.channel(_vhost(ask, one)), str(one["name"]), exchange)
    for one in told.bindings:
        channel = ask.channel(_vhost(ask, one))
        binding = msgspec.convert(one, bindings.BindingWords, strict=False)
        place = (str(one["source"]), str(one["destination"]), str(one["destination_type"]))
        bindings.bind(channel, *place, binding)


def _vhost(ask: Ask, one: Item) -> str:
    """Its own, unless the path says for which all of it is."""
    return ask.vhost() if "vhost" in ask.path else str(one.get("vhost", vhosts.ROOT))
