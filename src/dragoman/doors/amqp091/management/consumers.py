"""Consumers of queues over HTTP, as the connections of RabbitMQ's clients tell of them."""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.amqp091.channel import Channel, Consumer
from dragoman.doors.amqp091.management.asking import Ask, Item, listed, plain_of
from dragoman.doors.amqp091.roster import Listed
from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import QueueInfo

NODE: Final = "rabbit@dragoman"


def list_consumers(ask: Ask) -> Response:
    """Of one virtual host, or of all."""
    return listed(ask, consumer_items(ask, ask.vhosts()))


def consumer_items(ask: Ask, hosts: list[str]) -> list[Item]:
    """Every basic.consume that is open."""
    return [
        item
        for one in ask.roster
        if one.link.vhost in hosts
        for channel in one.open_channels()
        for item in channel_consumers(one, channel)
    ]


def channel_consumers(one: Listed, channel: Channel) -> list[Item]:
    """Those of one channel."""
    peer = one.link.connection.peer
    details = {
        "name": f"{one.name} ({channel.number})",
        "number": channel.number,
        "connection_name": one.name,
        "node": NODE,
        "user": one.link.principal,
        "peer_host": peer[0],
        "peer_port": peer[1],
    }
    return [
        {
            "consumer_tag": consumer.tag,
            "queue": {"name": consumer.queue, "vhost": one.link.vhost},
            "ack_required": not consumer.no_ack,
            "exclusive": consumer.exclusive,
            "prefetch_count": consumer.prefetch,
            "arguments": {name: plain_of(field) for name, field in consumer.arguments.items()},
            "channel_details": details,
            **_activity(consumer),
        }
        for consumer in channel.consumers.values()
    ]


def _activity(consumer: Consumer) -> Item:
    """Whether it is served, or waits for its turn as a single active one."""
    is_single, is_served = consumer.standing()
    word = ("single_active" if is_served else "waiting") if is_single else "up"
    return {"active": is_served, "activity_status": word}


def consumers_by_queue(ask: Ask, vhost: str) -> dict[str, list[Item]]:
    """Those of RabbitMQ's clients."""
    found: dict[str, list[Item]] = {}
    for item in consumer_items(ask, [vhost]):
        found.setdefault(item["queue"]["name"], []).append(item)
    return found


def tags_of(info: QueueInfo, served: Sequence[Item]) -> Item:
    """Which of a queue's consumers is the only one that is served, if any must be."""
    exclusive = [one for one in served if one["exclusive"]]
    single = [one for one in served if info.settings.single_active and one["active"]]
    return {
        "exclusive_consumer_tag": exclusive[0]["consumer_tag"] if exclusive else None,
        "single_active_consumer_tag": single[0]["consumer_tag"] if single else None,
    }
