"""Streams and queues: making, finding, changing and deleting them. Cold.

Every `decide_` function reads and refuses; every `apply_` function only does what its record says. Anything that
changes where messages go clears the plans.
"""

import msgspec

from dragoman.kernel.aliases import check_names
from dragoman.kernel.block import Block, Partition, measured
from dragoman.kernel.commands import (
    AlterStream,
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    TrimStream,
)
from dragoman.kernel.describe import queue_info, stream_info
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.groups.cursors import forget_stream
from dragoman.kernel.idle import watch
from dragoman.kernel.leases.delay import put_off
from dragoman.kernel.leases.index import (
    KEYED,
    backlog,
    check_order,
    filter_of,
    note_filter,
    order_of,
)
from dragoman.kernel.leases.lease import bytes_of
from dragoman.kernel.leases.settle import finish_below, give_back_to_pool
from dragoman.kernel.leases.window import Window
from dragoman.kernel.pumps import forget_source
from dragoman.kernel.quotas import check_queue, check_stream
from dragoman.kernel.records import (
    Indexed,
    Record,
    StreamAltered,
    StreamCreated,
    StreamDeleted,
    SubscriptionCreated,
    SubscriptionDeleted,
    Trimmed,
)
from dragoman.kernel.replies import QueueInfo, StreamInfo
from dragoman.kernel.rules.book import check_taken
from dragoman.kernel.schedules import SCHEDULES
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings
from dragoman.kernel.snapshots import forget_stream as forget_snapshots
from dragoman.kernel.state import Needs, State
from dragoman.kernel.transactions.transaction import forget_stream as forget_transactions
from dragoman.model.errors import (
    AlreadyExists,
    InUse,
    InvalidArgument,
    NotEmpty,
    OffsetOutOfRange,
    ResourceLocked,
    SubscriptionNotFound,
)
from dragoman.model.limits import DEDUP_WINDOW_MS_MAX
from dragoman.model.names import NAME_BYTES_MAX, is_catalogue_name
from dragoman.ports.translator import Translator

PARTITIONS_MAX = 10_000  # of one stream


def check_name(name: str) -> None:
    """Raises InvalidArgument unless `name` is 1 to 255 bytes of UTF-8."""
    if not is_catalogue_name(name):
        raise InvalidArgument(f"a name has 1 to {NAME_BYTES_MAX} bytes")


def check_owner(subscription: Subscription, session: int) -> None:
    """Raises ResourceLocked when it is exclusive to another session."""
    if subscription.owner and subscription.owner != session:
        raise ResourceLocked(subscription.name)


def _check_settings(settings: StreamSettings) -> None:
    if not 0 < settings.partitions <= PARTITIONS_MAX:
        raise InvalidArgument(f"partitions: 1 to {PARTITIONS_MAX}, not {settings.partitions}")
    if not 0 <= settings.dedup_window_ms <= DEDUP_WINDOW_MS_MAX:
        raise InvalidArgument(f"a dedup window has 0 to {DEDUP_WINDOW_MS_MAX} ms")


def _check_new_stream(state: State, namespace: str, name: str, settings: StreamSettings) -> None:
    """Raises InvalidArgument, AlreadyExists (another is called so in some protocol), QuotaExceeded."""
    check_name(name)
    check_stream(state, namespace)
    _check_settings(settings)
    check_names(state, namespace, name, settings.aliases)


# --- streams -----------------------------------------------------------------------------------------------------


def decide_create_stream(
    state: State, command: CreateStream, uuid: bytes
) -> tuple[list[Record], StreamInfo | None]:
    """Raises AlreadyExists, InvalidArgument. The reply is None when made: described after it is applied."""
    existing = state.streams_named.get((command.namespace, command.name))
    if existing is not None:
        if not command.attach:
            raise AlreadyExists(command.name)
        return [], stream_info(existing)
    _check_new_stream(state, command.namespace, command.name, command.settings)
    return [
        StreamCreated(state.id_next, command.namespace, command.name, uuid, command.settings)
    ], None


def apply_stream_created(state: State, record: StreamCreated) -> None:
    """The stream is there, empty."""
    settings = state.one_of(record.settings)
    stream = Stream(record.id, record.namespace, record.name, record.uuid, settings)
    state.id_next = max(state.id_next, record.id + 1)
    state.streams[stream.id] = stream
    state.streams_named[stream.namespace, stream.name] = stream
    state.streams_by_uuid[stream.uuid] = stream
    state.listings.pop(stream.namespace, None)
    state.usage.count_stream(stream.namespace, 1)
    state.aliases.adopt(stream)
    state.rules.set_schema(stream.namespace, stream.name, settings.message_schema)
    state.dirty_streams[stream.id] = stream
    if stream.namespace == SCHEDULES:
        state.schedules.adopt(stream)
    state.plans.clear()


def decide_alter_stream(state: State, command: AlterStream) -> list[Record]:
    """Raises StreamNotFound, InvalidArgument, InUse."""
    stream = state.stream(command.namespace, command.name)
    _check_settings(command.settings)
    if command.settings.aliases != stream.settings.aliases:
        check_names(state, command.namespace, command.name, command.settings.aliases)
    if command.settings.partitions < len(stream.partitions):
        raise InvalidArgument(
            f"{command.name} has {len(stream.partitions)} partitions, they can only grow"
        )
    grows = command.settings.partitions > len(stream.partitions)
    if grows and any(
        subscription.settings.order != "none" for subscription in stream.subscriptions
    ):
        raise InUse("partitions cannot be added while an ordered subscription reads the stream")
    return [StreamAltered(stream.id, command.settings)]


def apply_stream_altered(state: State, record: StreamAltered) -> None:
    """New settings; new partitions start empty."""
    stream = state.streams[record.id]
    state.aliases.forget(stream)
    stream.settings = record.settings
    state.aliases.adopt(stream)
    state.rules.set_schema(stream.namespace, stream.name, record.settings.message_schema)
    state.listings.pop(stream.namespace, None)
    state.dirty_streams[stream.id] = stream
    for index in range(len(stream.partitions), record.settings.partitions):
        stream.partitions.append(type(stream.partitions[0])(index))
        for subscription in stream.subscriptions:
            subscription.windows.append(Window(0, order_of(subscription.settings)))
            if subscription.settings.delay_ms:
                subscription.windows[-1].shown = 0
    state.dirty_floors[stream.id] = stream


def decide_delete_stream(
    state: State, command: DeleteStream, session: int
) -> tuple[list[Record], StreamInfo]:
    """Raises StreamNotFound, ResourceLocked."""
    stream = state.stream(command.namespace, command.name)
    for subscription in stream.subscriptions:
        check_owner(subscription, session)
    return [StreamDeleted(stream.id)], stream_info(stream)


def apply_stream_deleted(state: State, record: StreamDeleted) -> None:
    """The stream, its subscriptions and the bindings to it are gone."""
    stream = state.streams.pop(record.id, None)
    if stream is None:
        return
    for subscription in list(stream.subscriptions):
        apply_subscription_deleted(state, SubscriptionDeleted(subscription.id))
    del state.streams_named[stream.namespace, stream.name]
    state.deleted.append((stream.namespace, stream.name))
    state.listings.pop(stream.namespace, None)
    state.streams_by_uuid.pop(stream.uuid, None)
    state.usage.count_stream(stream.namespace, -1)
    state.aliases.forget(stream)
    state.rules.set_schema(stream.namespace, stream.name, None)
    forget_stream(state, stream.id)
    forget_transactions(state, stream)
    state.dedup.forget(stream.id)
    forget_source(state, stream)
    forget_snapshots(state, stream)
    if stream.namespace == SCHEDULES:
        state.schedules.forget(stream)
    state.dirty_streams[stream.id] = stream
    for partition in stream.partitions:
        state.forget(partition.release(partition.end))
    state.routing.forget_stream(stream)
    state.plans.clear()


def decide_trim(state: State, command: TrimStream) -> tuple[list[Record], int]:
    """Raises StreamNotFound, OffsetOutOfRange. -1 means the committed end."""
    stream = state.stream(command.namespace, command.name)
    if not 0 <= command.partition < len(stream.partitions):
        raise InvalidArgument(f"no partition {command.partition}")
    partition = stream.partitions[command.partition]
    offset = partition.committed if command.offset < 0 else command.offset
    if offset > partition.committed:
        raise OffsetOutOfRange(f"{offset} is past the end {partition.committed}")
    if offset <= partition.start:
        return [], partition.start
    return [Trimmed(stream.id, command.partition, offset)], offset


def apply_trimmed(state: State, record: Trimmed) -> None:
    """Offsets below are gone for everybody: what leased subscriptions had open there is done."""
    stream = state.streams.get(record.stream)
    if stream is None:
        return
    partition = stream.partitions[record.partition]
    for subscription in stream.subscriptions:
        state.dirty_subscriptions[subscription.id] = subscription
        finish_below(state, subscription, record.partition, record.offset)
    state.forget(partition.release(record.offset))
    state.dirty_streams[stream.id] = stream
    partition.start = max(partition.start, record.offset)
    partition.end = max(partition.end, record.offset)


# --- queues ------------------------------------------------------------------------------------------------------


def decide_declare_queue(
    state: State, command: DeclareQueue, session: int, uuid: bytes
) -> tuple[list[Record], QueueInfo | None]:
    """Raises StreamNotFound, SubscriptionNotFound (passive), ResourceLocked, InvalidArgument."""
    stream = state.streams_named.get((command.namespace, command.name))
    if stream is not None:
        for subscription in stream.subscriptions:
            if subscription.is_queue:
                check_owner(subscription, session)
                return [], queue_info(subscription)
    if command.passive:
        raise SubscriptionNotFound(command.name)
    check_queue(state, command.namespace)
    records: list[Record] = []
    settings = command.settings
    check_order(settings)
    check_taken(state, command.namespace, settings.rules)
    state.groups.check_share(command.namespace, stream, settings)
    if stream is None:
        _check_new_stream(state, command.namespace, command.name, command.stream)
        made_for_it = command.stream
        if (
            settings.exclusive or not settings.durable
        ):  # a restart would leave a stream that nobody reads
            made_for_it = msgspec.structs.replace(made_for_it, durable=False)
        records.append(
            StreamCreated(state.id_next, command.namespace, command.name, uuid, made_for_it)
        )
        stream_id, starts = state.id_next, (0,) * command.stream.partitions
    else:
        if settings.exclusive:
            raise ResourceLocked(command.name)
        stream_id, starts = stream.id, tuple(map(stream.earliest, stream.partitions))
        settings = _attached(settings)
    owner = session if settings.exclusive else 0
    made = SubscriptionCreated(state.id_next + 1, stream_id, command.name, settings, starts, owner)
    return [*records, made, *found_by(state, made)], None


def indexed(
    state: State,
    stream: Stream,
    subscription_id: int,
    settings: SubscriptionSettings,
    starts: list[tuple[int, int]],
) -> list[Indexed]:
    """Records that put in order what a reader finds from these (partition, offset)s on. Raises Needs, NotSupported."""
    records: list[Indexed] = []
    cold: list[Block] = []
    for index, start in starts:
        entries, missing = backlog(
            state.translator, stream.partitions[index], start, settings, subscription_id
        )
        cold += missing
        if entries:
            records.append(Indexed(subscription_id, index, entries))
    if cold:
        raise Needs(cold)
    return records


def found_by(state: State, made: SubscriptionCreated) -> list[Record]:
    """Records about what a new reader with an order finds. Raises Needs, NotSupported."""
    stream = state.streams.get(made.stream)
    if stream is None or order_of(made.settings) is None:
        return []
    found = indexed(state, stream, made.id, made.settings, list(enumerate(made.frontiers)))
    return [] if made.settings.delay_ms else [*found]  # put in order when it is shown


def apply_indexed(state: State, record: Indexed) -> None:
    """The messages are ready in their lanes."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    stream = subscription.stream
    window = subscription.windows[record.partition]
    assert window.order is not None
    for start, end, priority, key in record.entries:
        window.order.insert(window, start, end, priority, key)
        window.ready += end - start
        if stream.counts_bytes:
            window.ready_bytes += bytes_of(stream.partitions[record.partition], start, end)
    state.dirty_subscriptions[subscription.id] = subscription
    _look_at_found(state, subscription)


def _attached(settings: SubscriptionSettings) -> SubscriptionSettings:
    return msgspec.structs.replace(settings, owns_stream=False)


def apply_subscription_created(state: State, record: SubscriptionCreated) -> None:
    """A reader is there; everything from its frontiers on is ready for it."""
    stream = state.streams[record.stream]
    name = stream.name if record.name == stream.name else record.name
    settings = state.one_of(record.settings)
    subscription = Subscription(record.id, stream, name, settings, record.owner)
    state.id_next = max(state.id_next, record.id + 1)
    if record.owner:
        state.owned_by.setdefault(record.owner, {})[record.id] = subscription
    subscription.filter = filter_of(record.settings)
    windows: list[Window] = []
    for partition, frontier in zip(stream.partitions, record.frontiers, strict=True):
        window = Window(frontier, order_of(record.settings))
        if record.settings.bytes_max >= 0:
            _size(state.translator, partition)
        if record.settings.delay_ms:
            window.shown = frontier
            put_off(state, subscription, window, partition)
        elif window.order is None:
            window.ready = partition.count(frontier, partition.end)
            if record.settings.bytes_max >= 0:
                window.ready_bytes = bytes_of(partition, frontier, partition.end)
        else:
            window.frontier = max(frontier, partition.end)  # what is there is `Indexed` next
        windows.append(window)
    subscription.windows = windows[:]  # no longer than it is
    stream.add(subscription)
    note_filter(subscription)
    note_readers(stream)
    stream.counts_bytes = any(known.settings.bytes_max >= 0 for known in stream.subscriptions)
    state.subscriptions[subscription.id] = subscription
    state.usage.count_queue(stream.namespace, 1)
    state.pushed.add(subscription)
    state.groups.share(stream, subscription.settings.group, subscription.settings.share_group)
    state.dirty_subscriptions[subscription.id] = subscription
    watch(state, subscription)
    if subscription.ready():
        _look_at_found(state, subscription)
    state.plans.clear()


def _look_at_found(state: State, subscription: Subscription) -> None:
    """What is there already may be too old, or too much."""
    subscription.is_uneven = True
    subscription.is_mortal = (
        subscription.is_mortal
        or any(
            block.expires_ms is not None or block.place is not None  # whose columns are on disk
            for partition in subscription.stream.partitions
            for block in partition.blocks[partition.first :]
        )
    )
    state.look(subscription)
    state.crowd(subscription)
    state.activate(subscription)


def _size(translator: Translator, partition: Partition) -> None:
    """From now on bytes are counted: note the sizes of what no checkpoint has yet."""
    for block in partition.blocks[partition.first :]:
        if block.sizes is None and block.bodies is not None and not block.frozen:
            block.sizes = measured(translator, block.format, block.bodies)


def note_readers(stream: Stream) -> None:
    """What a publish must find out for the stream's readers."""
    stream.indexed = any(known.filter is not None for known in stream.subscriptions)
    stream.has_sessions = any(known.settings.order == "session" for known in stream.subscriptions)
    stream.ruled = tuple(known for known in stream.subscriptions if known.settings.rules)
    stream.keyed = any(known.settings.order in KEYED for known in stream.subscriptions)


def decide_delete_queue(
    state: State, command: DeleteQueue, session: int
) -> tuple[list[Record], QueueInfo]:
    """Raises SubscriptionNotFound, InUse, NotEmpty, ResourceLocked."""
    subscription = state.subscription(command.namespace, command.name)
    check_owner(subscription, session)
    if command.if_unused and subscription.consumers.count:
        raise InUse(command.name)
    if command.if_empty and (subscription.ready() or subscription.delayed()):
        raise NotEmpty(command.name)
    return deletion(subscription), queue_info(subscription)


def deletion(subscription: Subscription) -> list[Record]:
    """Records that delete a subscription, and its stream when it owns it and nobody else reads it."""
    stream = subscription.stream
    if (
        subscription.settings.owns_stream
        and len(stream.subscriptions) == 1
        and not stream.settings.retention_ms
        and not stream.holds
    ):
        return [StreamDeleted(stream.id)]
    return [SubscriptionDeleted(subscription.id)]


def apply_subscription_deleted(state: State, record: SubscriptionDeleted) -> None:
    """The reader, its leases and its holders are gone; consumers are told by the runtime."""
    subscription = state.subscriptions.pop(record.id, None)
    if subscription is None:
        return
    stream = subscription.stream
    if subscription.owner:
        state.owned_by.get(subscription.owner, {}).pop(subscription.id, None)
    stream.subscriptions.remove(subscription)
    if stream.matching is not None:
        stream.matching.drop(subscription.id)
    state.usage.count_queue(stream.namespace, -1)
    state.pushed.drop(subscription)
    state.groups.share(stream, subscription.settings.group, subscription.settings.share_group)
    note_readers(stream)
    state.dirty_subscriptions[subscription.id] = subscription
    subscription.consumers.clear()
    for holder in list(subscription.holders.values()):
        state.drop_holder(holder)
        if holder.pool is not None:
            give_back_to_pool(state, holder.pool, holder.leased)
        if holder.active:
            state.cancelled.append(holder)
    state.routing.forget_subscription(subscription)
    forget_source(state, stream, subscription.id)
    state.dirty_floors[stream.id] = stream
    state.plans.clear()
