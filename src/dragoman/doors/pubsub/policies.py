"""google.iam.v1.IAMPolicy: policies of resources, kept and told, and acted on by nobody.

There is one principal: whoever may call at all (`access`) may do everything. So TestIamPermissions answers with all
permissions that it is asked about.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dragoman.doors.pubsub.finding import POLICY, find_topic
from dragoman.doors.pubsub.names import (
    SCHEMAS,
    SNAPSHOTS,
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    bad_name,
    place_of,
)
from dragoman.doors.pubsub.schemas import get_subject
from dragoman.doors.pubsub.seeking import find_snapshot
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.shared.grpc.call import Call, Reply
from dragoman.doors.shared.grpc.policies import all_permitted, keep_policy, policy_of
from dragoman.kernel.api import Session


class Policies:
    """The three methods."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._finders: Mapping[str, Callable[[Session, Place], object]] = {
            TOPICS: find_topic,
            SUBSCRIPTIONS: standing.locations.get,
            SNAPSHOTS: find_snapshot,
            SCHEMAS: get_subject,
        }

    def _find(self, session: Session, resource: str) -> Place:
        """The resource, which must be there. Raises Status."""
        kind = resource.split("/")[2] if resource.count("/") == 3 else ""
        if kind not in self._finders:
            raise bad_name(resource)
        place = place_of(resource, kind)
        self._finders[kind](session, place)
        return place

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = self._find(call.session, request.resource)
        return policy_of(call.session, place.project, POLICY, request.resource)

    def set(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = self._find(call.session, request.resource)
        return keep_policy(call.session, place.project, POLICY, request.resource, request.policy)

    def test(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        self._find(call.session, request.resource)
        return all_permitted(request)
