"""Topics made, told of, changed and deleted; their tags. Cold."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sns import attributes as attr
from dragoman.doors.sns.asking import TopicAsked
from dragoman.doors.sns.errors import (
    RESOURCE_NOT_FOUND,
    TAG_LIMIT_EXCEEDED,
    invalid,
    missing,
)
from dragoman.doors.sns.names import Name, check_name, topic_name
from dragoman.doors.sns.service import Service
from dragoman.doors.sns.store import PAGE_MAX, Topic
from dragoman.doors.sns.web import drop_stream, refresh_notes
from dragoman.doors.sqs.attributes import DEDUP_WINDOW_MS
from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import FIFO
from dragoman.kernel.api import AlterStream, CreateStream, Session, StreamSettings
from dragoman.model.errors import NotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.aws import topics as t

TAGS_MAX: Final = 50
TAG_KEY_MAX: Final = 128
TAG_VALUE_MAX: Final = 256
FIFO_NAME: Final = (
    "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers,"
    " underscores, and hyphens, and must be between 1 and 256 characters long."
)


def changed(asked: TopicAsked, answer: Response) -> Response:
    """The answer to a change, to leave when it is written."""
    return answer.after(asked.session.position(), WRITTEN)


# --- made and deleted ---


def create_topic(service: Service, asked: TopicAsked, request: t.CreateTopic) -> Response:
    """See the API reference: what is there already must agree with what is given."""
    if not request.name:
        raise missing("Name")
    if request.data_protection_policy:
        raise invalid("DataProtectionPolicy", "Data protection is not offered here")
    name = asked.topic(check_name(request.name))
    given = dict(request.attributes or {})
    is_fifo = given.get("FifoTopic") == "true"
    if is_fifo != request.name.endswith(FIFO):
        raise invalid(FIFO_NAME if is_fifo else "Topic Name")
    given = attr.checked_topic(given, is_fifo=is_fifo)
    tags = checked_tags(request.tags or ())
    try:
        known = service.store.topic(asked.session, name)
    except Refused:
        service.store.put_topic(asked.session, name, Topic(attr.merged({}, given), tags))
        if is_fifo:
            settings = _stream(given)
            asked.session.submit(
                CreateStream(namespace=name.namespace, name=name.stream, settings=settings)
            )
    else:
        _compare(known, given, tags)
    return changed(asked, asked.answer(t.TopicArn(name.arn)))


def _compare(known: Topic, given: dict[str, str], tags: dict[str, str]) -> None:
    if any(known.attributes.get(name, "") != value for name, value in given.items()):
        raise invalid("Attributes", "Topic already exists with different attributes")
    if tags and tags != known.tags:
        raise invalid("Tags", "Topic already exists with different tags")


def _stream(attributes: dict[str, str]) -> StreamSettings:
    """Of a FIFO topic: what was sent lately, for its sequence and for what is sent again."""
    is_by_group = attributes.get("FifoThroughputScope") == "MessageGroup"
    return StreamSettings(
        retention_ms=DEDUP_WINDOW_MS,
        dedup_window_ms=DEDUP_WINDOW_MS,
        dedup_scope="key" if is_by_group else "stream",
    )


def delete_topic(service: Service, asked: TopicAsked, request: t.DeleteTopic) -> Response:
    """See the API reference: its subscriptions go with it; one that is not there is fine."""
    name = topic_name(request.topic_arn)
    session = asked.session
    with suppress(NotFound):
        service.store.delete_topic(session, name)
        for one, _ in service.store.subscriptions(session, name):
            service.store.delete_subscription(session, one)
            drop_stream(session, one)
        if name.is_fifo:
            drop_stream(session, name)
    return changed(asked, asked.answer())


# --- told ---


def list_topics(service: Service, asked: TopicAsked, request: t.ListTopics) -> Response:
    """See the API reference."""
    own = asked.topic("")
    names = service.store.topics(asked.session, own.namespace, read_token(request.next_token))
    page = [t.TopicArn(own._replace(topic=name).arn) for name in names[:PAGE_MAX]]
    token = write_token(names[PAGE_MAX - 1]) if len(names) > PAGE_MAX else None
    return asked.answer(t.Topics(page, token))


def write_token(after: str) -> str:
    """What asks for what comes after."""
    return urlsafe_b64encode(after.encode()).decode()


def read_token(token: str | None) -> str:
    """Raises Refused."""
    try:
        return b64decode(token or "", b"-_", validate=True).decode()
    except ValueError:
        raise invalid("NextToken") from None


def get_topic_attributes(
    service: Service, asked: TopicAsked, request: t.GetTopicAttributes
) -> Response:
    """See the API reference."""
    name = topic_name(request.topic_arn)
    topic = service.store.topic(asked.session, name)
    now_ms = asked.session.wall_ms()
    found = [one for _, one in service.store.subscriptions(asked.session, name)]
    pending = sum(one.is_pending and not one.is_over(now_ms) for one in found)
    confirmed = sum(not one.is_pending for one in found)
    return asked.answer(t.AttributesResult(attr.described_topic(name, topic, pending, confirmed)))


def set_topic_attributes(
    service: Service, asked: TopicAsked, request: t.SetTopicAttributes
) -> Response:
    """See the API reference."""
    name = topic_name(request.topic_arn)
    if not request.attribute_name:
        raise missing("AttributeName")
    topic = service.store.topic(asked.session, name)
    given = {request.attribute_name: request.attribute_value or ""}
    if "FifoTopic" in given:
        raise invalid("AttributeName")
    attributes = attr.merged(topic.attributes, attr.checked_topic(given, is_fifo=name.is_fifo))
    topic = msgspec.structs.replace(topic, attributes=attributes)
    session = asked.session
    service.store.put_topic(session, name, topic)
    if "FifoThroughputScope" in given:
        session.submit(
            AlterStream(namespace=name.namespace, name=name.stream, settings=_stream(attributes))
        )
    if "DeliveryPolicy" in given:
        for one, subscription in service.store.subscriptions(session, name):
            refresh_notes(session, one, subscription, topic)
    return changed(asked, asked.answer())


# --- tags ---


def checked_tags(tags: Sequence[t.Tag], known: dict[str, str] | None = None) -> dict[str, str]:
    """What there was, and these. Raises Refused."""
    found = dict(known or {})
    for tag in tags:
        if not 0 < len(tag.key) <= TAG_KEY_MAX or len(tag.value) > TAG_VALUE_MAX:
            raise invalid("Tags", f"{tag.key:.60}: keys have 1 to 128, values up to 256 characters")
        found[tag.key] = tag.value
    if len(found) > TAGS_MAX:
        raise Refused(
            TAG_LIMIT_EXCEEDED, "Could not complete request: tag quota of per resource exceeded"
        )
    return found


def _tagged(service: Service, session: Session, arn: str | None) -> tuple[Name, Topic]:
    name = topic_name(arn)
    try:
        return name, service.store.topic(session, name)
    except Refused:
        raise Refused(RESOURCE_NOT_FOUND, "Resource does not exist") from None


def _tag(service: Service, asked: TopicAsked, name: Name, topic: Topic, tags: Any) -> Response:
    service.store.put_topic(asked.session, name, msgspec.structs.replace(topic, tags=tags))
    return changed(asked, asked.answer(t.Nothing()))


def tag_resource(service: Service, asked: TopicAsked, request: t.TagResource) -> Response:
    """See the API reference."""
    name, topic = _tagged(service, asked.session, request.resource_arn)
    return _tag(service, asked, name, topic, checked_tags(request.tags or (), topic.tags))


def untag_resource(service: Service, asked: TopicAsked, request: t.UntagResource) -> Response:
    """See the API reference."""
    name, topic = _tagged(service, asked.session, request.resource_arn)
    gone = frozenset(request.tag_keys or ())
    left = {key: value for key, value in topic.tags.items() if key not in gone}
    return _tag(service, asked, name, topic, left)


def list_tags_for_resource(
    service: Service, asked: TopicAsked, request: t.ListTagsForResource
) -> Response:
    """See the API reference."""
    _, topic = _tagged(service, asked.session, request.resource_arn)
    return asked.answer(t.TagsResult([t.Tag(*pair) for pair in topic.tags.items()]))
