"""Runs of deliveries to frames. Hot: one call per run, not per message."""

from typing import Final

from dragoman.doors.amqp091.channel import Consumer
from dragoman.doors.amqp091.spell import entries_of
from dragoman.kernel.api import Delivery
from dragoman.wire.amqp091.outgoing import deliver_run

_FRESH: Final[list[list[bool]]] = [[False] * count for count in range(257)]  # shared, never changed


def deliver(consumer: Consumer, delivery: Delivery) -> None:
    """Hand a run to its consumer; what is acknowledged later is remembered by its tags."""
    channel = consumer.channel
    entries = entries_of(delivery, channel.link.session.wall_ms(), consumer.spelling)
    count: int = len(entries)
    tag: int = channel.tag_next
    channel.tag_next = tag + count
    if consumer.no_ack:
        channel.tally.delivered_no_ack += count
    elif delivery.offsets is not None:
        channel.tally.delivered += count
        holder = delivery.holder
        channel.unacked.add_apart(
            tag,
            holder.subscription.id,
            delivery.partition,
            holder.id,
            delivery.offsets,
            channel.link.session.elapsed_ms(),
        )
    else:
        channel.tally.delivered += count
        holder = delivery.holder
        channel.unacked.add(
            tag,
            tag + count,
            holder.subscription.id,
            delivery.partition,
            holder.id,
            delivery.start,
            channel.link.session.elapsed_ms(),
        )
    tries = delivery.tries
    if tries is not None:
        redelivered = [tried > 0 for tried in tries]
        channel.tally.redelivered += sum(redelivered)
    elif count < len(_FRESH):
        redelivered = _FRESH[count]
    else:
        redelivered = [False] * count
    frames = deliver_run(
        channel.number, consumer.tag_raw, tag, redelivered, entries, channel.link.tuning.frame_max
    )
    channel.send_messages(frames)
