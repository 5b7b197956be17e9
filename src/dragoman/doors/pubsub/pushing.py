"""Push: a message as a request, and its answer as what becomes of it. What is common to all who push is `shared.push`.

wrapped      POST, JSON: {"message": {"data", "attributes", "messageId", "publishTime", ..}, "subscription", ..}
no_wrapper   POST, the data; with write_metadata x-goog-pubsub-* headers, and the attributes as headers
oidc_token   Authorization: Bearer, a token that names the service account and the audience (else the endpoint)
acknowledged by 102, 200, 201, 202, 204; all else is tried again, as the retry policy says or ever more slowly
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub.names import PROTOCOL
from dragoman.doors.pubsub.spelling import first_id
from dragoman.doors.pubsub.subscriptions import shown
from dragoman.doors.pubsub.traits import Traits, subscription_of
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import (
    ACK,
    Plan,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.formats import render
from dragoman.formats.errors import FormatError, TooLarge
from dragoman.formats.options import RenderOptions
from dragoman.formats.pubsub import PubsubMessage, unpack
from dragoman.formats.values import timestamp_text
from dragoman.kernel.api import FindStream, ListPushed, Session
from dragoman.model.levels import PUBSUB
from dragoman.ports.outbound import Answered, Outgoing

GOOD: Final = frozenset((102, 200, 201, 202, 204))
BACKOFF_MS: Final = 100  # without a retry policy
BACKOFF_MS_MAX: Final = 60_000
AGENT: Final = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google)"
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TAKEN: Final = frozenset(
    ("host", "content-length", "content-type", "user-agent", "connection", "authorization")
)


class Target:
    """What must be known of a subscription that is pushed."""

    __slots__ = ("ack_ms", "config", "name", "note", "stream_id", "traits")

    def __init__(self, session: Session, subscription: PushedSubscription) -> None:
        found = subscription_of(subscription.settings)
        self.note = subscription.settings.notes[PROTOCOL]
        self.name = shown(session, subscription.namespace, subscription.stream, subscription.name)
        self.config: Any = found.push_config
        self.traits = Traits(subscription.settings)
        self.ack_ms: int = found.ack_deadline_seconds * 1000
        self.stream_id: int = session.submit(
            FindStream(namespace=subscription.namespace, name=subscription.stream)
        ).id

    def delay_ms(self, attempt: int) -> int:
        """Until a message is tried again."""
        if self.traits.backoff_ms:
            return self.traits.delay_ms(attempt)
        return min(BACKOFF_MS << min(attempt - 1, 20), BACKOFF_MS_MAX)


class Pushing:
    """See `shared.push.renderer.Renderer`."""

    name = PROTOCOL

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._session: Session | None = None  # of whoever pushes
        self._targets: dict[int, Target] = {}  # by subscription

    def pushed(self, session: Session) -> Sequence[PushedSubscription]:
        """What is pushed now; whoever asks is told when that changes."""
        self._session = session
        session.watch_pushed(PROTOCOL)
        found: list[PushedSubscription] = session.submit(ListPushed(face=PROTOCOL))
        targets: dict[int, Target] = {}
        for each in found:
            known = self._targets.get(each.id)
            is_known = known is not None and known.note is each.settings.notes[PROTOCOL]
            targets[each.id] = known if known and is_known else Target(session, each)
        self._targets = targets
        return found

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        """To its endpoint, a message to a request."""
        return Plan(self._targets[subscription.id].config.push_endpoint)

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        """The message in its wrapper, or bare."""
        (message,) = messages
        target = self._targets[subscription.id]
        try:
            entry = _entry(message, subscription.stream)
        except TooLarge:
            return Verdict("reject", reason="too-large")
        except FormatError:
            return Verdict("reject", reason="rejected")
        number = str(first_id(target.stream_id, message.partition) + message.offset)
        if target.config.WhichOneof("wrapper") == "no_wrapper":
            headers, body = _bare(target, entry, message, number)
        else:
            headers, body = _wrapped(target, entry, message, number)
        url = target.config.push_endpoint
        headers += [*self._credentials(target.config), ("User-Agent", AGENT)]
        return Outgoing("POST", url, headers, body, target.ack_ms)

    def _credentials(self, config: Any) -> list[tuple[str, str]]:
        """A token that says who calls whom, where one is wanted."""
        if not config.HasField("oidc_token"):
            return []
        assert self._session is not None
        email = config.oidc_token.service_account_email
        audience = config.oidc_token.audience or config.push_endpoint
        token = self._issuer.id_token(self._session, email, audience)
        return [("Authorization", f"Bearer {token}")]

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        """What the answer means."""
        if answered.status in GOOD:
            return ACK
        target = self._targets.get(subscription.id)
        delay_ms = BACKOFF_MS if target is None else target.delay_ms(attempt)
        text = answered.text or f"HTTP {answered.status}"
        return Verdict("release", delay_ms=delay_ms, text=text)


def _entry(message: PushMessage, stream: str) -> PubsubMessage:
    if message.format == PUBSUB:
        return unpack(message.body)
    options = RenderOptions(stream, message.stored_ms)
    return unpack(render([(message.decode(), None)], PUBSUB, options)[0])


def _attributes(entry: PubsubMessage) -> Mapping[str, str]:
    return {name.decode(): value.decode() for name, value in entry.attributes}


def _wrapped(
    target: Target, entry: PubsubMessage, message: PushMessage, number: str
) -> tuple[list[tuple[str, str]], bytes]:
    time = timestamp_text(message.stored_ms)
    told: dict[str, Any] = {"data": b64encode(entry.data).decode()} if entry.data else {}
    told |= {"messageId": number, "message_id": number, "publishTime": time, "publish_time": time}
    if entry.attributes:
        told["attributes"] = _attributes(entry)
    if entry.ordering_key:
        told["orderingKey"] = entry.ordering_key.decode()
    body: dict[str, Any] = {"message": told, "subscription": target.name}
    if target.traits.counts_attempts:
        body["deliveryAttempt"] = message.attempt
    return [("Content-Type", "application/json")], msgspec.json.encode(body)


def _bare(
    target: Target, entry: PubsubMessage, message: PushMessage, number: str
) -> tuple[list[tuple[str, str]], bytes]:
    """What HTTP does not allow as a header is left out."""
    if not target.config.no_wrapper.write_metadata:
        return [], entry.data
    attributes = _attributes(entry)
    headers = [
        ("x-goog-pubsub-subscription-name", target.name),
        ("x-goog-pubsub-message-id", number),
        ("x-goog-pubsub-publish-time", timestamp_text(message.stored_ms)),
    ]
    if entry.ordering_key:
        headers.append(("x-goog-pubsub-ordering-key", entry.ordering_key.decode()))
    headers += [
        ("Content-Type" if name.lower() == "content-type" else name, value)
        for name, value in attributes.items()
        if name.lower() not in _TAKEN or name.lower() == "content-type"
    ]
    return [
        pair for pair in headers if _NAME.fullmatch(pair[0]) and _VALUE.fullmatch(pair[1])
    ], entry.data
