"""basic.consume, cancel, get, qos: who is handed messages, and how many at once."""

from typing import Final

from dragoman.doors.amqp091 import streams
from dragoman.doors.amqp091.arguments import priority_of
from dragoman.doors.amqp091.channel import CONSUMERS_MAX, Channel, Consumer
from dragoman.doors.amqp091.errors import (
    ACCESS_REFUSED,
    NOT_ALLOWED,
    NOT_IMPLEMENTED,
    PRECONDITION_FAILED,
    RESOURCE_ERROR,
    Refused,
)
from dragoman.doors.amqp091.names import made_up, queue_name
from dragoman.doors.amqp091.queues import counts_tries
from dragoman.doors.amqp091.reading import Reader, start
from dragoman.doors.amqp091.spell import COUNT_TRIES, entries_of
from dragoman.doors.amqp091.traits import DIRECT_REPLY
from dragoman.kernel.api import (
    Consume,
    DeclareQueue,
    Delivery,
    DescribeQueue,
    Lease,
    OpenPool,
    QueueInfo,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import ResourceLocked, SubscriptionNotFound
from dragoman.model.levels import AMQP091, APPLIED
from dragoman.wire.amqp091.methods import (
    BasicCancel,
    BasicCancelOk,
    BasicConsume,
    BasicConsumeOk,
    BasicGet,
    BasicGetEmpty,
    BasicQos,
    BasicQosOk,
)
from dragoman.wire.amqp091.outgoing import get_ok


def consume(channel: Channel, method: BasicConsume) -> None:
    """Start a consumer: its consume-ok leaves before its first delivery, which comes at the end of the turn."""
    tag = method.consumer_tag or made_up(channel.link.session, "amq.ctag-")
    if tag in channel.consumers:
        raise Refused(NOT_ALLOWED, f"attempt to reuse consumer tag '{tag}'")
    if len(channel.consumers) >= CONSUMERS_MAX:
        raise Refused(RESOURCE_ERROR, f"more than {CONSUMERS_MAX} consumers on a channel")
    reader: Reader | None = None
    if method.queue == DIRECT_REPLY:
        name = _open_replies(channel, method)
        _register(channel, method, Consumer(channel, tag, name, method.no_ack))
    else:
        name = queue_name(channel, method.queue)
        stream = streams.find(channel.link, name)
        if stream is None:
            _register(channel, method, Consumer(channel, tag, name, method.no_ack))
        else:
            reader = channel.consumers[tag] = start(channel, method, tag, stream)
    if not method.no_wait:
        channel.reply(BasicConsumeOk(tag))
    if reader is not None:
        reader.progress()


def _register(channel: Channel, method: BasicConsume, consumer: Consumer) -> None:
    link = channel.link
    name = consumer.queue
    info: QueueInfo = link.session.submit(DescribeQueue(namespace=link.namespace, name=name))
    priority = priority_of(method.arguments, name, link.vhost)
    if method.exclusive and info.settings.single_active:
        raise _in_exclusive_use(name, link.vhost)
    if channel.pool and counts_tries(info):
        text = f"queue '{name}' in vhost '{link.vhost}' does not support global qos"
        raise Refused(NOT_IMPLEMENTED, text)
    consumer.spelling = COUNT_TRIES if counts_tries(info) else 0
    consumer.exclusive = method.exclusive
    consumer.arguments = method.arguments
    command = Consume(
        namespace=link.namespace,
        name=name,
        tag=consumer,
        credit_max=channel.prefetch,
        pool=channel.pool,
        no_ack=method.no_ack,
        exclusive=method.exclusive,
        priority=priority,
        passes_on=AMQP091,
    )
    try:
        consumer.holder = link.session.submit(command)
    except ResourceLocked:
        raise _in_exclusive_use(name, link.vhost) from None
    channel.consumers[consumer.tag] = consumer


def _in_exclusive_use(name: str, vhost: str) -> Refused:
    return Refused(ACCESS_REFUSED, f"queue '{name}' in vhost '{vhost}' in exclusive use")


REPLIES: Final = SubscriptionSettings(durable=False, early=True, auto_delete=True)


def _open_replies(channel: Channel, method: BasicConsume) -> str:
    """Direct reply-to: a queue that nobody else can find, gone with its consumer. Raises Refused."""
    if not method.no_ack:
        raise Refused(PRECONDITION_FAILED, "reply consumer cannot acknowledge")
    if channel.reply_queue:
        raise Refused(PRECONDITION_FAILED, "reply consumer already set")
    name = made_up(channel.link.session, f"{DIRECT_REPLY}.")
    stream = StreamSettings(durable=False, level=APPLIED)
    command = DeclareQueue(
        namespace=channel.link.namespace, name=name, settings=REPLIES, stream=stream
    )
    channel.link.session.submit(command)
    channel.reply_queue = name
    return name


def cancel(channel: Channel, method: BasicCancel) -> None:
    """End a consumer; what it holds stays unsettled. An unknown tag is fine."""
    consumer = channel.consumers.pop(method.consumer_tag, None)
    if consumer is not None:
        consumer.end()
        if consumer.queue == channel.reply_queue:
            channel.reply_queue = ""
    if not method.no_wait:
        channel.reply(BasicCancelOk(method.consumer_tag))


def qos(channel: Channel, method: BasicQos) -> None:
    """Prefetch: of each consumer opened from now on, or (global) shared by all of the channel."""
    if method.prefetch_size:
        raise Refused(NOT_IMPLEMENTED, f"prefetch_size!=0 ({method.prefetch_size})")
    if method.global_:
        holders = tuple(
            consumer.holder.id
            for consumer in channel.consumers.values()
            if not isinstance(consumer, Reader)
        )
        command = OpenPool(
            namespace=channel.link.namespace,
            pool=channel.pool,
            credit_max=method.prefetch_count,
            holders=holders,
        )
        channel.pool = channel.link.session.submit(command)
        channel.pool_size = method.prefetch_count
    else:
        channel.prefetch = method.prefetch_count
    channel.reply(BasicQosOk())


def get(channel: Channel, method: BasicGet) -> None:
    """One message, if one is ready."""
    link = channel.link
    name = queue_name(channel, method.queue)
    command = Lease(namespace=link.namespace, name=name, no_ack=method.no_ack)
    try:
        deliveries: list[Delivery] = link.session.submit(command)
    except SubscriptionNotFound:
        if streams.find(link, name) is not None:
            raise streams.not_supported("basic.get", name, link.vhost) from None
        raise
    if not deliveries:
        channel.tally.got_empty += 1
        channel.reply(BasicGetEmpty())
        return
    delivery = deliveries[0]
    info: QueueInfo = link.session.submit(DescribeQueue(namespace=link.namespace, name=name))
    tag = channel.tag_next
    channel.tag_next += 1
    holder = delivery.holder
    if method.no_ack:
        channel.tally.got_no_ack += 1
    else:
        channel.tally.got += 1
        channel.note_timeout(holder.subscription.id, info.settings.notes)
        link.is_owed = True
        channel.unacked.add(
            tag,
            tag + 1,
            holder.subscription.id,
            delivery.partition,
            holder.id,
            delivery.start,
            link.session.elapsed_ms(),
        )
    spelling = COUNT_TRIES if counts_tries(info) else 0
    entry = entries_of(delivery, link.session.wall_ms(), spelling)[0]
    redelivered = delivery.tries is not None and delivery.tries[0] > 0
    channel.tally.redelivered += redelivered
    frames = get_ok(channel.number, tag, redelivered, info.ready, entry, link.tuning.frame_max)
    channel.send_messages(frames, *link.session.depends_on(deliveries))
