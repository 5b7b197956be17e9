"""Topics: made, told, changed, listed and deleted.

What only Pub/Sub understands of a topic is kept as JSON in its stream's notes; what the kernel acts on is in the
stream's settings as well:

    message_retention_duration, and that of subscriptions that retain what is acknowledged    retention_ms, the longest
    anything else                                                                             kept and told

A topic that is deleted while somebody still reads it is hidden: its stream goes with the last of its subscriptions.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub.errors import already_exists, check_within, invalid, not_offered
from dragoman.doors.pubsub.finding import (
    DELETED,
    called,
    find_stream,
    find_topic,
    is_topic,
    topic_resource,
)
from dragoman.doors.pubsub.guarding import stream_schema, tell_schema
from dragoman.doors.pubsub.masks import check_labels, duration_ms, page_of, update
from dragoman.doors.pubsub.names import (
    DELETED_TOPIC,
    PROTOCOL,
    TOPICS,
    Place,
    new_place,
    place_of,
    project_of,
    topic_name,
)
from dragoman.doors.pubsub.protos import Empty, ListTopicsResponse, Topic, from_text, to_text
from dragoman.doors.pubsub.traits import subscription_of
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, written
from dragoman.doors.shared.grpc.policies import check, forget_policy, may
from dragoman.kernel.api import (
    AlterStream,
    CreateStream,
    DeleteStream,
    ListStreams,
    ListSubscriptions,
    QueueInfo,
    Session,
    StreamHead,
    StreamInfo,
    StreamSettings,
)

RETENTION_S_MIN: Final = 600
RETENTION_S_MAX: Final = 31 * 86_400
MESSAGE_BYTES_MAX: Final = 10_000_000
FOREVER: Final = -1
MUTABLE: Final = frozenset(
    (
        "labels",
        "message_storage_policy",
        "kms_key_name",
        "schema_settings",
        "message_retention_duration",
        "ingestion_data_source_settings",
        "message_transforms",
        "tags",
    )
)


# What a topic is


def topic_of(settings: StreamSettings, name: str) -> Any:
    """A stream as a topic."""
    text = settings.notes.get(PROTOCOL)
    topic = Topic() if text is None else from_text(Topic, text)
    topic.name = name
    topic.state = Topic.ACTIVE
    return topic


def check_topic(topic: Any) -> None:
    """Raises Status."""
    check_labels(topic)
    if topic.HasField("message_retention_duration"):
        seconds = duration_ms(topic.message_retention_duration) // 1000
        check_within("message_retention_duration", seconds, RETENTION_S_MIN, RETENTION_S_MAX)
    if topic.ingestion_data_source_settings.WhichOneof("source"):
        raise not_offered("Topics that are fed from elsewhere (ingestion_data_source_settings)")
    if topic.message_transforms:
        raise not_offered("Message transforms")
    if topic.kms_key_name:
        raise not_offered("Keys of customers (kms_key_name)")


def _kept(topic: Any) -> str:
    kept = Topic()
    kept.CopyFrom(topic)
    for name in ("name", "state", "satisfies_pzs"):
        kept.ClearField(name)
    return to_text(kept)


def with_topic(settings: StreamSettings, topic: Any) -> StreamSettings:
    """The stream's settings, with this topic's."""
    notes = {name: note for name, note in settings.notes.items() if name != DELETED}
    return msgspec.structs.replace(settings, notes=notes | {PROTOCOL: _kept(topic)})


# Retention


def retention_ms(settings: StreamSettings, subscribed: Sequence[QueueInfo]) -> int:
    """How long the stream keeps what its topic and these subscriptions want kept; streams of other doors keep at least
    what they did.
    """
    text = settings.notes.get(PROTOCOL)
    wanted = [ms for ms in (retained_ms(info) for info in subscribed) if ms]
    if text is None:
        known = settings.retention_ms
        return known if known == FOREVER else max([known, *wanted])
    topic = from_text(Topic, text)
    return max([duration_ms(topic.message_retention_duration), *wanted])


def retained_ms(info: QueueInfo) -> int:
    """How long a subscription of Pub/Sub wants what it has acknowledged to be kept."""
    found = subscription_of(info.settings)
    if found is None or not found.retain_acked_messages:
        return 0
    return duration_ms(found.message_retention_duration)


def adjust_retention(session: Session, namespace: str, stream: str) -> None:
    """Keep as long as is wanted now."""
    head = find_stream(session, Place(namespace, stream))
    if head is None:
        return
    subscribed = session.submit(ListSubscriptions(namespace=namespace, name=head.name))
    wanted = retention_ms(head.settings, subscribed)
    if wanted != head.settings.retention_ms:
        settings = msgspec.structs.replace(head.settings, retention_ms=wanted)
        session.submit(AlterStream(namespace=namespace, name=head.name, settings=settings))


# Methods


def create_topic(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = new_place(request.name, TOPICS)
    check_topic(request)
    session = call.session
    schema = stream_schema(call, request)
    head = find_stream(session, place)
    if head is None:
        command = CreateStream(
            namespace=place.project,
            name=place.id,
            settings=_settings(with_topic(StreamSettings(message_schema=schema), request)),
        )
        session.submit(command)
    elif is_topic(head.settings):
        raise already_exists(place.id)
    else:
        settings = msgspec.structs.replace(head.settings, message_schema=schema)
        _alter(session, place.project, head, with_topic(settings, request))
    forget_policy(call, topic_resource(place.project, place.id if head is None else head.name))
    return written(session, topic_of(with_topic(StreamSettings(), request), request.name))


def _settings(settings: StreamSettings) -> StreamSettings:
    kept = retention_ms(settings, ())
    return msgspec.structs.replace(settings, retention_ms=kept, message_bytes_max=MESSAGE_BYTES_MAX)


def _alter(session: Session, namespace: str, head: StreamHead, settings: StreamSettings) -> None:
    session.submit(AlterStream(namespace=namespace, name=head.name, settings=settings))
    adjust_retention(session, namespace, head.name)


def get_topic(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = place_of(request.topic, TOPICS)
    head = find_topic(call.session, place)
    check(call.session, topic_resource(place.project, head.name), "pubsub.topics.get")
    return Reply(tell_schema(call, topic_of(head.settings, request.topic)))


def update_topic(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = place_of(request.topic.name, TOPICS)
    session = call.session
    head = find_topic(session, place)
    check(session, topic_resource(place.project, head.name), "pubsub.topics.update")
    topic = topic_of(head.settings, request.topic.name)
    update(topic, request.topic, request.update_mask.paths, MUTABLE)
    check_topic(topic)
    settings = head.settings
    if any(path.startswith("schema_settings") for path in request.update_mask.paths):
        settings = msgspec.structs.replace(settings, message_schema=stream_schema(call, topic))
    _alter(session, place.project, head, with_topic(settings, topic))
    return written(session, tell_schema(call, topic))


def list_topics(call: Call, request: Any) -> Reply:
    """See the API reference."""
    project = project_of(request.project)
    session = call.session
    streams: list[StreamInfo] = session.submit(ListStreams(namespace=project))
    shown = [
        stream
        for stream in streams
        if is_topic(stream.settings)
        and may(session, topic_resource(project, stream.name), "pubsub.topics.get")
    ]
    page, token = page_of(shown, request)
    names = called(session, project, tuple(stream.name for stream in page))
    found = [
        tell_schema(call, topic_of(stream.settings, topic_name(Place(project, name))))
        for stream, name in zip(page, names, strict=True)
    ]
    return Reply(ListTopicsResponse(topics=found, next_page_token=token))


def delete_topic(call: Call, request: Any) -> Reply:
    """See the API reference: what subscriptions still have of it stays until they are deleted."""
    place = place_of(request.topic, TOPICS)
    if place.id == DELETED_TOPIC:
        raise invalid("The topic has been deleted.")
    session = call.session
    head = find_topic(session, place)
    resource = topic_resource(place.project, head.name)
    check(session, resource, "pubsub.topics.delete")
    with by_broker(call):
        readers = session.submit(ListSubscriptions(namespace=place.project, name=head.name))
    if readers:
        settings = msgspec.structs.replace(
            head.settings, notes=head.settings.notes | {DELETED: "1"}
        )
        session.submit(AlterStream(namespace=place.project, name=head.name, settings=settings))
    else:
        session.submit(DeleteStream(namespace=place.project, name=head.name))
    forget_policy(call, resource)
    return written(session, Empty())
