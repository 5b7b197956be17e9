"""Bindings over HTTP: listed, made, undone. Two that lie between the same ends differ in their properties key."""

from collections.abc import Callable, Iterator
from hashlib import blake2s
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from dragoman.doors.amqp091 import bindings
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.management.asking import (
    Ask,
    Item,
    NotThere,
    Table,
    changed,
    fields_of,
    listed,
    of_vhosts,
    single,
    table_of,
)
from dragoman.doors.amqp091.management.topology import exchange_of, queue_infos
from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import BindingInfo, ListBindings
from dragoman.wire.amqp091 import methods as m


class BindingWords(msgspec.Struct):
    """POST of a binding."""

    routing_key: str = ""
    arguments: Table = msgspec.field(default_factory=dict)


def properties_key(key: str, arguments: dict[str, Any]) -> str:
    """What tells bindings between the same two apart, fit for a path."""
    if not arguments:
        return quote(key, safe="") or "~"
    digest = blake2s(repr(sorted(arguments.items())).encode(), digest_size=12).hexdigest()
    return f"{quote(key, safe='')}~{digest}"


def binding_item(
    vhost: str, source: str, target: str, kind: str, key: str, arguments: dict[str, Any]
) -> Item:
    """A binding as RabbitMQ shows it."""
    return {
        "source": source,
        "vhost": vhost,
        "destination": target,
        "destination_type": kind,
        "routing_key": key,
        "arguments": arguments,
        "properties_key": properties_key(key, arguments),
    }


def binding_items(ask: Ask, vhost: str) -> Iterator[Item]:
    """Those of the default exchange, then all that were made."""
    for queue in queue_infos(ask, vhost):
        yield binding_item(vhost, "", queue.name, "queue", queue.name, {})
    if ask.rank is not None:  # whoever may come in sees them all, as in RabbitMQ
        ask.session.act_as_broker()
    found: list[BindingInfo] = ask.session.submit(ListBindings(namespace=ask.namespace(vhost)))
    ask.speak()
    for info in found:
        kind = "exchange" if info.to_route else "queue"
        key, arguments = info.settings.key, info.settings.arguments
        yield binding_item(vhost, info.route, info.target, kind, key, dict(arguments))


def list_bindings(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    return of_vhosts(ask, binding_items)


def bindings_where(**wanted: str) -> Callable[[Ask], Response]:
    """A list of those whose fields are what the path says: `field="hole"`, or `field="=text"`."""

    def handler(ask: Ask) -> Response:
        told = {
            field: hole[1:] if hole.startswith("=") else ask.path[hole]
            for field, hole in wanted.items()
        }
        items = [
            item
            for item in binding_items(ask, ask.vhost())
            if all(item[field] == value for field, value in told.items())
        ]
        return listed(ask, items)

    return handler


def _kind(ask: Ask) -> str:
    kinds = {"q": "queue", "e": "exchange"}
    if ask.path["kind"] not in kinds:
        raise NotThere
    return kinds[ask.path["kind"]]


def between(ask: Ask) -> list[Item]:
    """Bindings from the source of the path to its target."""
    place = (exchange_of(ask.path["source"]), ask.path["target"], _kind(ask))
    return [
        item
        for item in binding_items(ask, ask.vhost())
        if (item["source"], item["destination"], item["destination_type"]) == place
    ]


def list_between(ask: Ask) -> Response:
    """All between two."""
    return listed(ask, between(ask))


def get_binding(ask: Ask) -> Response:
    """The one of that properties key."""
    return single(ask, _one(ask))


def _one(ask: Ask) -> Item:
    """Its key may be spelled as we tell it, or once more for the path."""
    for item in between(ask):
        if ask.path["key"] in {item["properties_key"], unquote(item["properties_key"])}:
            return item
    raise NotThere


def post_binding(ask: Ask) -> Response:
    """As queue.bind or exchange.bind; the answer says where it is."""
    words = ask.body(BindingWords)
    source, target, kind = exchange_of(ask.path["source"]), ask.path["target"], _kind(ask)
    bind(ask.channel(ask.vhost()), source, target, kind, words)
    key = properties_key(words.routing_key, table_of(words.arguments))
    location = f"{quote(target, safe='')}/{quote(key, safe='')}"
    return changed(ask, 201, ((b"location", location.encode()),))


def bind(channel: Channel, source: str, target: str, kind: str, words: BindingWords) -> None:
    """Raises Refused and KernelError."""
    arguments = fields_of(words.arguments)
    key = words.routing_key
    if kind == "queue":
        method = m.QueueBind(
            queue=target, exchange=source, routing_key=key, no_wait=True, arguments=arguments
        )
        bindings.bind_queue(channel, method)
    else:
        between_exchanges = m.ExchangeBind(
            destination=target, source=source, routing_key=key, no_wait=True, arguments=arguments
        )
        bindings.bind_exchange(channel, between_exchanges)


def delete_binding(ask: Ask) -> Response:
    """As queue.unbind or exchange.unbind."""
    item, channel = _one(ask), ask.channel(ask.vhost())
    key, arguments = item["routing_key"], fields_of(item["arguments"])
    source, target = item["source"], item["destination"]
    if item["destination_type"] == "queue":
        queue = m.QueueUnbind(queue=target, exchange=source, routing_key=key, arguments=arguments)
        bindings.unbind_queue(channel, queue)
    else:
        exchange = m.ExchangeUnbind(
            destination=target, source=source, routing_key=key, no_wait=True, arguments=arguments
        )
        bindings.unbind_exchange(channel, exchange)
    return changed(ask)
