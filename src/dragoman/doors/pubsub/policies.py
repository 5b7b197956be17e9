"""google.iam.v1.IAMPolicy: who may do what with topics, subscriptions, snapshots and schemas."""

from collections.abc import Callable, Mapping
from typing import Any

from dragoman.doors.pubsub.finding import find_topic, topic_resource
from dragoman.doors.pubsub.names import (
    SCHEMAS,
    SNAPSHOTS,
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    bad_name,
    place_of,
)
from dragoman.doors.pubsub.schemas import get_subject, schema_resource
from dragoman.doors.pubsub.seeking import find_snapshot, snapshot_resource
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.doors.shared.grpc.policies import Resource, permitted, policy_of, set_policy
from dragoman.kernel.api import Session
from dragoman.wire.grpc.codes import NOT_FOUND


class Policies:
    """The three methods."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._finders: Mapping[str, Callable[[Session, Place], Resource]] = {
            TOPICS: _topic,
            SUBSCRIPTIONS: lambda session, place: standing.locations.get(session, place).resource,
            SNAPSHOTS: _snapshot,
            SCHEMAS: _schema,
        }

    def _find(self, call: Call, name: str) -> Resource:
        """The resource, which must be there; what may be done with it is asked later. Raises Status."""
        kind = _collection(name)
        if kind not in self._finders:
            raise bad_name(name)
        place = place_of(name, kind)
        with by_broker(call):
            return self._finders[kind](call.session, place)

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        return policy_of(call.session, self._find(call, request.resource))

    def set(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        return set_policy(call.session, self._find(call, request.resource), request)

    def test(self, call: Call, request: Any) -> Reply:
        """See the API reference: of what is not there nobody may anything."""
        try:
            resource = self._find(call, request.resource)
        except Status as error:
            if error.code != NOT_FOUND:
                raise
            resource = None
        return permitted(call.session, resource, request, _collection(request.resource))


def _collection(name: str) -> str:
    return name.split("/")[2] if name.count("/") == 3 else ""


def _topic(session: Session, place: Place) -> Resource:
    return topic_resource(place.project, find_topic(session, place).name)


def _snapshot(session: Session, place: Place) -> Resource:
    find_snapshot(session, place)
    return snapshot_resource(place)


def _schema(session: Session, place: Place) -> Resource:
    get_subject(session, place)
    return schema_resource(place)
