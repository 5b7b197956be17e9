"""Subscriptions: made, told, changed, listed, detached and deleted.

    on topic T, called S       subscription S of the stream T; called as its topic: the queue of the stream
    of another project, P      subscription `P/S` of the stream

What only Pub/Sub understands of one is in the notes of the kernel's settings (`traits`); where it is says a document
(`finding`). Queues of other doors are subscriptions as well; deleting one deletes the queue.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub import traits
from dragoman.doors.pubsub.errors import already_exists, invalid, precondition
from dragoman.doors.pubsub.finding import (
    DELETED,
    KIND,
    Found,
    Location,
    Locations,
    called,
    drop_location,
    find_stream,
    find_topic,
    put_location,
    subscription_resource,
    topic_resource,
)
from dragoman.doors.pubsub.masks import page_of, update
from dragoman.doors.pubsub.names import (
    DELETED_TOPIC,
    PROTOCOL,
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    new_place,
    place_of,
    project_of,
    subscription_name,
    topic_name,
)
from dragoman.doors.pubsub.protos import (
    DetachSubscriptionResponse,
    Empty,
    ListSubscriptionsResponse,
    ListTopicSubscriptionsResponse,
    Subscription,
    Topic,
    from_text,
    to_text,
)
from dragoman.doors.pubsub.topics import adjust_retention
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, written
from dragoman.doors.shared.grpc.policies import check, forget_policy, may
from dragoman.kernel.api import (
    AlterSubscription,
    CreateSubscription,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    DeleteSubscription,
    Document,
    ListDocuments,
    ListQueues,
    ListSubscriptions,
    QueueInfo,
    Seek,
    Session,
    StreamHead,
    SubscriptionSettings,
)
from dragoman.model.errors import AccessRefused, InvalidArgument, NotFound, StreamNotFound
from dragoman.model.limits import DOCUMENTS_LISTED_MAX

GET: Final = "pubsub.subscriptions.get"
UPDATE: Final = "pubsub.subscriptions.update"
DELETE: Final = "pubsub.subscriptions.delete"
NOW: Final = 1 << 62  # a time that nothing was stored after


class Subscriptions:
    """The methods about subscriptions themselves."""

    def __init__(self, locations: Locations) -> None:
        self._locations = locations

    # --- what one is ---

    def told(self, session: Session, found: Found) -> Any:
        """A subscription as clients see it."""
        subscription = traits.subscription_of(found.settings)
        if subscription is None:
            subscription = traits.foreign_of(found.settings)
        subscription.name = subscription_name(found.place)
        subscription.state = Subscription.ACTIVE
        stream, namespace = found.head.stream, found.location.namespace
        if DELETED in stream.notes:
            subscription.topic = DELETED_TOPIC
        else:
            (name,) = called(session, namespace, (found.head.name,))
            subscription.topic = topic_name(Place(namespace, name))
        text = stream.notes.get(PROTOCOL)
        topic = None if text is None else from_text(Topic, text)
        if topic is not None and topic.HasField("message_retention_duration"):
            subscription.topic_message_retention_duration.CopyFrom(topic.message_retention_duration)
        return subscription

    def _detached(self, place: Place, location: Location) -> Any:
        subscription = from_text(Subscription, location.detached)
        subscription.name = subscription_name(place)
        subscription.detached = True
        subscription.state = Subscription.ACTIVE
        return subscription

    # --- methods ---

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = new_place(request.name, SUBSCRIPTIONS)
        topic = place_of(request.topic, TOPICS)
        session = call.session
        traits.complete(request)
        head = find_topic(session, topic)
        with by_broker(call):  # whether the name is taken is the door's to know
            known = self._locations.of(session, place)
            if (known is not None and known.detached) or self._locations.find(session, place):
                raise already_exists(place.id)
        location = _location(place, topic.project, head)
        self._make(call, location, request)
        put_location(session, place, location)
        forget_policy(call, subscription_resource(location))
        with by_broker(call):
            adjust_retention(session, location.namespace, location.stream)
            told = self.told(session, self._locations.get(session, place))
        return written(session, told)

    def _make(self, call: Call, location: Location, request: Any) -> None:
        session = call.session
        settings = self._settings(
            session, location, request, SubscriptionSettings(owns_stream=False)
        )
        where: dict[str, Any] = {"namespace": location.namespace, "name": location.stream}
        try:
            if location.subscription:
                session.submit(
                    CreateSubscription(
                        **where,
                        subscription=location.subscription,
                        settings=settings,
                        from_end=True,
                    )
                )
            else:
                session.submit(DeclareQueue(**where, settings=settings))
                with by_broker(call):  # where it begins
                    session.submit(Seek(**where, time_ms=NOW))
        except InvalidArgument as error:
            raise (
                invalid(f"Invalid filter provided: {error}.") if request.filter else error
            ) from error

    def _settings(
        self, session: Session, location: Location, request: Any, old: SubscriptionSettings
    ) -> SubscriptionSettings:
        def find(topic: Place) -> str:
            if topic.project != location.namespace:
                raise invalid(
                    "The dead letter topic is of the project of the subscription's topic."
                )
            return find_topic(session, topic).name

        return traits.settings_of(request, find, old)

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = place_of(request.subscription, SUBSCRIPTIONS)
        location = self._locations.of(call.session, place)
        if location is not None and location.detached:
            check(call.session, subscription_resource(location), GET)
            return Reply(self._detached(place, location))
        found = self._locations.get(call.session, place)
        check(call.session, found.resource, GET)
        return Reply(self.told(call.session, found))

    def update(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        found = self._locations.get(session, place_of(request.subscription.name, SUBSCRIPTIONS))
        check(session, found.resource, UPDATE)
        subscription = self.told(session, found)
        update(subscription, request.subscription, request.update_mask.paths, traits.MUTABLE)
        self._alter(call, found, subscription)
        return written(session, self.told(session, self._locations.get(session, found.place)))

    def _alter(self, call: Call, found: Found, subscription: Any) -> None:
        session = call.session
        traits.complete(subscription)
        settings = self._settings(session, found.location, subscription, found.settings)
        if settings.order != found.settings.order:  # of another door: an order of its own
            settings = msgspec.structs.replace(
                settings,
                order=found.settings.order,
                revoke_followers=found.settings.revoke_followers,
            )
        session.submit(AlterSubscription(**found.where, settings=settings))
        with by_broker(call):
            adjust_retention(session, found.location.namespace, found.location.stream)

    def modify_push_config(self, call: Call, request: Any) -> Reply:
        """See the API reference: without an endpoint it is pulled again."""
        session = call.session
        found = self._locations.get(session, place_of(request.subscription, SUBSCRIPTIONS))
        check(session, found.resource, UPDATE)
        subscription = self.told(session, found)
        subscription.push_config.CopyFrom(request.push_config)
        self._alter(call, found, subscription)
        return written(session, Empty())

    def delete(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        place = place_of(request.subscription, SUBSCRIPTIONS)
        location = self._locations.of(session, place)
        if location is not None and location.detached:
            check(session, subscription_resource(location), DELETE)
        else:
            found = self._locations.get(session, place)
            location = found.location
            self._delete(call, found)
        drop_location(session, place, location)
        forget_policy(call, subscription_resource(location))
        return written(session, Empty())

    def _delete(self, call: Call, found: Found) -> None:
        session, where = call.session, found.where
        if where.pop("subscription"):
            session.submit(DeleteSubscription(**found.where))
        else:
            session.submit(DeleteQueue(**where))
        with by_broker(call):
            _after(session, found.location)

    def detach(self, call: Call, request: Any) -> Reply:
        """See the API reference: what it still had is gone, and it can only be deleted."""
        session = call.session
        place = place_of(request.subscription, SUBSCRIPTIONS)
        location = self._locations.of(session, place)
        if location is not None and location.detached:
            return Reply(DetachSubscriptionResponse())
        found = self._locations.get(session, place)
        if location is None:
            raise precondition("A queue of another protocol cannot be detached.")
        text = to_text(self.told(session, found))
        self._delete(call, found)
        put_location(session, place, msgspec.structs.replace(location, detached=text))
        return written(session, DetachSubscriptionResponse())

    # --- lists ---

    def list(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        project = project_of(request.project)
        session = call.session
        page, token = page_of(_places(session, project), request)
        found = [self._listed(session, place) for place in page]
        return Reply(
            ListSubscriptionsResponse(
                subscriptions=[one for one in found if one is not None], next_page_token=token
            )
        )

    def _listed(self, session: Session, place: Place) -> Any:
        location = self._locations.of(session, place)
        if location is not None and location.detached:
            is_shown = may(session, subscription_resource(location), GET)
            return self._detached(place, location) if is_shown else None
        try:
            found = self._locations.find(session, place)
        except AccessRefused:
            return None
        is_shown = found is not None and may(session, found.resource, GET)
        return self.told(session, found) if found is not None and is_shown else None

    def list_of_topic(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = place_of(request.topic, TOPICS)
        session = call.session
        head = find_topic(session, place)
        check(session, topic_resource(place.project, head.name), "pubsub.topics.get")
        infos = session.submit(ListSubscriptions(namespace=place.project, name=head.name))
        names = [shown(session, info.namespace, info.stream, info.name) for info in infos]
        page, token = page_of(names, request)
        return Reply(ListTopicSubscriptionsResponse(subscriptions=page, next_page_token=token))


def _location(place: Place, namespace: str, head: StreamHead) -> Location:
    name = place.id if namespace == place.project else f"{place.project}/{place.id}"
    return Location(namespace, head.name, "" if name == head.name else name)


def _after(session: Session, location: Location) -> None:
    """A subscription of the stream is gone: so is a topic that was only kept for it."""
    place = Place(location.namespace, location.stream)
    head = find_stream(session, place)
    if head is None:
        return
    try:
        left = session.submit(ListSubscriptions(namespace=location.namespace, name=head.name))
        if DELETED in head.settings.notes and not left:
            session.submit(DeleteStream(namespace=location.namespace, name=head.name))
        else:
            adjust_retention(session, location.namespace, head.name)
    except (StreamNotFound, NotFound):
        return


def shown(session: Session, namespace: str, stream: str, subscription: str) -> str:
    """A subscription of a stream by its full name."""
    project, slash, name = subscription.partition("/")
    if slash and subscription != stream:
        return subscription_name(Place(project, name))
    if subscription == stream:
        (name,) = called(session, namespace, (stream,))
    else:
        name = subscription
    return subscription_name(Place(namespace, name))


def _places(session: Session, project: str) -> Sequence[Place]:
    """All subscriptions of a project, by name: those made here, and queues of other doors."""
    names: dict[str, None] = {}
    after = ""
    while True:
        documents: list[Document] = session.submit(
            ListDocuments(namespace=project, kind=KIND, after=after)
        )
        names.update((document.name, None) for document in documents)
        if len(documents) < DOCUMENTS_LISTED_MAX:
            break
        after = documents[-1].name
    queues: list[QueueInfo] = session.submit(ListQueues(namespace=project))
    streams = tuple(info.name for info in queues)
    names.update((name, None) for name in called(session, project, streams))
    return [Place(project, name) for name in sorted(names)]
