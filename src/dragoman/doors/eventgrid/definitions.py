"""What an event subscription asks for, as Resource Manager spells it: to the settings of a leased subscription.

    of topics, domains, system topics              of a namespace's topic
    destination                                    deliveryConfiguration.push.destination, or none: it is pulled from
    filter                                         filtersConfiguration
    retryPolicy.maxDeliveryAttempts                deliveryConfiguration.*.maxDeliveryCount
    retryPolicy.eventTimeToLiveInMinutes           deliveryConfiguration.*.eventTimeToLive
    deadLetterDestination                          deliveryConfiguration.*.deadLetterDestinationWithResourceIdentity

What the kernel has no word for stands in the settings' notes (`NOTE`), as JSON: where to push, in which schema, with
which headers, and how far the handshake has come.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from dragoman.doors.eventgrid.destinations import (
    Destination,
    container_of,
    destination_of,
    static_attributes,
)
from dragoman.doors.eventgrid.rendering import INPUT_SCHEMA
from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, CUSTOM_SCHEMA, GRID_SCHEMA, PROTOCOL
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.reading import object_in, whole_in, word_in
from dragoman.kernel.api import Address, SubscriptionSettings

NOTE: Final = "eventgrid"
State = Literal["Creating", "AwaitingManualAction", "Succeeded", "Failed"]

ATTEMPTS_MAX: Final = 30
TTL_MINUTES_MAX: Final = 1_440
COUNT_MAX: Final = 10  # deliveries of a namespace's subscription
LOCK_S_MIN: Final = 60
LOCK_S_MAX: Final = 300
WEEK_MS: Final = 7 * 86_400_000
MINUTE_MS: Final = 60_000
FILTER_NONE: Final[dict[str, Any]] = {"isSubjectCaseSensitive": False}
"""Takes all. A subscription that filters can be told to filter otherwise; one that never did cannot."""
_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class Push(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the note says of a webhook.

    schema     events are delivered in
    topic      the resource's id, which they name where they were born elsewhere
    code       what the handshake asks to be given back; until_ms: how long it may be
    base       scheme and host by which we were reached: the validation URL begins with it
    is_new     it has never shaken hands: it goes if it does not
    """

    url: str
    schema: str
    topic: str
    name: str
    state: State = "Creating"
    code: str = ""
    until_ms: int = 0
    count_max: int = 1
    bytes_max: int = 0
    attributes: list[dict[str, Any]] = msgspec.field(default_factory=list)
    trouble: str = ""  # why the handshake failed
    base: str = ""
    is_new: bool = True


def push_of(settings: SubscriptionSettings) -> Push:
    """The note. Only for subscriptions that this face pushes."""
    return msgspec.json.decode(settings.notes[NOTE], type=Push)


def with_push(settings: SubscriptionSettings, push: Push) -> SubscriptionSettings:
    """The settings with another note."""
    notes = {**settings.notes, NOTE: msgspec.json.encode(push).decode()}
    return msgspec.structs.replace(settings, notes=notes)


class Definition:
    """What is to be made: settings without the push, a destination or None (pulled), and dead letters' queue."""

    __slots__ = ("container", "destination", "schema", "settings")

    def __init__(
        self,
        settings: SubscriptionSettings,
        destination: Destination | None,
        schema: str,
        container: str,
    ) -> None:
        self.settings = settings
        self.destination = destination
        self.schema = schema
        self.container = container


def define(properties: Mapping[str, Any], input_schema: str) -> Definition:
    """Of a topic, domain or system topic. Raises ArmError."""
    wrapped = object_in(properties, "deliveryWithResourceIdentity")
    target = object_in(wrapped or properties, "destination")
    if not target:
        raise ArmError(400, "InvalidRequest", "The destination is missing.")
    policy = object_in(properties, "retryPolicy")
    attempts = whole_in(policy, "maxDeliveryAttempts", ATTEMPTS_MAX, 1, ATTEMPTS_MAX)
    minutes = whole_in(policy, "eventTimeToLiveInMinutes", TTL_MINUTES_MAX, 1, TTL_MINUTES_MAX)
    dead = object_in(properties, "deadLetterWithResourceIdentity") or properties
    container = container_of(object_in(dead, "deadLetterDestination"))
    settings = SubscriptionSettings(
        ttl_ms=minutes * MINUTE_MS,
        attempts_max=attempts,
        dead_letter=Address(container) if container else None,
        filter=dict(object_in(properties, "filter")) or FILTER_NONE,
        dialect=PROTOCOL,
    )
    schema = _delivery_schema(properties, input_schema)
    return Definition(settings, destination_of(target), schema, container)


def define_pulled(properties: Mapping[str, Any], retention_ms: int) -> Definition:
    """Of a namespace's topic, pulled or pushed. Raises ArmError."""
    delivery = object_in(properties, "deliveryConfiguration")
    mode = word_in(delivery, "deliveryMode", ("Queue", "Push"), "Queue")
    told = object_in(delivery, mode.lower())
    dead = object_in(told, "deadLetterDestinationWithResourceIdentity")
    container = container_of(object_in(dead, "deadLetterDestination"))
    lock_s = whole_in(told, "receiveLockDurationInSeconds", LOCK_S_MIN, LOCK_S_MIN, LOCK_S_MAX)
    settings = SubscriptionSettings(
        lease_duration_ms=1_000 * lock_s,
        ttl_ms=_duration_ms(told.get("eventTimeToLive"), retention_ms),
        attempts_max=whole_in(told, "maxDeliveryCount", COUNT_MAX, 1, COUNT_MAX),
        attempts_counted="leased" if mode == "Queue" else "failed",
        dead_letter=Address(container) if container else None,
        filter=dict(object_in(properties, "filtersConfiguration")) or FILTER_NONE,
        dialect=PROTOCOL,
    )
    if mode == "Queue":
        return Definition(settings, None, CLOUD_SCHEMA, container)
    wrapped = object_in(told, "deliveryWithResourceIdentity")
    target = object_in(wrapped or told, "destination")
    return Definition(settings, destination_of(target), CLOUD_SCHEMA, container)


def make_push(definition: Definition, known: Push | None, fresh: Push) -> SubscriptionSettings:
    """Settings of a subscription that is pushed to the definition's webhook once that has shaken hands. One that has,
    and is `known`, need not again as long as nothing but its surroundings changes.
    """
    destination = definition.destination
    assert destination is not None
    is_same = known is not None and (known.url, known.schema) == (fresh.url, fresh.schema)
    state: State = "Succeeded" if is_same and known and known.state == "Succeeded" else "Creating"
    push = msgspec.structs.replace(
        fresh,
        state=state,
        is_new=known is None or known.is_new,
        count_max=destination.count_max,
        bytes_max=destination.bytes_max,
        attributes=destination.attributes,
    )
    settings = msgspec.structs.replace(definition.settings, push=PROTOCOL)
    return with_push(settings, push)


def headers_of(definition: Definition) -> tuple[tuple[str, str], ...]:
    """What is put on every message that is carried to a stream."""
    destination = definition.destination
    assert destination is not None
    return static_attributes(destination.attributes)


def _delivery_schema(properties: Mapping[str, Any], input_schema: str) -> str:
    """Which schema events are delivered in ("Event schema compatibility"). Raises ArmError."""
    default = CLOUD_SCHEMA if input_schema == CLOUD_SCHEMA else GRID_SCHEMA
    schemas = (GRID_SCHEMA, CLOUD_SCHEMA, INPUT_SCHEMA)
    wanted = word_in(properties, "eventDeliverySchema", schemas, default)
    impossible = (input_schema == CLOUD_SCHEMA and wanted == GRID_SCHEMA) or (
        wanted == INPUT_SCHEMA and input_schema != CUSTOM_SCHEMA
    )
    if impossible:
        raise ArmError(
            400,
            "InvalidRequest",
            f"Events of the input schema {input_schema} cannot be delivered as {wanted}.",
        )
    return wanted


def _duration_ms(text: Any, default: int) -> int:
    if text is None:
        return default
    match = _DURATION.fullmatch(text) if isinstance(text, str) and len(text) < 40 else None
    if match is None or not any(match.groups()):
        raise ArmError(400, "InvalidRequest", "eventTimeToLive is a duration in ISO 8601.")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    found = 1_000 * (((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if not MINUTE_MS <= found <= WEEK_MS:
        raise ArmError(400, "InvalidRequest", "eventTimeToLive is from a minute to seven days.")
    return found
