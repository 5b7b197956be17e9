"""Subscriptions of HTTP and HTTPS in the kernel: each is a queue of its own, `sns/UUID`, which `pushing` empties.

    pending      its queue holds one message, the SubscriptionConfirmation; nothing is published to it
    confirmed    messages that pass its filter, as they will be posted

What is posted is stored as a message of SQS: body, SNS's message id, and, where the body does not say it, an attribute
named like the header that does. So the queue of dead letters has what the endpoint would have got.
"""

from contextlib import suppress
from typing import Final

import msgspec

from dragoman.doors.sns.asking import confirm_url
from dragoman.doors.sns.attributes import dead_letter_of
from dragoman.doors.sns.names import Name
from dragoman.doors.sns.schedule import Schedule, schedule_of
from dragoman.doors.sns.store import Subscription, Topic
from dragoman.formats.sqs import TEXT, SqsMessage, id_text, pack_attribute
from dragoman.formats.values import timestamp_text
from dragoman.kernel.api import (
    Address,
    AlterSubscription,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    DescribeQueue,
    Publish,
    QueueInfo,
    Session,
    SubscriptionSettings,
)
from dragoman.model.errors import NotFound
from dragoman.model.levels import SQS

FACE: Final = "sns"
ID_BYTES: Final = 16
HEADER_TYPE: Final = "x-amz-sns-message-type"
HEADER_RAW: Final = "x-amz-sns-rawdelivery"
CONFIRMATION: Final = "SubscriptionConfirmation"
FAREWELL: Final = "UnsubscribeConfirmation"
CONFIRM_TEXT: Final = (
    "You have chosen to subscribe to the topic {topic}.\n"
    "To confirm the subscription, visit the SubscribeURL included in this message."
)
FAREWELL_TEXT: Final = (
    "You have chosen to deactivate subscription {subscription}.\n"
    "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
)


class Note(msgspec.Struct, frozen=True):
    """What pushing must know of a subscription."""

    url: str
    topic: str
    subscription: str
    schedule: Schedule


def note_of(settings: SubscriptionSettings) -> Note:
    """Only of subscriptions that this face pushes."""
    return msgspec.json.decode(settings.notes[FACE], type=Note)


def _settings(name: Name, subscription: Subscription, topic: Topic) -> SubscriptionSettings:
    schedule = schedule_of(
        topic.attributes.get("DeliveryPolicy", ""),
        subscription.attributes.get("DeliveryPolicy", ""),
    )
    note = Note(subscription.endpoint, name._replace(id="").arn, name.arn, schedule)
    dead_letter = dead_letter_of(subscription.attributes)
    return SubscriptionSettings(
        push=FACE,
        dead_letter=Address(dead_letter.name) if dead_letter is not None else None,
        notes={FACE: msgspec.json.encode(note).decode()},
    )


def make_stream(session: Session, name: Name, subscription: Subscription, topic: Topic) -> None:
    """The queue of a subscription, with the question whether it is wanted."""
    settings = _settings(name, subscription, topic)
    session.submit(DeclareQueue(namespace=name.namespace, name=name.stream, settings=settings))
    ask(
        session,
        name,
        subscription,
        CONFIRMATION,
        CONFIRM_TEXT.format(topic=name._replace(id="").arn),
    )


def refresh_notes(session: Session, name: Name, subscription: Subscription, topic: Topic) -> None:
    """Push by what is said now; of queues of SQS there is nothing to say."""
    with suppress(NotFound):
        info: QueueInfo = session.submit(DescribeQueue(namespace=name.namespace, name=name.stream))
        wanted = _settings(name, subscription, topic)
        settings = msgspec.structs.replace(
            info.settings, notes=wanted.notes, dead_letter=wanted.dead_letter
        )
        session.submit(
            AlterSubscription(namespace=name.namespace, name=name.stream, settings=settings)
        )


def drop_stream(session: Session, name: Name) -> None:
    """What a topic or subscription had in the kernel, if anything."""
    make = DeleteQueue if name.id else DeleteStream
    with suppress(NotFound):
        session.submit(make(namespace=name.namespace, name=name.stream))


def ask(session: Session, name: Name, subscription: Subscription, kind: str, text: str) -> None:
    """Have the endpoint asked whether it wants to have the subscription."""
    identity = session.token(ID_BYTES)
    now_ms = session.wall_ms()
    told = {
        "Type": kind,
        "MessageId": id_text(identity),
        "Token": subscription.token,
        "TopicArn": name._replace(id="").arn,
        "Message": text,
        "SubscribeURL": confirm_url(subscription.base, name, subscription.token),
        "Timestamp": timestamp_text(now_ms),
    }
    entry = SqsMessage(identity, now_ms, msgspec.json.encode(told))
    entry.attributes = _header(HEADER_TYPE, kind)
    put(session, name, [entry])


def web_entry(identity: bytes, now_ms: int, body: str, *, is_raw: bool) -> SqsMessage:
    """A notification as it is stored."""
    entry = SqsMessage(identity, now_ms, body.encode())
    if is_raw:
        entry.attributes = _header(HEADER_RAW, "true")
    return entry


def _header(name: str, value: str) -> bytes:
    return pack_attribute(name.encode(), b"String", TEXT, value.encode())


def put(session: Session, name: Name, entries: list[SqsMessage]) -> tuple[int, int]:
    """Into the queue of a subscription: (position, level). Raises KernelError."""
    bodies = [entry.pack() for entry in entries]
    reply = session.publish(Publish(name.namespace, Address(name.stream), SQS, bodies))
    return reply.position, reply.level
