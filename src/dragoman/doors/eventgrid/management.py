"""Azure Resource Manager for Event Grid: `azure-mgmt-eventgrid` and its like, on our own port.

    GET PUT PATCH DELETE   RESOURCE                 GET   LIST                     POST   RESOURCE/ACTION

Whatever is asked for is carried out before it is answered, but for the handshake of a webhook: such a subscription is
`Creating`, and the client asks again until it is something else (`Retry-After`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.eventgrid.access import Access
from dragoman.doors.eventgrid.kinds import (
    KINDS,
    NOT_OFFERED,
    Kind,
    address_of,
    check_names,
    check_properties,
    make,
    make_key,
    unmake,
)
from dragoman.doors.eventgrid.subscribing import EVENT_SUBSCRIPTIONS, Parent, Subscribing
from dragoman.doors.eventgrid.topics import PROVIDER, TOPICS
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place, place_of
from dragoman.doors.shared.arm.store import (
    TOP_LEVEL,
    Json,
    Resource,
    Store,
    is_within,
    key_of,
    made_at,
    not_found,
    page_of,
    properties_in,
    read_body,
)
from dragoman.doors.shared.rest.call import Call, RawHeader, Response, json_response
from dragoman.kernel.api import Session
from dragoman.model.levels import WRITTEN

ACTIONS: Final = ("listkeys", "regeneratekey", "getfullurl", "getdeliveryattributes")
LISTS: Final = (("privateendpointconnections",), ("privatelinkresources",))
RETRY_AFTER: Final[RawHeader] = (b"retry-after", b"1")
PENDING: Final = "Creating"
KEY_NAMES: Final = ("key1", "key2")


class Management:
    """The one handler of all paths of the provider."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access
        self._subscribing = Subscribing(store)
        self._methods: Mapping[str, Callable[[Call, Place], Response]] = {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
            "POST": self._act,
        }

    def handle(self, call: Call) -> Response:
        """Raises ArmError, EventGridError, KernelError."""
        self._access.check_manager(call)
        place = place_of(call.request.path, PROVIDER, ACTIONS)
        if NOT_OFFERED & set(place.types):
            raise ArmError(400, "NotSupported", f"{'/'.join(place.types)} are not offered here.")
        response = self._methods[call.request.method](call, place)
        if call.request.method not in {"GET", "HEAD"}:
            response.after(call.session.position(), WRITTEN)
        return response

    # --- GET ---

    def _get(self, call: Call, place: Place) -> Response:
        if not place.scope:
            return self._catalogue(call, place)
        if place.is_list:
            found = self._list(call.session, place)
            scheme, host = address_of(call)
            request = call.request
            return json_response(
                200, page_of(found, request.path, request.query, f"{scheme}://{host}")
            )
        if place.types[-1:] == EVENT_SUBSCRIPTIONS:
            return self._told(call.session, 200, self._subscription(call.session, place))
        return json_response(200, self._store.get(call.session, place).shown)

    def _list(self, session: Session, place: Place) -> list[Json]:
        if place.types[-1:] == EVENT_SUBSCRIPTIONS:
            return [
                self._subscribing.told(session, resource)
                for resource in self._subscriptions(session, place)
            ]
        if place.types[-1:] in LISTS:
            return []
        kind = KINDS.get(place.types)
        if kind is None:
            raise _no_type(place)
        prefix = "".join(f"{name.lower()}/" for name in place.names)
        if prefix:
            self._parent_of(session, place)
        return [
            resource.shown
            for resource in self._store.all(session, kind.types, prefix)
            if is_within(resource, place)
        ]

    def _subscriptions(self, session: Session, place: Place) -> Sequence[Resource]:
        """Of a topic, or of all topics in a subscription or group; `locations` and `topicTypes` narrow nothing."""
        if place.names and place.types[0] not in {"locations", "topictypes"}:
            owner = Place(place.scope, place.provider, place.types[:-1], place.names, "")
            return self._subscribing.under(session, self._topic(session, owner).stream)
        if f"/providers/{PROVIDER}/".lower() in place.scope.lower():
            owner = place_of(place.scope.encode(), PROVIDER, ())
            return self._subscribing.under(session, self._topic(session, owner).stream)
        return [one for one in self._subscribing.all(session) if is_within(one, place)]

    def _catalogue(self, call: Call, place: Place) -> Response:
        """What there is of topic types and operations: nothing that anybody could need here."""
        if place.is_list and place.types[-1] in {"operations", "topictypes", "eventtypes"}:
            return json_response(200, {"value": []})
        raise not_found(place)

    # --- PUT, PATCH ---

    def _put(self, call: Call, place: Place) -> Response:
        return self._change(call, place, lambda body, _: body)

    def _patch(self, call: Call, place: Place) -> Response:
        """What is not said stays; properties are merged one level deep, as Azure's SDKs expect."""

        def merged(body: Json, old: Resource | None) -> Json:
            if old is None:
                raise not_found(place)
            if place.types[-1:] == EVENT_SUBSCRIPTIONS and "properties" not in body:
                body = {"properties": body}  # of topics and domains: the properties alone
            known: Json = {name: old.shown[name] for name in TOP_LEVEL if name in old.shown}
            told = {name: value for name, value in body.items() if value is not None}
            properties = {**old.properties, **_said(properties_in(body))}
            return {**known, **told, "properties": properties}

        return self._change(call, place, merged)

    def _change(
        self, call: Call, place: Place, body_of: Callable[[Json, Resource | None], Json]
    ) -> Response:
        if place.is_list or place.action:
            raise ArmError(405, "MethodNotAllowed", "There is nothing to change at this path.")
        raw = read_body(call.request.body)
        if place.types[-1:] == EVENT_SUBSCRIPTIONS:
            return self._put_subscription(call, place, raw, body_of)
        kind = KINDS.get(place.types)
        if kind is None:
            raise _no_type(place)
        check_names(place)
        if len(place.names) > 1:
            self._parent_of(call.session, place)
        return self._put_resource(call, place, kind, raw, body_of)

    def _put_resource(
        self,
        call: Call,
        place: Place,
        kind: Kind,
        raw: Json,
        body_of: Callable[[Json, Resource | None], Json],
    ) -> Response:
        session, key = call.session, key_of(place.names)
        old = self._store.find(session, kind.types, key)
        if old is not None and not is_within(old, place):
            raise ArmError(409, "Conflict", f"The name '{place.names[0]}' is taken elsewhere.")
        shown = made_at(place, kind.spelled, body_of(raw, old))
        check_properties(kind, shown["properties"])
        resource = make(call, place, kind, shown, old)
        self._store.put(session, kind.types, key, resource)
        is_new = call.request.method == "PUT" and (old is None or kind.types == TOPICS)
        return json_response(201 if is_new else 200, resource.shown)

    def _put_subscription(
        self,
        call: Call,
        place: Place,
        raw: Json,
        body_of: Callable[[Json, Resource | None], Json],
    ) -> Response:
        session, name = call.session, place.names[-1]
        parent = self._owner(session, place)
        check_names(Place(place.scope, place.provider, place.types[-1:], (name,), ""))
        old = self._subscribing.find(session, parent.stream, name)
        body = body_of(raw, old)
        shown = made_at(place, _spelled(place), body)
        scheme, host = address_of(call)
        resource = self._subscribing.put(session, parent, name, shown, old, f"{scheme}://{host}")
        return self._told(session, 201, resource)

    def _told(self, session: Session, status: int, resource: Resource) -> Response:
        shown = self._subscribing.told(session, resource)
        pending = shown["properties"]["provisioningState"] == PENDING
        return json_response(status, shown, (RETRY_AFTER,) if pending else ())

    # --- DELETE ---

    def _delete(self, call: Call, place: Place) -> Response:
        """What is not there is gone already. What hangs on it goes with it."""
        if place.is_list or place.action:
            raise ArmError(405, "MethodNotAllowed", "There is nothing to delete at this path.")
        session = call.session
        try:
            if place.types[-1:] == EVENT_SUBSCRIPTIONS:
                self._subscribing.delete(session, self._subscription(session, place))
            else:
                self._forget(
                    session, place.types, key_of(place.names), self._store.get(session, place)
                )
        except ArmError as error:
            if error.status != 404:
                raise
        return Response(204)

    def _forget(
        self, session: Session, types: tuple[str, ...], key: str, resource: Resource
    ) -> None:
        for below, kind in KINDS.items():
            if below[:-1] == types:
                for child_key, child in self._store.items(session, kind.types, f"{key}/"):
                    self._forget(session, below, child_key, child)
        stream = resource.hidden.get("stream")
        if stream is not None:
            for subscription in self._subscribing.under(session, str(stream)):
                self._subscribing.delete(session, subscription)
        unmake(session, resource)
        self._store.delete(session, types, key)

    # --- POST ---

    def _act(self, call: Call, place: Place) -> Response:
        session = call.session
        if place.action in {"getfullurl", "getdeliveryattributes"}:
            resource = self._subscription(session, place)
            target = _destination(resource)
            if place.action == "getfullurl":
                return json_response(200, {"endpointUrl": target.get("endpointUrl")})
            return json_response(200, {"value": target.get("deliveryAttributeMappings") or []})
        if place.action not in {"listkeys", "regeneratekey"}:
            raise ArmError(404, "InvalidResourceType", "There is no such action.")
        resource = self._store.get(session, place)
        keys = list(resource.hidden.get("keys") or ())
        if not keys:
            raise _no_type(place)
        if place.action == "regeneratekey":
            name = read_body(call.request.body).get("keyName")
            if name not in KEY_NAMES:
                raise ArmError(400, "InvalidRequest", "keyName is key1 or key2.")
            keys[KEY_NAMES.index(str(name))] = make_key(session)
            changed = Resource(resource.shown, {**resource.hidden, "keys": keys})
            self._store.put(session, place.types, key_of(place.names), changed)
        return json_response(200, dict(zip(KEY_NAMES, keys, strict=True)))

    # --- places ---

    def _parent_of(self, session: Session, place: Place) -> None:
        """Raises ArmError when what a place hangs on is not there."""
        count = len(place.types) - 1
        above = Place(place.scope, place.provider, place.types[:count], place.names[:count], "")
        if self._store.find(session, above.types, key_of(above.names)) is None:
            message = f"The parent resource of '{'/'.join(place.names)}' was not found."
            raise ArmError(404, "ParentResourceNotFound", message)

    def _owner(self, session: Session, place: Place) -> Parent:
        """What a subscription hangs on. Raises ArmError."""
        if len(place.types) > 1:
            above = Place(place.scope, place.provider, place.types[:-1], place.names[:-1], "")
        elif f"/providers/{PROVIDER}/".lower() in place.scope.lower():
            above = place_of(place.scope.encode(), PROVIDER, ())
        else:
            raise ArmError(
                400, "InvalidRequest", "Only Event Grid's own topics can be subscribed to here."
            )
        return self._topic(session, above)

    def _topic(self, session: Session, place: Place) -> Parent:
        kind = KINDS.get(place.types)
        if kind is None or not kind.has_stream:
            raise _no_type(place)
        return Parent(kind.types, self._store.get(session, place))

    def _subscription(self, session: Session, place: Place) -> Resource:
        parent = self._owner(session, place)
        found = self._subscribing.find(session, parent.stream, place.names[-1])
        if found is None:
            raise not_found(place)
        return found


def _said(properties: Mapping[str, Any]) -> Json:
    return {name: value for name, value in properties.items() if value is not None}


def _spelled(place: Place) -> tuple[str, ...]:
    kind = KINDS.get(place.types[:-1])
    return (*(kind.spelled if kind is not None else ()), "eventSubscriptions")


def _destination(resource: Resource) -> Mapping[str, Any]:
    """The properties of a subscription's destination, secrets and all."""
    properties = resource.properties
    wrapped = properties.get("deliveryWithResourceIdentity") or {}
    delivery = (properties.get("deliveryConfiguration") or {}).get("push") or {}
    wrapped = delivery.get("deliveryWithResourceIdentity") or wrapped
    target = properties.get("destination") or wrapped.get("destination") or {}
    found: Mapping[str, Any] = target.get("properties") or {}
    return found


def _no_type(place: Place) -> ArmError:
    kind = "/".join((place.provider, *place.types))
    return ArmError(
        404, "InvalidResourceType", f"The resource type '{kind}' has nothing of the kind."
    )
