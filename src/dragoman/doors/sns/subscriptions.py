"""Subscriptions made, confirmed, told of, changed and ended. Cold.

    sqs            confirmed at once
    http, https    pending --ConfirmSubscription with its token, or the link, within 3 days--> confirmed

One that nobody confirms in time is gone: it is taken away when its topic's are next looked at.
"""

from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sns import attributes as attr
from dragoman.doors.sns.asking import TopicAsked
from dragoman.doors.sns.errors import AUTHORIZATION_ERROR, invalid, missing, no_subscription
from dragoman.doors.sns.names import Name, subscription_name, topic_name
from dragoman.doors.sns.service import Service
from dragoman.doors.sns.store import PAGE_MAX, SQS, WEB, Subscription
from dragoman.doors.sns.topics import changed, read_token, write_token
from dragoman.doors.sns.web import (
    CONFIRM_TEXT,
    CONFIRMATION,
    ask,
    drop_stream,
    make_stream,
    refresh_notes,
)
from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import FIFO, read_arn
from dragoman.kernel.api import Session
from dragoman.model.errors import NotFound
from dragoman.wire.aws import topics as t

TOKEN_BYTES: Final = 32
ID_BYTES: Final = 16
CONFIRM_MS: Final = 3 * 86_400_000
URL_MAX: Final = 2_048
PENDING: Final = "pending confirmation"
PENDING_IN_LISTS: Final = "PendingConfirmation"


# --- made ---


def subscribe(service: Service, asked: TopicAsked, request: t.Subscribe) -> Response:
    """See the API reference: what is there already must agree with what is given."""
    name = topic_name(request.topic_arn)
    topic = service.store.topic(asked.session, name)
    protocol, endpoint = request.protocol or "", request.endpoint or ""
    check = CHECKS.get(protocol)
    if check is None:
        raise invalid("Protocol", "Amazon SNS protocols offered here are sqs, http and https")
    check(name, endpoint, protocol)
    given = attr.checked_subscription({}, request.attributes or {}, protocol)
    session = asked.session
    for one, known in _current(service, session, name):
        if (known.protocol, known.endpoint) == (protocol, endpoint):
            if any(known.attributes.get(key, "") != value for key, value in given.items()):
                raise invalid("Attributes", "Subscription already exists with different attributes")
            if known.is_pending:
                arn = one._replace(id="").arn
                ask(session, one, known, CONFIRMATION, CONFIRM_TEXT.format(topic=arn))
            return _subscribed(asked, request, one, known)
    own = name._replace(id=str(UUID(bytes=session.token(ID_BYTES), version=4)))
    made = Subscription(protocol, endpoint, given, base=asked.base)
    if protocol in WEB:
        made = msgspec.structs.replace(
            made,
            is_pending=True,
            is_owned=False,
            token=session.token(TOKEN_BYTES).hex(),
            until_ms=session.wall_ms() + CONFIRM_MS,
        )
    service.store.put_subscription(session, own, made)
    if made.is_pending:
        make_stream(session, own, made, topic)
    return _subscribed(asked, request, own, made)


def _subscribed(
    asked: TopicAsked, request: t.Subscribe, name: Name, subscription: Subscription
) -> Response:
    is_told = not subscription.is_pending or request.return_subscription_arn
    return changed(asked, asked.answer(t.SubscriptionArn(name.arn if is_told else PENDING)))


def _check_queue(topic: Name, endpoint: str, protocol: str) -> None:
    place = read_arn(endpoint)
    if place is None:
        raise invalid("SQS endpoint ARN")
    if place.name.endswith(FIFO) and not topic.is_fifo:
        raise invalid(
            "Invalid parameter: Endpoint",
            "FIFO SQS Queues can not be subscribed to standard SNS topics",
        )


def _check_url(topic: Name, endpoint: str, protocol: str) -> None:
    if topic.is_fifo:
        raise invalid(
            "Invalid parameter: Protocol", f"{protocol} is not supported for FIFO SNS topics"
        )
    try:
        parts = urlsplit(endpoint)
        is_good = parts.scheme == protocol and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_good = False
    if not is_good or len(endpoint) > URL_MAX or not endpoint.isascii() or " " in endpoint:
        raise invalid("Endpoint", "Endpoint must match the specified protocol")


CHECKS: Final[dict[str, Callable[[Name, str, str], None]]] = {
    SQS: _check_queue,
    **dict.fromkeys(WEB, _check_url),
}


def _current(service: Service, session: Session, name: Name) -> list[tuple[Name, Subscription]]:
    """Of a topic, those whose time is over taken away."""
    now_ms = session.wall_ms()
    found = []
    for one, subscription in service.store.subscriptions(session, name):
        if subscription.is_over(now_ms):
            _end(service, session, one)
        else:
            found.append((one, subscription))
    return found


def _end(service: Service, session: Session, name: Name) -> None:
    with suppress(NotFound):
        service.store.delete_subscription(session, name)
    drop_stream(session, name)


# --- confirmed, ended ---


def confirm_subscription(
    service: Service, asked: TopicAsked, request: t.ConfirmSubscription
) -> Response:
    """See the API reference."""
    if not request.token:
        raise missing("Token")
    name = topic_name(request.topic_arn)
    session = asked.session
    service.store.topic(session, name)
    one, subscription = _holder(_current(service, session, name), request.token)
    if subscription.is_pending:
        is_owned = not asked.is_anonymous and request.authenticate_on_unsubscribe == "true"
        subscription = msgspec.structs.replace(subscription, is_pending=False, is_owned=is_owned)
        service.store.put_subscription(session, one, subscription)
    return changed(asked, asked.answer(t.SubscriptionArn(one.arn)))


def _holder(found: list[tuple[Name, Subscription]], token: str) -> tuple[Name, Subscription]:
    """Whose token it is. Raises Refused."""
    for one, subscription in found:
        if subscription.token and _same(subscription.token, token):
            return one, subscription
    raise invalid("Token")


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode(), other.encode())


def unsubscribe(service: Service, asked: TopicAsked, request: t.Unsubscribe) -> Response:
    """See the API reference: one that is not there is fine."""
    name = subscription_name(request.subscription_arn)
    session = asked.session
    try:
        subscription = service.store.subscription(session, name)
    except Refused:
        return asked.answer()
    if subscription.is_pending:
        raise invalid("SubscriptionArn", "The subscription is not confirmed")
    if asked.is_anonymous and subscription.is_owned:
        raise Refused(AUTHORIZATION_ERROR, "The subscription can only be ended by its owner")
    _end(service, session, name)
    return changed(asked, asked.answer())


# --- told ---


def list_subscriptions(
    service: Service, asked: TopicAsked, request: t.ListSubscriptions
) -> Response:
    """See the API reference."""
    return _list(service, asked, asked.topic(""), request.next_token)


def list_subscriptions_by_topic(
    service: Service, asked: TopicAsked, request: t.ListSubscriptionsByTopic
) -> Response:
    """See the API reference."""
    name = topic_name(request.topic_arn)
    service.store.topic(asked.session, name)
    return _list(service, asked, name, request.next_token)


def _list(service: Service, asked: TopicAsked, name: Name, token: str | None) -> Response:
    found = service.store.subscriptions(asked.session, name, read_token(token), PAGE_MAX + 1)
    now_ms = asked.session.wall_ms()
    page = [
        t.SubscriptionItem(
            PENDING_IN_LISTS if one.is_pending else own.arn,
            own.account,
            one.protocol,
            one.endpoint,
            own._replace(id="").arn,
        )
        for own, one in found[:PAGE_MAX]
        if not one.is_over(now_ms)
    ]
    more = write_token(found[PAGE_MAX - 1][0].key) if len(found) > PAGE_MAX else None
    return asked.answer(t.Subscriptions(page, more))


def _known(service: Service, session: Session, name: Name) -> Subscription:
    found = service.store.subscription(session, name)
    if found.is_over(session.wall_ms()):
        raise no_subscription()
    return found


def get_subscription_attributes(
    service: Service, asked: TopicAsked, request: t.GetSubscriptionAttributes
) -> Response:
    """See the API reference."""
    name = subscription_name(request.subscription_arn)
    subscription = _known(service, asked.session, name)
    topic = service.store.topic(asked.session, name)
    return asked.answer(t.AttributesResult(attr.described_subscription(name, subscription, topic)))


def set_subscription_attributes(
    service: Service, asked: TopicAsked, request: t.SetSubscriptionAttributes
) -> Response:
    """See the API reference: an empty value takes one back."""
    name = subscription_name(request.subscription_arn)
    if not request.attribute_name:
        raise missing("AttributeName")
    session = asked.session
    subscription = _known(service, session, name)
    attributes = attr.checked_subscription(
        subscription.attributes,
        {request.attribute_name: request.attribute_value or ""},
        subscription.protocol,
    )
    subscription = msgspec.structs.replace(subscription, attributes=attributes)
    service.store.put_subscription(session, name, subscription)
    if subscription.protocol in WEB:
        refresh_notes(session, name, subscription, service.store.topic(session, name))
    return changed(asked, asked.answer())
