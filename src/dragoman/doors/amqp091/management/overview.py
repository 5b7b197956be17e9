"""The broker as a whole over HTTP: who it is, how much there is, who is connected, whether all is well."""

from collections.abc import Callable
from typing import Final

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.management import people
from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Item,
    NotThere,
    changed,
    listed,
    plain_of,
    single,
)
from dragoman.doors.amqp091.management.consumers import NODE, channel_consumers
from dragoman.doors.amqp091.management.rates import delivery_counts
from dragoman.doors.amqp091.management.tags import ADMINISTRATOR, NotAuthorised
from dragoman.doors.amqp091.management.topology import TYPES, exchange_items, queue_infos
from dragoman.doors.amqp091.opening import SERVER_VERSION
from dragoman.doors.amqp091.roster import Listed
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.kernel.api import ALTER, DEFAULT_NAMESPACE, NAMESPACE, ListQueues, Need

PORT_CHARS_MAX: Final = 5
CLOSED: Final = b"Closed via management plugin"
REASON_CHARS_MAX: Final = 200  # a reply text has 255 bytes
PROTOCOLS: Final = ("amqp", "amqp091", "amqp0-9-1", "amqp10", "amqp1.0", "http", "kafka")
SAMPLE: Final = {"global": [600], "basic": [600], "detailed": [600]}


def cluster_name(ask: Ask) -> str:
    """As connection.start has it."""
    return f"dragoman@{ask.session.node().cluster_id[:12]}"


def message_stats(ask: Ask) -> Item:
    """What clients of AMQP 0-9-1 have published, been handed and settled since the start, all together."""
    traffic = ask.meters.of("amqp")
    settled = traffic.settled
    counts = {
        "publish": traffic.published,
        "deliver_get": traffic.delivered,
        "ack": settled.get("ack", 0),
        "redeliver": settled.get("release", 0),
    }
    return ask.details("overview", counts)


def get_overview(ask: Ask) -> Response:
    """Totals over all virtual hosts, rates and versions."""
    hosts = ask.vhosts()
    infos = [info for vhost in hosts for info in queue_infos(ask, vhost)]
    ready = sum(info.ready for info in infos)
    unsettled = sum(info.leased + info.waiting for info in infos)
    connected = list(ask.roster)
    return single(
        ask,
        {
            "management_version": SERVER_VERSION,
            "rates_mode": "basic",
            "sample_retention_policies": SAMPLE,
            "exchange_types": exchange_types(),
            "product_name": "RabbitMQ",
            "product_version": SERVER_VERSION,
            "rabbitmq_version": SERVER_VERSION,
            "erlang_version": "none",
            "cluster_name": cluster_name(ask),
            "node": NODE,
            "statistics_db_event_queue": 0,
            "disable_stats": False,
            "enable_queue_totals": False,
            "message_stats": message_stats(ask),
            "queue_totals": ask.details(
                f"totals {ask.who}",
                {
                    "messages": ready + unsettled,
                    "messages_ready": ready,
                    "messages_unacknowledged": unsettled,
                },
            ),
            "object_totals": {
                "channels": sum(len(one.open_channels()) for one in connected),
                "connections": len(connected),
                "consumers": sum(info.consumers for info in infos),
                "exchanges": sum(len(list(exchange_items(ask, vhost))) for vhost in hosts),
                "queues": len(infos),
            },
            "listeners": [listener(ask)],
            "contexts": [],
        },
    )


def exchange_types() -> list[Item]:
    """What exchange.declare takes."""
    return [{"name": kind, "description": "", "enabled": True} for kind in TYPES]


def listener(ask: Ask) -> Item:
    """The port that was asked: every port answers every protocol."""
    host, port = ask.call.connection.local
    return {"node": NODE, "protocol": "amqp", "ip_address": host, "port": port}


def node_item(ask: Ask) -> Item:
    """The one node there is."""
    return {
        "name": NODE,
        "type": "disc",
        "running": True,
        "rates_mode": "basic",
        "exchange_types": exchange_types(),
        "mem_alarm": False,
        "disk_free_alarm": False,
        "partitions": [],
        "applications": [],
        "contexts": [],
        "being_drained": False,
    }


def list_nodes(ask: Ask) -> Response:
    """One."""
    return listed(ask, [node_item(ask)])


def get_node(ask: Ask) -> Response:
    """That one."""
    if ask.path["name"] != NODE:
        raise NotThere
    return single(ask, node_item(ask))


def get_cluster_name(ask: Ask) -> Response:
    """See `cluster_name`."""
    return json_response(200, {"name": cluster_name(ask)})


def nothing(ask: Ask) -> Response:
    """A list of what there is none of here."""
    return json_response(200, [])


# --- connections ---

NOT_OF_TLS: Final[Item] = dict.fromkeys(
    (
        "peer_cert_issuer",
        "peer_cert_subject",
        "peer_cert_validity",
        "ssl_cipher",
        "ssl_hash",
        "ssl_key_exchange",
        "ssl_protocol",
    )
)
"""What RabbitMQ tells of an encrypted connection: nothing, here."""


def connection_item(ask: Ask, one: Listed) -> Item:
    """A connection as RabbitMQ shows it."""
    link = one.link
    properties = {name: plain_of(field) for name, field in link.client_properties.items()}
    item: Item = {
        "name": one.name,
        "vhost": link.vhost,
        "user": link.principal,
        "user_who_performed_action": link.principal,
        "auth_mechanism": link.mechanism,
        "node": NODE,
        "type": "network",
        "state": "running",
        "protocol": "AMQP 0-9-1",
        "channels": len(one.open_channels()),
        "channel_max": link.tuning.channel_max,
        "frame_max": link.tuning.frame_max,
        "timeout": link.tuning.heartbeat_s,
        "connected_at": one.since_ms,
        "host": link.connection.local[0],
        "port": link.connection.local[1],
        "peer_host": link.connection.peer[0],
        "peer_port": link.connection.peer[1],
        "ssl": link.connection.is_tls,
        **NOT_OF_TLS,
        "recv_cnt": link.received,
        "send_cnt": link.sent,
        "send_pend": 0,
        **ask.details(
            f"connection {one.name} {one.since_ms}",
            {"recv_oct": link.received_bytes, "send_oct": link.sent_bytes},
        ),
        "client_properties": properties,
    }
    if "connection_name" in properties:
        item["user_provided_name"] = properties["connection_name"]
    return item


def list_connections(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    hosts = ask.vhosts()
    found = [one for one in ask.roster if one.link.vhost in hosts and _is_shown(ask, one)]
    return listed(ask, [connection_item(ask, one) for one in found])


def _connection(ask: Ask) -> Listed:
    """That of the path. Raises NotThere and NotAuthorised."""
    for one in ask.roster:
        if one.name == ask.path["name"]:
            if not _is_shown(ask, one):
                raise NotAuthorised("User not authorised to access object")
            return one
    raise NotThere


def _is_shown(ask: Ask, one: Listed) -> bool:
    """Its own connections to anybody, all to who monitors."""
    return ask.rank is None or ask.rank.sees_all or one.link.principal == ask.who


def list_connections_of(ask: Ask) -> Response:
    """A user's."""
    found = [one for one in ask.roster.of(ask.path["user"]) if _is_shown(ask, one)]
    return listed(ask, [connection_item(ask, one) for one in found])


def close_connection(ask: Ask) -> Response:
    """The client is told connection.close (320), with the reason of a header. Another's takes an administrator."""
    _close(ask, [_connection(ask)])
    return changed(ask)


def close_connections_of(ask: Ask) -> Response:
    """All of a user's."""
    _close(ask, ask.roster.of(ask.path["user"]))
    return changed(ask)


def _close(ask: Ask, some: list[Listed]) -> None:
    """Raises NotAuthorised."""
    own = all(one.link.principal == ask.who for one in some)
    if not own and not _may_close(ask):
        raise NotAuthorised("User not authorised to access object")
    reason = (ask.call.request.header(b"x-reason") or CLOSED).decode(errors="replace")
    for one in some:
        one.force(reason[:REASON_CHARS_MAX])


def _may_close(ask: Ask) -> bool:
    """Whether others' connections are this one's to end: who may alter the node's own namespace, or administers."""
    if ask.rank is not None:
        return ADMINISTRATOR in people.tags_of(ask)
    return ask.session.may(Need(DEFAULT_NAMESPACE, NAMESPACE, "", ALTER))


def get_connection(ask: Ask) -> Response:
    """One."""
    return single(ask, connection_item(ask, _connection(ask)))


def channel_items(ask: Ask, one: Listed) -> list[Item]:
    """Those of a connection."""
    return [channel_item(ask, one, channel) for channel in one.open_channels()]


def channel_item(ask: Ask, one: Listed, channel: Channel) -> Item:
    """A channel as RabbitMQ shows it."""
    link, confirms, transaction = one.link, channel.confirms, channel.transaction
    item: Item = {
        "name": f"{one.name} ({channel.number})",
        "number": channel.number,
        "vhost": link.vhost,
        "user": link.principal,
        "user_who_performed_action": link.principal,
        "node": NODE,
        "state": "running",
        "consumer_count": len(channel.consumers),
        "messages_unacknowledged": channel.unacked.count,
        "messages_unconfirmed": confirms.published - confirms.confirmed if confirms else 0,
        "messages_uncommitted": transaction.count() if transaction else 0,
        "acks_uncommitted": len(transaction.verdicts) if transaction else 0,
        "prefetch_count": channel.prefetch,
        "global_prefetch_count": channel.pool_size,
        "confirm": confirms is not None,
        "transactional": transaction is not None,
        "connection_details": {
            "name": one.name,
            "peer_host": link.connection.peer[0],
            "peer_port": link.connection.peer[1],
        },
    }
    key = f"channel {one.name} {one.since_ms} {channel.number}"
    stats = ask.details(key, channel_counts(channel))
    if stats:
        item["message_stats"] = stats
    return item


def channel_counts(channel: Channel) -> dict[str, int]:
    """What it did, as RabbitMQ tells it: nothing of what it never did."""
    tally, confirms = channel.tally, channel.confirms
    published = {
        "publish": tally.published,
        "confirm": confirms.confirmed if confirms else 0,
        "return_unroutable": tally.returned,
        "drop_unroutable": tally.dropped,
    }
    taken = delivery_counts(tally) | {"get_empty": tally.got_empty}
    return {
        name: count
        for some in (published, taken)
        if any(some.values())
        for name, count in some.items()
    }


def list_channels(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    hosts = ask.vhosts()
    shown = [one for one in ask.roster if one.link.vhost in hosts and _is_shown(ask, one)]
    return listed(ask, [item for one in shown for item in channel_items(ask, one)])


def list_channels_of(ask: Ask) -> Response:
    """Of one connection."""
    return listed(ask, channel_items(ask, _connection(ask)))


def get_channel(ask: Ask) -> Response:
    """One."""
    for one in ask.roster:
        for channel in one.open_channels():
            if f"{one.name} ({channel.number})" == ask.path["name"]:
                item = channel_item(ask, one, channel)
                item["consumer_details"] = channel_consumers(one, channel)
                return single(ask, item)
    raise NotThere


# --- health ---


def health(missing: Callable[[], list[str]]) -> Callable[[Ask], Response]:
    """Whether nothing is missing: 200, else 503 with what is."""

    def handler(ask: Ask) -> Response:
        lacks = missing()
        if lacks:
            return json_response(503, {"status": "failed", "reason": ", ".join(lacks)})
        return json_response(200, {"status": "ok"})

    return handler


def alone(check: Callable[[Ask], Response]) -> Callable[[Ask], Response]:
    """A check of clusters: nobody else is there to be missed, as RabbitMQ says of one node."""

    def handler(ask: Ask) -> Response:
        found = check(ask)
        if found.status != 200:
            return found
        return json_response(200, {"status": "ok", "reason": "single node cluster"})

    return handler


def port_health(ask: Ask) -> Response:
    """Whether the port that was asked is the one that is asked about: a request sees no other."""
    port, text = ask.call.connection.local[1], ask.path["name"]
    if not text.isdecimal() or len(text) > PORT_CHARS_MAX:
        raise BadRequest("Invalid port")
    if int(text) == port:
        return json_response(200, {"status": "ok", "port": port})
    told = {"reason": "No active listener", "missing": int(text), "ports": [port]}
    return json_response(503, {"status": "failed", **told})


def protocol_health(ask: Ask) -> Response:
    """Whether clients of a protocol are served: on every port all are."""
    if ask.path["name"] in PROTOCOLS:
        return json_response(200, {"status": "ok", "protocol": ask.path["name"]})
    told = {"missing": ask.path["name"], "protocols": list(PROTOCOLS)}
    return json_response(503, {"status": "failed", "reason": "No active listener", **told})


def aliveness(ask: Ask) -> Response:
    """Whether the virtual host answers at all."""
    ask.session.submit(ListQueues(namespace=ask.namespace(ask.vhost())))
    return json_response(200, {"status": "ok"})
