"""Topics and subscriptions as documents of the kernel, and those of a topic that messages go to.

    sns.topic          NAME          its attributes and tags
    sns.subscription   NAME:UUID     where to, its attributes, whether it is confirmed

What a topic's messages go to is read once and remembered until this face changes anything of the topic: nobody else
writes these documents.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from dragoman.doors.sns.errors import no_subscription, no_topic
from dragoman.doors.sns.filters import Policy, read_policy
from dragoman.doors.sns.names import Name
from dragoman.kernel.api import (
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    PutDocument,
    Session,
)
from dragoman.model.errors import NotFound

TOPIC: Final = "sns.topic"
SUBSCRIPTION: Final = "sns.subscription"
KNOWN_MAX: Final = 1_024  # topics whose subscriptions are remembered
PAGE_MAX: Final = 100
SQS: Final = "sqs"
WEB: Final = ("http", "https")


class Topic(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a topic was told."""

    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where messages go.

    token     confirms it, while it is pending and after; empty where nobody is asked
    until_ms  how long the token may be used
    is_owned  whoever confirmed it was signed, and nobody leaves without a signature
    base      scheme and host by which the subscriber came
    """

    protocol: str
    endpoint: str
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    is_pending: bool = False
    is_owned: bool = True
    token: str = ""
    until_ms: int = 0
    base: str = ""

    @property
    def is_raw(self) -> bool:
        """Whether messages go without their envelope."""
        return self.attributes.get("RawMessageDelivery") == "true"

    def is_over(self, now_ms: int) -> bool:
        """Nobody has confirmed it in time."""
        return self.is_pending and self.until_ms <= now_ms


class Target:
    """A confirmed subscription, its filter read."""

    __slots__ = ("name", "policy", "subscription")

    def __init__(self, name: Name, subscription: Subscription) -> None:
        self.name = name
        self.subscription = subscription
        self.policy: Policy | None = read_policy(subscription.attributes)


_TOPICS: Final = msgspec.json.Decoder(Topic)
_SUBSCRIPTIONS: Final = msgspec.json.Decoder(Subscription)


class Store:
    """See the module."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, str], list[Target]] = {}

    # --- topics ---

    def topic(self, session: Session, name: Name) -> Topic:
        """Raises Refused."""
        try:
            document: Document = session.submit(
                GetDocument(namespace=name.namespace, kind=TOPIC, name=name.topic)
            )
        except NotFound:
            raise no_topic() from None
        return _TOPICS.decode(document.body)

    def put_topic(self, session: Session, name: Name, topic: Topic) -> None:
        """Make it, or put it in place of what is there."""
        body = msgspec.json.encode(topic)
        session.submit(
            PutDocument(namespace=name.namespace, kind=TOPIC, name=name.topic, body=body)
        )

    def delete_topic(self, session: Session, name: Name) -> None:
        """It, and not its subscriptions. Raises NotFound."""
        self._forget(name)
        session.submit(DeleteDocument(namespace=name.namespace, kind=TOPIC, name=name.topic))

    def topics(self, session: Session, namespace: str, after: str) -> list[str]:
        """One name more than a page has, where there are so many."""
        found = _documents(session, namespace, TOPIC, after=after, count=PAGE_MAX + 1)
        return [document.name for document in found]

    # --- subscriptions ---

    def subscription(self, session: Session, name: Name) -> Subscription:
        """Raises Refused."""
        try:
            document: Document = session.submit(
                GetDocument(namespace=name.namespace, kind=SUBSCRIPTION, name=name.key)
            )
        except NotFound:
            raise no_subscription() from None
        return _SUBSCRIPTIONS.decode(document.body)

    def put_subscription(self, session: Session, name: Name, subscription: Subscription) -> None:
        """Make it, or put it in place of what is there."""
        self._forget(name)
        body = msgspec.json.encode(subscription)
        session.submit(
            PutDocument(namespace=name.namespace, kind=SUBSCRIPTION, name=name.key, body=body)
        )

    def delete_subscription(self, session: Session, name: Name) -> None:
        """Raises NotFound."""
        self._forget(name)
        session.submit(DeleteDocument(namespace=name.namespace, kind=SUBSCRIPTION, name=name.key))

    def subscriptions(
        self, session: Session, name: Name, after: str = "", count: int = 0
    ) -> list[tuple[Name, Subscription]]:
        """Of a topic, or, where it is called nothing, of the whole account; `count` at most, 0 all."""
        prefix = f"{name.topic}:" if name.topic else ""
        found: list[tuple[Name, Subscription]] = []
        for document in _documents(
            session, name.namespace, SUBSCRIPTION, prefix=prefix, after=after, count=count
        ):
            topic, _, id_ = document.name.rpartition(":")
            one = name._replace(topic=topic, id=id_)
            found.append((one, _SUBSCRIPTIONS.decode(document.body)))
        return found

    def targets(self, session: Session, name: Name) -> list[Target]:
        """Where the topic's messages go now."""
        key = (name.namespace, name.topic)
        found = self._targets.get(key)
        if found is None:
            found = [
                Target(one, subscription)
                for one, subscription in self.subscriptions(session, name)
                if not subscription.is_pending
            ]
            if len(self._targets) >= KNOWN_MAX:
                self._targets.clear()
            self._targets[key] = found
        return found

    def _forget(self, name: Name) -> None:
        self._targets.pop((name.namespace, name.topic), None)


def _documents(
    session: Session,
    namespace: str,
    kind: str,
    *,
    prefix: str = "",
    after: str = "",
    count: int = 0,
) -> list[Document]:
    found: list[Document] = []
    while True:
        page: list[Document] = session.submit(
            ListDocuments(namespace=namespace, kind=kind, prefix=prefix, after=after)
        )
        found += page
        if not page or (count and len(found) >= count):
            return found[:count] if count else found
        after = page[-1].name


def attribute_map(given: Mapping[str, str] | None) -> dict[str, str]:
    """What a request gives, empty where it gives nothing."""
    return dict(given or {})
