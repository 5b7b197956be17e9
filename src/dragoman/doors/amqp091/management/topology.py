"""Queues, exchanges and virtual hosts over HTTP: listed, made, deleted."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from dragoman.doors.amqp091 import exchanges, limits, policies, queues, streams, topics, vhosts
from dragoman.doors.amqp091.arguments import ALL as QUEUE_TYPES
from dragoman.doors.amqp091.arguments import CLASSIC, from_note, queue_type
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.exchanges import ARGUMENTS, KINDS
from dragoman.doors.amqp091.link import DELAYED, TYPE
from dragoman.doors.amqp091.management import rights
from dragoman.doors.amqp091.management.asking import (
    PARAMETER,
    Ask,
    BadRequest,
    Item,
    NotThere,
    Table,
    changed,
    fields_of,
    listed,
    of_vhosts,
    plain_of,
    single,
)
from dragoman.doors.amqp091.management.consumers import NODE, consumers_by_queue, tags_of
from dragoman.doors.amqp091.management.rates import delivery_counts
from dragoman.doors.amqp091.policies import OPERATOR, POLICY, effect
from dragoman.doors.amqp091.traits import DIRECT_REPLY
from dragoman.doors.shared.rest.call import Response
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
from dragoman.model.errors import (
    DocumentNotFound,
    ResourceLocked,
    StreamNotFound,
    SubscriptionNotFound,
)
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.fieldtable import FieldTable

TYPES: Final = (*KINDS, DELAYED)  # of exchanges, as exchange.declare takes them
SPELLINGS: Final = {kernel: spoken for spoken, kernel in reversed(KINDS.items())}
OF_VHOST: Final = (policies.KIND, topics.KIND, PARAMETER)  # documents that go with a virtual host


# --- queues ---


class QueueWords(msgspec.Struct):
    """PUT of a queue."""

    durable: bool = False
    auto_delete: bool = False
    exclusive: bool = False
    arguments: Table = msgspec.field(default_factory=dict)


def queue_item(
    ask: Ask, vhost: str, info: QueueInfo, published: int = 0, served: Sequence[Item] = ()
) -> Item:
    """A queue as RabbitMQ shows it; `published` is how many messages its stream was ever given, `served` are its
    consumers.
    """
    arguments = from_note(info.settings.notes.get(queues.ARGUMENTS, ""))
    plain = {name: plain_of(field) for name, field in arguments.items()}
    unsettled = info.leased + info.waiting
    handled = ask.meters.handled.get(info.id)
    taken = {} if handled is None else delivery_counts(handled)
    counts = ({"publish": published} if published else {}) | taken
    item: Item = {
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
        "effective_policy_definition": _definition(ask, vhost, info, arguments),
        "consumers": info.consumers,
        **tags_of(info, served),
        **ask.details(
            f"queue {info.id}",
            {
                "messages": info.ready + unsettled,
                "messages_ready": info.ready,
                "messages_unacknowledged": unsettled,
            },
        ),
    }
    stats = ask.details(f"published {info.id}", counts)  # looked at, if only to be 0 then
    if stats:
        item["message_stats"] = stats
    if queue_type(arguments) != CLASSIC:
        item |= {"leader": NODE, "members": [NODE], "online": [NODE]}
    return item


def _definition(ask: Ask, vhost: str, info: QueueInfo, arguments: FieldTable) -> Item:
    """What its policies say, together."""
    if not {POLICY, OPERATOR}.intersection(info.settings.notes):
        return {}
    return effect(ask.session, ask.namespace(vhost), info.name, arguments).definition


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
    served = consumers_by_queue(ask, vhost)
    return [
        queue_item(ask, vhost, info, published.get(info.stream_id, 0), served.get(info.name, []))
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
    mine = consumers_by_queue(ask, vhost).get(info.name, [])
    published = published_of(ask.session.submit(stream))
    item = queue_item(ask, vhost, info, published, mine)
    item["consumer_details"] = mine
    return single(ask, item)


def find_queue(ask: Ask, vhost: str) -> QueueInfo:
    """That of the path. Raises SubscriptionNotFound."""
    place = {"namespace": ask.namespace(vhost), "name": ask.path["name"]}
    try:
        stream: StreamInfo = ask.session.submit(DescribeStream(**place))
    except StreamNotFound:
        raise SubscriptionNotFound(place["name"]) from None
    if streams.is_declared(stream.settings):
        return streams.as_queue(stream)
    try:
        found: QueueInfo = ask.session.submit(DescribeQueue(**place))
    except ResourceLocked:  # another connection's, which may be looked at
        (found,) = (info for info in queue_infos(ask, vhost) if info.name == place["name"])
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


ACTIONS: Final = ("sync", "cancel_sync")


class ActionWords(msgspec.Struct):
    """POST of an action."""

    action: str


def act_on_queue(ask: Ask) -> Response:
    """There are no mirrors that could be behind: they are in step, and nothing has to be done."""
    find_queue(ask, ask.vhost())
    action = ask.body(ActionWords).action
    if action not in ACTIONS:
        raise BadRequest(["unknown", action])
    return changed(ask)


def purge_queue(ask: Ask) -> Response:
    """As queue.purge."""
    queues.purge(ask.channel(ask.vhost()), m.QueuePurge(queue=ask.path["name"], no_wait=True))
    return changed(ask)


# --- exchanges ---


class ExchangeWords(msgspec.Struct):
    """PUT of an exchange."""

    type: str = "direct"
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: Table = msgspec.field(default_factory=dict)


DEFAULT_EXCHANGE: Final = "amq.default"  # as paths spell the one without a name


def exchange_of(name: str) -> str:
    """The exchange that a path means."""
    return "" if name == DEFAULT_EXCHANGE else name


def exchange_item(ask: Ask, vhost: str, info: RouteInfo) -> Item:
    """An exchange as RabbitMQ shows it."""
    settings = info.settings
    arguments = from_note(settings.notes.get(ARGUMENTS, ""))
    item: Item = {
        "name": info.name,
        "vhost": vhost,
        "type": settings.notes.get(TYPE) or SPELLINGS.get(settings.kind, settings.kind),
        "durable": settings.durable,
        "auto_delete": settings.auto_delete,
        "internal": settings.internal,
        "arguments": {name: plain_of(field) for name, field in arguments.items()},
        "user_who_performed_action": "",
        **flow_stats(ask, info.namespace, info.name),
    }
    if POLICY in settings.notes:
        item["policy"] = settings.notes[POLICY]
    return item


def flow_stats(ask: Ask, namespace: str, name: str) -> Item:
    """What went through an exchange, if anything did."""
    flow = ask.roster.flows.known(namespace, name)
    counts = {} if flow is None else {"publish_in": flow.came, "publish_out": flow.went}
    stats = ask.details(f"exchange {namespace}/{name}", counts)
    return {"message_stats": stats} if stats else {}


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
        **flow_stats(ask, ask.namespace(vhost), ""),
    }
    for info in ask.session.submit(ListRoutes(namespace=ask.namespace(vhost))):
        yield exchange_item(ask, vhost, info)


def list_exchanges(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    return of_vhosts(ask, exchange_items)


def get_exchange(ask: Ask) -> Response:
    """One."""
    name = exchange_of(ask.path["name"])
    for item in exchange_items(ask, ask.vhost()):
        if item["name"] == name:
            return single(ask, item)
    raise NotThere


def put_exchange(ask: Ask) -> Response:
    """As exchange.declare."""
    vhost, words = ask.vhost(), ask.body(ExchangeWords)
    name = exchange_of(ask.path["name"])
    known = {item["name"] for item in exchange_items(ask, vhost)}
    declare_exchange(ask.channel(vhost), name, words)
    return changed(ask, 204 if name in known else 201)


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
    channel, name = ask.channel(ask.vhost()), exchange_of(ask.path["name"])
    exchanges.check_not_default(name)
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
        "metadata": _metadata(vhost),
        "default_queue_type": vhost.default_queue_type or CLASSIC,
        "cluster_state": {NODE: "running"},
        "tracing": False,
        **ask.details(
            f"vhost {name} {ask.who}",
            {
                "messages": ready + unsettled,
                "messages_ready": ready,
                "messages_unacknowledged": unsettled,
            },
        ),
    }


def _metadata(vhost: vhosts.Vhost) -> Item:
    kind = {"default_queue_type": vhost.default_queue_type} if vhost.default_queue_type else {}
    return {"description": vhost.description, "tags": list(vhost.tags), **kind}


def list_vhosts(ask: Ask) -> Response:
    """All that who asks may come in to."""
    found = vhosts.all_of(ask.session)
    return listed(ask, [vhost_item(ask, name, found[name]) for name in ask.vhosts()])


def get_vhost(ask: Ask) -> Response:
    """One."""
    name = ask.vhost()
    return single(ask, vhost_item(ask, name, vhosts.all_of(ask.session)[name]))


UNDEFINED: Final = "undefined"  # as RabbitMQ tells of a virtual host without a default


class VhostWords(msgspec.Struct):
    """PUT of a virtual host; tags are a text with commas, or a list."""

    description: str = ""
    tags: str | list[str] = ""
    default_queue_type: str = ""


def put_vhost(ask: Ask) -> Response:
    """Make it, or describe it anew."""
    words: VhostWords = ask.body(VhostWords)
    tags = words.tags.split(",") if isinstance(words.tags, str) else words.tags
    kept = tuple(tag.strip() for tag in tags if tag.strip())
    name = ask.path["vhost"]
    if not name:
        raise BadRequest("vhost name cannot be empty")
    kind = words.default_queue_type
    if kind not in {"", UNDEFINED, *QUEUE_TYPES}:
        raise BadRequest(f"Unsupported default queue type '{kind}'")
    found = vhosts.Vhost(words.description, kept, "" if kind == UNDEFINED else kind)
    is_new = make_vhost(ask, name, found)
    ask.channel(name)
    return changed(ask, 201 if is_new else 204)


def make_vhost(ask: Ask, name: str, vhost: vhosts.Vhost) -> bool:
    """Whether it is new; then it is its maker's, where that is a user whom tools have made. Raises Refused."""
    is_new = vhosts.create(ask.session, name, vhost)
    if is_new and ask.rank is not None:
        rights.store(ask, name, ask.who, rights.FULL)
    return is_new


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
