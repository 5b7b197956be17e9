"""What a topic or subscription means in the kernel. Hot where messages are.

    topic T           the stream T, or the one that is called so by clients of Pub/Sub
    subscription S    where the document `pubsub.subscription` S says; else the queue S of another door

The document names the stream and the subscription there, since a subscription's own name says neither. It may be left
behind by a stream that another door deleted: what it names is not there then, and so the subscription is not.
"""

from contextlib import suppress
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub.errors import not_found
from dragoman.doors.pubsub.names import PROTOCOL, SUBSCRIPTIONS, TOPICS, Place
from dragoman.doors.shared.grpc.policies import Resource
from dragoman.kernel.api import (
    STREAM,
    SUBSCRIPTION,
    DeleteDocument,
    Document,
    FindQueue,
    FindStream,
    GetDocument,
    ListAliases,
    PutDocument,
    QueueHead,
    Resolve,
    Session,
    StreamHead,
    StreamSettings,
    SubscriptionSettings,
    subscription_name,
)
from dragoman.model.errors import DocumentNotFound, NotFound, StreamNotFound, SubscriptionNotFound

KIND: Final = "pubsub.subscription"
DELETED: Final = "pubsub.deleted"  # in a stream's notes: it is no topic any more
KNOWN_MAX: Final = 4_096


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a subscription is: on which stream, under which name there (empty: its queue). One that is detached is
    nowhere any more; `detached` is what it was.
    """

    namespace: str
    stream: str
    subscription: str = ""
    detached: str = ""


class Found:
    """A subscription that is there."""

    __slots__ = ("head", "location", "place")

    def __init__(self, place: Place, location: Location, head: QueueHead) -> None:
        self.place = place
        self.location = location
        self.head = head

    @property
    def settings(self) -> SubscriptionSettings:
        """The kernel's."""
        return self.head.settings

    @property
    def resource(self) -> Resource:
        """As policies know it."""
        return subscription_resource(self.location)

    @property
    def where(self) -> dict[str, Any]:
        """As commands name it."""
        location = self.location
        return {
            "namespace": location.namespace,
            "name": location.stream,
            "subscription": location.subscription,
        }


# Topics


def find_topic(session: Session, place: Place) -> StreamHead:
    """Raises Status."""
    head = find_stream(session, place)
    if head is None or DELETED in head.settings.notes:
        raise not_found(place.id)
    return head


def find_stream(session: Session, place: Place) -> StreamHead | None:
    """The stream behind a topic's name, also when the topic is deleted."""
    head: StreamHead | None = _named(session, place, FindStream, StreamNotFound)
    return head


def _named(session: Session, place: Place, find: Any, missing: type[NotFound]) -> Any:
    """What `find` answers for the place's own name, else for the name that Pub/Sub knows it by; None without either."""
    try:
        return session.submit(find(namespace=place.project, name=place.id))
    except missing:
        try:
            name = session.submit(
                Resolve(namespace=place.project, protocol=PROTOCOL, name=place.id)
            )
            return session.submit(find(namespace=place.project, name=name))
        except NotFound:
            return None


def is_topic(settings: StreamSettings) -> bool:
    """Whether clients see the stream."""
    return DELETED not in settings.notes


def called(session: Session, namespace: str, names: tuple[str, ...]) -> list[str]:
    """What streams are called by clients of Pub/Sub."""
    found: list[str] = session.submit(
        ListAliases(namespace=namespace, protocol=PROTOCOL, names=names)
    )
    return found


# Subscriptions


class Locations:
    """Remembers what documents say as long as they say it."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Place, tuple[Document, Location]] = {}

    def of(self, session: Session, place: Place) -> Location | None:
        """Where a subscription that was made here is."""
        try:
            document: Document = session.submit(
                GetDocument(namespace=place.project, kind=KIND, name=place.id)
            )
        except DocumentNotFound:
            return None
        known = self._known.get(place)
        if known is not None and known[0] is document:
            return known[1]
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        location = msgspec.json.decode(document.body, type=Location)
        self._known[place] = (document, location)
        return location

    def find(self, session: Session, place: Place) -> Found | None:
        """The subscription, where it is there and reads its stream."""
        location = self.of(session, place)
        if location is None:
            head = _find_queue(session, place)
            return None if head is None else Found(place, Location(place.project, head.name), head)
        if location.detached:
            return None
        try:
            head = session.submit(
                FindQueue(
                    namespace=location.namespace,
                    name=location.stream,
                    subscription=location.subscription,
                )
            )
        except SubscriptionNotFound:
            return None
        return Found(place, location, head)

    def get(self, session: Session, place: Place) -> Found:
        """As `find`. Raises Status."""
        found = self.find(session, place)
        if found is None:
            raise not_found(place.id)
        return found


def _find_queue(session: Session, place: Place) -> QueueHead | None:
    """The queue of another door that is called so."""
    head: QueueHead | None = _named(session, place, FindQueue, SubscriptionNotFound)
    return head


def put_location(session: Session, place: Place, location: Location) -> None:
    """Say where the subscription is."""
    command = PutDocument(
        namespace=place.project,
        kind=KIND,
        name=place.id,
        body=msgspec.json.encode(location),
        takes=subscription_resource(location).need(),
    )
    session.submit(command)


def drop_location(session: Session, place: Place, location: Location) -> None:
    """It is nowhere; that it never was somewhere is fine."""
    takes = subscription_resource(location).need()
    with suppress(DocumentNotFound):
        session.submit(
            DeleteDocument(namespace=place.project, kind=KIND, name=place.id, takes=takes)
        )


# As policies know them


def topic_resource(namespace: str, stream: str) -> Resource:
    """A topic, by its stream."""
    return Resource(namespace, TOPICS, STREAM, stream)


def subscription_resource(location: Location) -> Resource:
    """A subscription, where it is or was."""
    own = location.subscription or location.stream
    name = subscription_name(location.stream, own)
    return Resource(location.namespace, SUBSCRIPTIONS, SUBSCRIPTION, name)
