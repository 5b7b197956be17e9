"""Queues, exchanges and virtual hosts over HTTP: listed, made, deleted."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091 import exchanges, limits, policies, queues, streams, topics, vhosts
from dragoman.doors.amqp091.arguments import from_note, queue_type
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.exchanges import ARGUMENTS, KINDS
from dragoman.doors.amqp091.link import TYPE
from dragoman.doors.amqp091.management import rights
from dragoman.doors.amqp091.management.asking import (
    PARAMETER,
    Ask,
    BadRequest,
    Item,
    NotThere,
    changed,
    columns,
    fields_of,
    listed,
    of_vhosts,
    one_of,
    plain_of,
)
from dragoman.doors.amqp091.policies import OPERATOR, POLICY, effect
from dragoman.doors.amqp091.traits import DIRECT_REPLY
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.kernel.api import (
    DeleteDocument,
    DescribeQueue,
    DescribeStream,
    ListDocuments,
    ListQueues,
    ListRoutes,
    ListStreams,
    QueueInfo,
    RouteInfo,
    StreamInfo,
)
from dragoman.model.errors import DocumentNotFound, StreamNotFound, SubscriptionNotFound
from dragoman.wire.amqp091 import methods as m

NODE: Final = "rabbit@dragoman"
SPELLINGS: Final = {kernel: spoken for spoken, kernel in reversed(KINDS.items())}
OF_VHOST: Final = (policies.KIND, topics.KIND, PARAMETER)  # documents that go with a virtual host


# --- queues ---


class QueueWords(msgspec.Struct):
    """PUT of a queue."""

    durable: bool = True
    auto_delete: bool = False
    exclusive: bool = False
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


def queue_item(ask: Ask, vhost: str, info: QueueInfo, published: int) -> Item:
    """A queue as RabbitMQ shows it; `published` is how many messages its stream was ever given."""
    arguments = from_note(info.settings.notes.get(queues.ARGUMENTS, ""))
    plain = {name: plain_of(field) for name, field in arguments.items()}
    unsettled = info.leased + info.waiting
    return {
        "name": info.name,
        "vhost": vhost,
        "type": queue_type(arguments),
        "durable": info.settings.durable,
        "auto_delete": info.settings.auto_delete,
        "exclusive": info.settings.exclusive,
        "arguments": plain,
        "node": NODE,
        "state": "running",
        "policy": info.settings.notes.get(POLICY),
        "operator_policy": info.settings.notes.get(OPERATOR),
        "consumers": info.consumers,
        **ask.details(
            f"queue {info.id}",
            {
                "messages": info.ready + unsettled,
                "messages_ready": info.ready,
                "messages_unacknowledged": unsettled,
            },
        ),
        "message_stats": ask.details(f"published {info.id}", {"publish": published}),
    }


def published_of(info: StreamInfo) -> int:
    """How many messages it was ever given, but for gaps."""
    return sum(partition.end for partition in info.partitions)


def queue_infos(ask: Ask, vhost: str) -> list[QueueInfo]:
    """All but those that answers of direct reply-to go to; what was declared as a stream is one."""
    namespace = ask.namespace(vhost)
    known: list[StreamInfo] = ask.session.submit(ListStreams(namespace=namespace))
    declared = {one.name: one for one in known if streams.is_declared(one.settings)}
    found: list[QueueInfo] = ask.session.submit(ListQueues(namespace=namespace))
    shown = {one.name: one for one in found if not one.name.startswith(DIRECT_REPLY)}
    shown |= {name: streams.as_queue(one) for name, one in declared.items()}
    return [one for _, one in sorted(shown.items())]


def queue_items(ask: Ask, vhost: str) -> list[Item]:
    """All of a virtual host."""
    known: list[StreamInfo] = ask.session.submit(ListStreams(namespace=ask.namespace(vhost)))
    published = {info.id: published_of(info) for info in known}
    return [
        queue_item(ask, vhost, info, published.get(info.stream_id, 0))
        for info in queue_infos(ask, vhost)
    ]


def list_queues(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    return of_vhosts(ask, queue_items)


def get_queue(ask: Ask) -> Response:
    """One, with its consumers and what its policies say."""
    vhost = ask.vhost()
    info = find_queue(ask, vhost)
    stream = DescribeStream(namespace=ask.namespace(vhost), name=info.stream or info.name)
    item = queue_item(ask, vhost, info, published_of(ask.session.submit(stream)))
    arguments = from_note(info.settings.notes.get(queues.ARGUMENTS, ""))
    held = effect(ask.session, ask.namespace(vhost), info.name, arguments)
    item["effective_policy_definition"] = held.definition
    details = consumer_items(ask, [vhost])
    item["consumer_details"] = [one for one in details if one["queue"]["name"] == info.name]
    return json_response(200, columns(ask, item))


def find_queue(ask: Ask, vhost: str) -> QueueInfo:
    """That of the path. Raises SubscriptionNotFound."""
    place = {"namespace": ask.namespace(vhost), "name": ask.path["name"]}
    try:
        stream: StreamInfo = ask.session.submit(DescribeStream(**place))
    except StreamNotFound:
        raise SubscriptionNotFound(place["name"]) from None
    if streams.is_declared(stream.settings):
        return streams.as_queue(stream)
    command = DescribeQueue(**place)
    found: QueueInfo = ask.session.submit(command)
    return found


def put_queue(ask: Ask) -> Response:
    """As queue.declare."""
    vhost, words = ask.vhost(), ask.body(QueueWords)
    names = {info.name for info in queue_infos(ask, vhost)}
    declare_queue(ask.channel(vhost), ask.path["name"], words)
    return changed(ask, 204 if ask.path["name"] in names else 201)


def declare_queue(channel: Channel, name: str, words: QueueWords) -> None:
    """Raises Refused and KernelError."""
    method = m.QueueDeclare(
        queue=name,
        durable=words.durable,
        auto_delete=words.auto_delete,
        exclusive=words.exclusive,
        no_wait=True,
        arguments=fields_of(words.arguments),
    )
    queues.declare(channel, method)


def delete_queue(ask: Ask) -> Response:
    """As queue.delete, but one that is not there is not found."""
    vhost = ask.vhost()
    find_queue(ask, vhost)
    method = m.QueueDelete(
        queue=ask.path["name"],
        if_unused=ask.has("if-unused"),
        if_empty=ask.has("if-empty"),
        no_wait=True,
    )
    queues.delete(ask.channel(vhost), method)
    return changed(ask)


def purge_queue(ask: Ask) -> Response:
    """As queue.purge."""
    queues.purge(ask.channel(ask.vhost()), m.QueuePurge(queue=ask.path["name"], no_wait=True))
    return changed(ask)


# --- exchanges ---


class ExchangeWords(msgspec.Struct):
    """PUT of an exchange."""

    type: str = "direct"
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


def exchange_item(vhost: str, info: RouteInfo) -> Item:
    """An exchange as RabbitMQ shows it."""
    settings = info.settings
    arguments = from_note(settings.notes.get(ARGUMENTS, ""))
    return {
        "name": info.name,
        "vhost": vhost,
        "type": settings.notes.get(TYPE) or SPELLINGS.get(settings.kind, settings.kind),
        "durable": settings.durable,
        "auto_delete": settings.auto_delete,
        "internal": settings.internal,
        "arguments": {name: plain_of(field) for name, field in arguments.items()},
        "user_who_performed_action": "",
    }


def exchange_items(ask: Ask, vhost: str) -> Iterator[Item]:
    """All, the default exchange first."""
    ask.channel(vhost)
    ask.speak()
    yield {
        "name": "",
        "vhost": vhost,
        "type": "direct",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
        "user_who_performed_action": "",
    }
    for info in ask.session.submit(ListRoutes(namespace=ask.namespace(vhost))):
        yield exchange_item(vhost, info)


def list_exchanges(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    return of_vhosts(ask, exchange_items)


def get_exchange(ask: Ask) -> Response:
    """One."""
    return json_response(200, columns(ask, one_of(ask, exchange_items(ask, ask.vhost()), "name")))


def put_exchange(ask: Ask) -> Response:
    """As exchange.declare."""
    vhost, words = ask.vhost(), ask.body(ExchangeWords)
    known = {item["name"] for item in exchange_items(ask, vhost)}
    declare_exchange(ask.channel(vhost), ask.path["name"], words)
    return changed(ask, 204 if ask.path["name"] in known else 201)


def declare_exchange(channel: Channel, name: str, words: ExchangeWords) -> None:
    """Raises Refused and KernelError."""
    method = m.ExchangeDeclare(
        exchange=name,
        type=words.type,
        durable=words.durable,
        auto_delete=words.auto_delete,
        internal=words.internal,
        no_wait=True,
        arguments=fields_of(words.arguments),
    )
    exchanges.declare(channel, method)


def delete_exchange(ask: Ask) -> Response:
    """As exchange.delete, but one that is not there is not found."""
    channel, name = ask.channel(ask.vhost()), ask.path["name"]
    exchanges.find(channel.link, name)
    method = m.ExchangeDelete(exchange=name, if_unused=ask.has("if-unused"), no_wait=True)
    exchanges.delete(channel, method)
    return changed(ask)


# --- virtual hosts ---


def vhost_item(ask: Ask, name: str, vhost: vhosts.Vhost) -> Item:
    """A virtual host as RabbitMQ shows it."""
    infos = queue_infos(ask, name)
    ready = sum(info.ready for info in infos)
    unsettled = sum(info.leased + info.waiting for info in infos)
    return {
        "name": name,
        "description": vhost.description,
        "tags": list(vhost.tags),
        "metadata": {"description": vhost.description, "tags": list(vhost.tags)},
        "default_queue_type": "classic",
        "cluster_state": {NODE: "running"},
        "tracing": False,
        "messages": ready + unsettled,
        "messages_ready": ready,
        "messages_unacknowledged": unsettled,
    }


def list_vhosts(ask: Ask) -> Response:
    """All that who asks may come in to."""
    found = vhosts.all_of(ask.session)
    return listed(ask, [vhost_item(ask, name, found[name]) for name in ask.vhosts()])


def get_vhost(ask: Ask) -> Response:
    """One."""
    name = ask.vhost()
    return json_response(200, vhost_item(ask, name, vhosts.all_of(ask.session)[name]))


class VhostWords(msgspec.Struct):
    """PUT of a virtual host; tags are a text with commas, or a list."""

    description: str = ""
    tags: str | list[str] = ""


def put_vhost(ask: Ask) -> Response:
    """Make it, or describe it anew."""
    words: VhostWords = ask.body(VhostWords)
    tags = words.tags.split(",") if isinstance(words.tags, str) else words.tags
    kept = tuple(tag.strip() for tag in tags if tag.strip())
    name = ask.path["vhost"]
    if not name:
        raise BadRequest("vhost name cannot be empty")
    is_new = vhosts.create(ask.session, name, vhosts.Vhost(words.description, kept))
    if is_new and ask.rank is not None:
        rights.store(ask, name, ask.who, rights.FULL)
    ask.channel(name)
    return changed(ask, 201 if is_new else 204)


def delete_vhost(ask: Ask) -> Response:
    """With all that is in it and about it; its connections end."""
    name = ask.path["vhost"]
    namespace = ask.namespace(name)
    try:
        vhosts.delete(ask.session, name)
    except DocumentNotFound:
        raise NotThere from None
    for kind in OF_VHOST:
        for document in ask.session.submit(ListDocuments(namespace=namespace, kind=kind)):
            gone = DeleteDocument(namespace=namespace, kind=kind, name=document.name)
            ask.session.submit(gone)
    limits.put(ask.session, limits.OF_VHOST, name, {})
    rights.forget_all(ask, namespace)
    for one in ask.roster:
        if one.link.vhost == name:
            one.force(f"vhost '{name}' is deleted")
    return changed(ask)


# --- consumers: of queues, told by connections ---


def consumer_items(ask: Ask, hosts: list[str]) -> list[Item]:
    """Every basic.consume that is open."""
    return [
        {
            "consumer_tag": consumer.tag,
            "queue": {"name": consumer.queue, "vhost": one.link.vhost},
            "ack_required": not consumer.no_ack,
            "active": True,
            "activity_status": "up",
            "exclusive": consumer.exclusive,
            "prefetch_count": channel.prefetch,
            "arguments": {},
            "channel_details": {
                "name": f"{one.name} ({channel.number})",
                "number": channel.number,
                "connection_name": one.name,
                "node": NODE,
                "user": one.link.principal,
                "peer_host": one.link.connection.peer[0],
                "peer_port": one.link.connection.peer[1],
            },
        }
        for one in ask.roster
        if one.link.vhost in hosts
        for channel in one.open_channels()
        for consumer in channel.consumers.values()
    ]
