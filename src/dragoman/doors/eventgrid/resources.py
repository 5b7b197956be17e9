"""All resources of Event Grid and what is done with them, without HTTP: `management` and the configuration's file ask.

    domains/shop -> its document, its stream        domains/shop/topics/orders/eventSubscriptions/e -> `subscribing`

A place names a resource in a subscription and group of Azure's; one that names neither is everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.eventgrid.kinds import (
    KINDS,
    NOT_OFFERED,
    Base,
    Kind,
    check_names,
    check_properties,
    make,
    make_key,
    unmake,
)
from dragoman.doors.eventgrid.subscribing import EVENT_SUBSCRIPTIONS, Parent, Subscribing
from dragoman.doors.eventgrid.topics import DOMAIN_TOPICS, DOMAINS, PROVIDER
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
    properties_in,
)
from dragoman.kernel.api import Session
from dragoman.model.errors import KernelError

LISTS: Final = (("privateendpointconnections",), ("privatelinkresources",))
NARROW: Final = frozenset(("locations", "topictypes"))
KEY_NAMES: Final = ("key1", "key2")
AUTO_CREATE: Final = "autoCreateTopicWithFirstSubscription"
AUTO_DELETE: Final = "autoDeleteTopicWithLastSubscription"

Bodies = Callable[[Json, Resource | None], Json]
"""What a resource is to be, from what was sent and what is there."""


class Resources:
    """See the module. Raises ArmError and KernelError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribing = Subscribing(store)

    # --- told ---

    def told(self, session: Session, place: Place) -> Json:
        """As GET shows it."""
        if is_subscription(place):
            return self._subscribing.told(session, self._subscription(session, place))
        return self._store.get(session, place).shown

    def all(self, session: Session, place: Place) -> list[Json]:
        """As a list shows them."""
        if is_subscription(place):
            found = self._subscriptions(session, place)
            return [self._subscribing.told(session, resource) for resource in found]
        if place.types[-1:] in LISTS:
            return []
        kind = kind_of(place)
        prefix = "".join(f"{name.lower()}/" for name in place.names)
        if prefix:
            self._check_parent(session, place)
        found = self._store.all(session, kind.types, prefix)
        return [resource.shown for resource in found if is_within(resource, place)]

    def _subscriptions(self, session: Session, place: Place) -> Sequence[Resource]:
        """Of a topic, or of all topics in a subscription or group; `locations` and `topicTypes` narrow nothing."""
        owner = None
        if place.names and place.types[0] not in NARROW:
            owner = Place(place.scope, place.provider, place.types[:-1], place.names, "")
        elif _is_ours(place.scope):
            owner = place_of(place.scope.encode(), PROVIDER, ())
        if owner is not None:
            return self._subscribing.under(session, self._topic(session, owner).stream)
        return [one for one in self._subscribing.all(session) if is_within(one, place)]

    def keys(self, session: Session, place: Place) -> dict[str, str]:
        """The secrets of a resource by their names."""
        keys = self._store.get(session, place).hidden.get("keys")
        if not keys:
            raise no_type(place)
        return dict(zip(KEY_NAMES, keys, strict=True))

    def destination(self, session: Session, place: Place) -> Mapping[str, Any]:
        """The properties of a subscription's destination, secrets and all."""
        properties = self._subscription(session, place).properties
        pushed = (properties.get("deliveryConfiguration") or {}).get("push") or properties
        wrapped = pushed.get("deliveryWithResourceIdentity") or {}
        target = pushed.get("destination") or wrapped.get("destination") or {}
        found: Mapping[str, Any] = target.get("properties") or {}
        return found

    # --- made, changed ---

    def put(self, session: Session, base: Base, place: Place, body: Json) -> tuple[Json, bool]:
        """Make it, or put it in place of what is there: what it is now, and whether it is new."""
        return self._change(session, base, place, body, lambda sent, _: sent)

    def patch(self, session: Session, base: Base, place: Place, body: Json) -> Json:
        """What is not said stays."""

        def merged(sent: Json, old: Resource | None) -> Json:
            if old is None:
                raise not_found(place)
            if is_subscription(place) and "properties" not in sent:
                sent = {"properties": sent}  # of topics and domains: the properties alone
            known: Json = {name: old.shown[name] for name in TOP_LEVEL if name in old.shown}
            properties = {**old.properties, **_said(properties_in(sent))}
            return {**known, **_said(sent), "properties": properties}

        return self._change(session, base, place, body, merged)[0]

    def _change(
        self, session: Session, base: Base, place: Place, sent: Json, body_of: Bodies
    ) -> tuple[Json, bool]:
        if place.is_list or place.action:
            raise ArmError(405, "MethodNotAllowed", "There is nothing to change at this path.")
        if is_subscription(place):
            return self._put_subscription(session, base, place, sent, body_of)
        kind = kind_of(place)
        check_names(place)
        if len(place.names) > 1:
            self._check_parent(session, place)
        key = key_of(place.names)
        old = self._store.find(session, kind.types, key)
        if old is not None and not is_within(old, place):
            raise ArmError(409, "Conflict", f"The name '{place.names[0]}' is taken elsewhere.")
        shown = made_at(place, kind.spelled, body_of(sent, old))
        check_properties(kind, shown["properties"])
        resource = make(session, base, place, kind, shown, old)
        self._store.put(session, kind.types, key, resource)
        return resource.shown, old is None

    def _put_subscription(
        self, session: Session, base: Base, place: Place, sent: Json, body_of: Bodies
    ) -> tuple[Json, bool]:
        name = place.names[-1]
        check_names(Place(place.scope, place.provider, place.types[-1:], (name,), ""))
        above = _owner(place)
        is_first = self._is_missing(session, above, AUTO_CREATE)
        if is_first:
            self.put(session, base, above, {})
        try:
            parent = self._topic(session, above)
            old = self._subscribing.find(session, parent.stream, name)
            shown = made_at(place, _spelled(place), body_of(sent, old))
            resource = self._subscribing.put(session, parent, name, shown, old, str(base))
        except (ArmError, KernelError):
            if is_first:
                self.delete(session, above)
            raise
        return self._subscribing.told(session, resource), old is None

    def _is_missing(self, session: Session, place: Place, rule: str) -> bool:
        """A domain's topic that is not there, of a domain that makes its topics itself."""
        return (
            place.types == DOMAIN_TOPICS
            and self._store.find(session, DOMAIN_TOPICS, key_of(place.names)) is None
            and self._has_rule(session, place, rule)
        )

    def _has_rule(self, session: Session, place: Place, rule: str) -> bool:
        """Whether the domain that a topic is of manages its topics so; null means yes."""
        domain = self._store.find(session, DOMAINS, key_of(place.names[:1]))
        return domain is not None and domain.properties.get(rule) is not False

    def regenerate(self, session: Session, place: Place, name: object) -> dict[str, str]:
        """Another secret under a name; all of them."""
        if name not in KEY_NAMES:
            raise ArmError(400, "InvalidRequest", "keyName is key1 or key2.")
        keys = {**self.keys(session, place), str(name): make_key(session)}
        known = self._store.get(session, place)
        changed = Resource(known.shown, {**known.hidden, "keys": [keys[key] for key in KEY_NAMES]})
        self._store.put(session, place.types, key_of(place.names), changed)
        return keys

    # --- gone ---

    def delete(self, session: Session, place: Place) -> None:
        """It, and what hangs on it; what is not there is gone already."""
        if place.is_list or place.action:
            raise ArmError(405, "MethodNotAllowed", "There is nothing to delete at this path.")
        try:
            if is_subscription(place):
                self._subscribing.delete(session, self._subscription(session, place))
                self._leave(session, _owner(place))
            else:
                resource = self._store.get(session, place)
                self._forget(session, place.types, key_of(place.names), resource)
        except ArmError as error:
            if error.status != 404:
                raise

    def _leave(self, session: Session, place: Place) -> None:
        """A domain's topic goes with the last of its subscriptions, unless the domain says otherwise."""
        if place.types == DOMAIN_TOPICS and self._has_rule(session, place, AUTO_DELETE):
            resource = self._store.get(session, place)
            if not self._subscribing.under(session, str(resource.hidden["stream"])):
                self._forget(session, place.types, key_of(place.names), resource)

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

    # --- places ---

    def _check_parent(self, session: Session, place: Place) -> None:
        """Raises ArmError when what a place hangs on is not there."""
        count = len(place.types) - 1
        above = Place(place.scope, place.provider, place.types[:count], place.names[:count], "")
        if self._store.find(session, above.types, key_of(above.names)) is None:
            message = f"The parent resource of '{'/'.join(place.names)}' was not found."
            raise ArmError(404, "ParentResourceNotFound", message)

    def _topic(self, session: Session, place: Place) -> Parent:
        kind = kind_of(place)
        if not kind.has_stream:
            raise no_type(place)
        return Parent(kind.types, self._store.get(session, place))

    def _subscription(self, session: Session, place: Place) -> Resource:
        parent = self._topic(session, _owner(place))
        found = self._subscribing.find(session, parent.stream, place.names[-1])
        if found is None:
            raise not_found(place)
        return found


def is_subscription(place: Place) -> bool:
    """Whether event subscriptions are meant."""
    return place.types[-1:] == EVENT_SUBSCRIPTIONS


def _owner(place: Place) -> Place:
    """What a subscription hangs on. Raises ArmError."""
    if len(place.types) > 1:
        return Place(place.scope, place.provider, place.types[:-1], place.names[:-1], "")
    if _is_ours(place.scope):
        return place_of(place.scope.encode(), PROVIDER, ())
    raise ArmError(400, "InvalidRequest", "Only Event Grid's own topics can be subscribed to here.")


def kind_of(place: Place) -> Kind:
    """Raises ArmError for types that nobody has, or that are not offered."""
    if NOT_OFFERED & set(place.types):
        raise ArmError(400, "NotSupported", f"{'/'.join(place.types)} are not offered here.")
    kind = KINDS.get(place.types)
    if kind is None:
        raise no_type(place)
    return kind


def no_type(place: Place) -> ArmError:
    """Nothing of that type, or not with that."""
    kind = "/".join((place.provider, *place.types))
    return ArmError(404, "InvalidResourceType", f"The resource type '{kind}' has none here.")


def _is_ours(scope: str) -> bool:
    return f"/providers/{PROVIDER}/".lower() in scope.lower()


def _said(properties: Mapping[str, Any]) -> Json:
    return {name: value for name, value in properties.items() if value is not None}


def _spelled(place: Place) -> tuple[str, ...]:
    kind = KINDS.get(place.types[:-1])
    return (*(kind.spelled if kind is not None else ()), "eventSubscriptions")
