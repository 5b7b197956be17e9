"""Event subscriptions as resources: made, changed, told and deleted, with what they are in the kernel.

    pushed      a leased subscription whose note says where to; `handshake` decides whether it goes there
    pulled      a leased subscription, of a namespace's topic
    carried     a leased subscription and a pump that is done with it

A subscription is known by its stream and its name, by whatever path it is reached: `topics/T/eventSubscriptions/E` and
`.../topics/T/providers/Microsoft.EventGrid/eventSubscriptions/E` are the same.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from dragoman.doors.eventgrid.definitions import (
    Definition,
    Push,
    define,
    define_pulled,
    headers_of,
    make_push,
    push_of,
)
from dragoman.doors.eventgrid.kinds import SUCCEEDED, retention_ms_of
from dragoman.doors.eventgrid.topics import NAMESPACE_TOPICS, PROTOCOL, schema_of
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.store import Json, Resource, Store
from dragoman.kernel.api import (
    Address,
    AlterSubscription,
    CreatePump,
    CreateStream,
    CreateSubscription,
    DeclareQueue,
    DeletePump,
    DeleteSubscription,
    DescribeQueue,
    PumpSettings,
    QueueInfo,
    Session,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import NotFound

EVENT_SUBSCRIPTIONS: Final = ("eventsubscriptions",)
SEPARATOR: Final = "|"  # between stream and name: streams have slashes
HANDSHAKE_MS: Final = 600_000  # for the validation URL ("Endpoint validation": 10 minutes)
CODE_BYTES: Final = 16
URL: Final = "endpointUrl"
DESTINATION_DEPTH: Final = 6
"""At most, of its properties: deliveryConfiguration, push, deliveryWithResourceIdentity, destination, properties."""
HUB_RETENTION_MS: Final = 86_400_000  # of a topic or hub that is made for a subscription
Types = tuple[str, ...]


class Parent:
    """What a subscription hangs on: a resource with a stream."""

    __slots__ = ("id", "resource", "stream", "types")

    def __init__(self, types: Types, resource: Resource) -> None:
        self.types = types
        self.resource = resource
        self.id = resource.id
        self.stream = str(resource.hidden["stream"])

    @property
    def is_pulled(self) -> bool:
        """Whether its subscriptions have the shape of a namespace's."""
        return self.types == NAMESPACE_TOPICS

    def define(self, properties: Mapping[str, Any]) -> Definition:
        """Raises ArmError."""
        if self.is_pulled:
            return define_pulled(properties, retention_ms_of(self.resource))
        return define(properties, schema_of(self.resource.properties))


def key_of(stream: str, name: str) -> str:
    """What a subscription is called among documents."""
    return f"{stream}{SEPARATOR}{name.lower()}"


class Subscribing:
    """Event subscriptions of all topics."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- told ---

    def find(self, session: Session, stream: str, name: str) -> Resource | None:
        """The resource, or None."""
        return self._store.find(session, EVENT_SUBSCRIPTIONS, key_of(stream, name))

    def under(self, session: Session, stream: str) -> list[Resource]:
        """Those of a stream."""
        prefix = f"{stream}{SEPARATOR}"
        return self._store.all(session, EVENT_SUBSCRIPTIONS, prefix)

    def all(self, session: Session) -> list[Resource]:
        """Those of all streams."""
        return self._store.all(session, EVENT_SUBSCRIPTIONS)

    def told(self, session: Session, resource: Resource) -> Json:
        """As GET and lists show it: secrets left out, its state as it is now."""
        properties = dict(resource.properties)
        state = self.state_of(session, resource)
        properties["provisioningState"] = state
        return {**resource.shown, "properties": without_secrets(properties)}

    def state_of(self, session: Session, resource: Resource) -> str:
        """How far its handshake has come; Failed when it is gone from the kernel, or its time is over."""
        try:
            settings = self.settings_of(session, resource)
        except NotFound:
            return "Failed"
        if settings.push != PROTOCOL:
            return SUCCEEDED
        push = push_of(settings)
        is_late = push.state == "AwaitingManualAction" and push.until_ms <= session.wall_ms()
        return "Failed" if is_late else push.state

    def settings_of(self, session: Session, resource: Resource) -> SubscriptionSettings:
        """As they are in the kernel. Raises NotFound."""
        info: QueueInfo = session.submit(
            DescribeQueue(
                name=resource.hidden["stream"], subscription=resource.hidden["subscription"]
            )
        )
        return info.settings

    # --- made ---

    def put(
        self,
        session: Session,
        parent: Parent,
        name: str,
        shown: Json,
        old: Resource | None,
        base: str,
    ) -> Resource:
        """Make it, or make it other. `base`: scheme and host for a validation URL. Raises ArmError, KernelError."""
        properties: Json = shown["properties"]
        definition = parent.define(properties)
        target = "" if definition.destination is None else definition.destination.stream
        if target == parent.stream:
            raise ArmError(400, "InvalidRequest", "Events would be carried to where they are.")
        subscription = name.lower()
        settings = self._settings(session, parent, name, definition, old, base)
        if definition.container:
            session.submit(DeclareQueue(name=definition.container))
        if target:
            session.submit(_made_if_missing(definition, target))
        self._make(session, parent.stream, subscription, settings)
        self._carry(session, parent.stream, subscription, definition, target)
        properties.setdefault("eventDeliverySchema", definition.schema)
        properties["provisioningState"] = SUCCEEDED
        if not parent.is_pulled:
            properties["topic"] = parent.id
            properties.setdefault("retryPolicy", _policy(definition))
        hidden = {"stream": parent.stream, "subscription": subscription, "target": target}
        resource = Resource(shown, hidden)
        self._store.put(session, EVENT_SUBSCRIPTIONS, key_of(parent.stream, name), resource)
        return resource

    def _settings(
        self,
        session: Session,
        parent: Parent,
        name: str,
        definition: Definition,
        old: Resource | None,
        base: str,
    ) -> SubscriptionSettings:
        destination = definition.destination
        if destination is None or destination.stream:
            return definition.settings
        fresh = Push(
            url=destination.url,
            schema=definition.schema,
            topic=parent.id,
            name=name,
            base=base,
            code=session.token(CODE_BYTES).hex(),
            until_ms=session.wall_ms() + HANDSHAKE_MS,
        )
        known = None if old is None else self._known_push(session, old)
        return make_push(definition, known, fresh)

    def _known_push(self, session: Session, resource: Resource) -> Push | None:
        try:
            settings = self.settings_of(session, resource)
        except NotFound:
            return None
        return push_of(settings) if settings.push == PROTOCOL else None

    def _make(
        self, session: Session, stream: str, name: str, settings: SubscriptionSettings
    ) -> None:
        if name == stream:
            raise ArmError(409, "Conflict", f"'{name}' is the name of the topic's own queue.")
        info: QueueInfo = session.submit(
            CreateSubscription(name=stream, subscription=name, settings=settings, from_end=True)
        )
        if not info.created:
            now = info.settings
            wanted = msgspec.structs.replace(
                settings, owns_stream=now.owns_stream, rules=now.rules, paused=now.paused
            )
            session.submit(AlterSubscription(name=stream, subscription=name, settings=wanted))

    def _carry(
        self, session: Session, stream: str, name: str, definition: Definition, target: str
    ) -> None:
        """A pump to the target, in place of one to another."""
        pump = pump_of(stream, name)
        with suppress(NotFound):
            session.submit(DeletePump(name=pump))
        if target:
            settings = PumpSettings(targets=(Address(target),), headers_set=headers_of(definition))
            session.submit(
                CreatePump(name=pump, source=stream, subscription=name, settings=settings)
            )

    # --- gone ---

    def delete(self, session: Session, resource: Resource) -> None:
        """It, and what it is in the kernel."""
        stream, name = resource.hidden["stream"], resource.hidden["subscription"]
        for command in (
            DeletePump(name=pump_of(stream, name)),
            DeleteSubscription(name=stream, subscription=name),
        ):
            with suppress(NotFound):
                session.submit(command)
        self._store.delete(session, EVENT_SUBSCRIPTIONS, key_of(stream, name))


def _made_if_missing(definition: Definition, target: str) -> DeclareQueue | CreateStream:
    """What makes a target that is not there; one that is stays as it is."""
    assert definition.destination is not None
    if definition.destination.is_queue:
        return DeclareQueue(name=target)
    settings = StreamSettings(retention_ms=HUB_RETENTION_MS)
    return CreateStream(name=target, settings=settings, attach=True)


def pump_of(stream: str, name: str) -> str:
    """What the pump of a carried subscription is called."""
    return f"{PROTOCOL}:{stream}{SEPARATOR}{name}"


def _policy(definition: Definition) -> Json:
    settings = definition.settings
    return {
        "maxDeliveryAttempts": settings.attempts_max,
        "eventTimeToLiveInMinutes": settings.ttl_ms // 60_000,
    }


def without_secrets(told: Any, depth: int = DESTINATION_DEPTH) -> Any:
    """A subscription's properties as they are shown: of a destination's URL the beginning, of secret headers nothing.

    Destinations stand in several places: of their own, in what has an identity, in what a namespace's topic pushes.
    """
    if not isinstance(told, dict) or not depth:
        return told
    found = {name: without_secrets(value, depth - 1) for name, value in told.items() if name != URL}
    url = told.get(URL)
    if isinstance(url, str):
        parts = urlsplit(url)
        found["endpointBaseUrl"] = f"{parts.scheme}://{parts.netloc}{parts.path}"
    mappings = found.get("deliveryAttributeMappings")
    if isinstance(mappings, list):
        found["deliveryAttributeMappings"] = [_masked(each) for each in mappings]
    return found


def _masked(mapping: Any) -> Any:
    told = mapping.get("properties") if isinstance(mapping, dict) else None
    if not isinstance(told, dict) or not told.get("isSecret"):
        return mapping
    return {**mapping, "properties": {**told, "value": "Hidden"}}
