"""Where an event subscription's events go, as Resource Manager spells it.

    endpointType        properties                                     here
    WebHook             endpointUrl, maxEventsPerBatch, ..             pushed: `delivering`
    ServiceBusQueue     resourceId .../namespaces/NS/queues/NAME       carried to the stream NAME
    ServiceBusTopic     resourceId .../namespaces/NS/topics/NAME       the same
    EventHub            resourceId .../namespaces/NS/eventhubs/NAME    the same
    StorageQueue        resourceId of an account, queueName            carried to the stream queueName
    NamespaceTopic      resourceId .../namespaces/NS/topics/NAME       carried to the stream NS/NAME

Functions, hybrid connections, partner destinations and alerts are refused. A dead-letter destination names a blob
container: here it is a queue of that name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import segment_after

EVENTS_PER_BATCH_MAX: Final = 5_000
BATCH_KB_MAX: Final = 1_024
BATCH_KB_DEFAULT: Final = 64
ATTRIBUTES_MAX: Final = 10
ATTRIBUTE_BYTES_MAX: Final = 4_096
URL_CHARS_MAX: Final = 2_048
WEBHOOK: Final = "WebHook"
_RESOURCES: Final = {
    "ServiceBusQueue": "queues",
    "ServiceBusTopic": "topics",
    "EventHub": "eventhubs",
}
REFUSED: Final = ("AzureFunction", "HybridConnection", "PartnerDestination", "MonitorAlert")
QUEUES: Final = frozenset(("ServiceBusQueue", "StorageQueue"))
STATIC: Final = "Static"
DYNAMIC: Final = "Dynamic"


class Destination:
    """Where to: a `url`, or a `stream`, which `is_queue` or not. `count_max` events, `bytes_max` bytes in a request."""

    __slots__ = ("attributes", "bytes_max", "count_max", "is_queue", "stream", "url")

    def __init__(self, *, url: str = "", stream: str = "") -> None:
        self.url = url
        self.stream = stream
        self.is_queue = False
        self.count_max = 1
        self.bytes_max = 0
        self.attributes: list[dict[str, Any]] = []  # {"name", "value"} or {"name", "path"}


def destination_of(body: Mapping[str, Any]) -> Destination:
    """From a destination's object. Raises ArmError."""
    kind, told = body.get("endpointType"), body.get("properties") or {}
    if not isinstance(told, Mapping):
        raise _invalid("properties of the destination are no object")
    if kind == WEBHOOK:
        found = _webhook(told)
    elif kind in _RESOURCES:
        found = Destination(stream=_resource(told, _RESOURCES[str(kind)]))
    elif kind == "StorageQueue":
        found = Destination(stream=_text(told, "queueName"))
    elif kind == "NamespaceTopic":
        namespace = segment_after(_text(told, "resourceId"), "namespaces")
        found = Destination(stream=f"{namespace}/{_resource(told, 'topics')}".lower())
    elif kind in REFUSED:
        raise ArmError(400, "NotSupported", f"Event subscriptions to {kind} are not offered here.")
    else:
        raise _invalid(f"endpointType {kind!r:.60} is none of Event Grid's")
    found.is_queue = kind in QUEUES
    found.attributes = attributes_of(told.get("deliveryAttributeMappings"))
    return found


def _webhook(told: Mapping[str, Any]) -> Destination:
    url = _text(told, "endpointUrl")
    scheme = url.partition("://")[0].lower()
    if scheme not in {"http", "https"} or len(url) > URL_CHARS_MAX:
        raise _invalid(f"endpointUrl is a URL of at most {URL_CHARS_MAX} characters")
    found = Destination(url=url)
    count, size = told.get("maxEventsPerBatch"), told.get("preferredBatchSizeInKilobytes")
    if count is not None or size is not None:
        found.count_max = whole(
            "maxEventsPerBatch", count, EVENTS_PER_BATCH_MAX, 1, EVENTS_PER_BATCH_MAX
        )
        found.bytes_max = 1_024 * whole(
            "preferredBatchSizeInKilobytes", size, BATCH_KB_DEFAULT, 1, BATCH_KB_MAX
        )
        if count is None:
            found.count_max = EVENTS_PER_BATCH_MAX
        elif count == 1:
            found.bytes_max = 0
    return found


def attributes_of(mappings: Any) -> list[dict[str, Any]]:
    """Headers that are put on deliveries: a `value` said once, or a `path` into each event. Raises ArmError."""
    if mappings is None:
        return []
    if not isinstance(mappings, list) or len(mappings) > ATTRIBUTES_MAX:
        raise _invalid(f"deliveryAttributeMappings: a list of at most {ATTRIBUTES_MAX}")
    return [_attribute(each) for each in mappings]


def _attribute(mapping: Any) -> dict[str, Any]:
    if not isinstance(mapping, Mapping):
        raise _invalid("a delivery attribute is an object")
    name, told = _text(mapping, "name"), mapping.get("properties") or {}
    if name.lower().startswith("aeg-") or not isinstance(told, Mapping):
        raise _invalid(f"{name:.60} cannot be a delivery attribute")
    if mapping.get("type") == STATIC:
        value = _text(told, "value")
        if len(value.encode()) > ATTRIBUTE_BYTES_MAX:
            raise _invalid(f"a delivery attribute has at most {ATTRIBUTE_BYTES_MAX} bytes")
        return {"name": name, "value": value}
    if mapping.get("type") == DYNAMIC:
        return {"name": name, "path": _text(told, "sourceField").split(".")}
    raise _invalid("type of a delivery attribute: Static or Dynamic")


def static_attributes(attributes: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Those that say the same of every event."""
    return tuple((str(each["name"]), str(each["value"])) for each in attributes if "value" in each)


def container_of(body: Any) -> str:
    """The queue that dead letters go to; "" when there is none. Raises ArmError."""
    if body is None:
        return ""
    if not isinstance(body, Mapping) or body.get("endpointType") != "StorageBlob":
        raise _invalid("a dead-letter destination is a StorageBlob")
    return _text(body.get("properties") or {}, "blobContainerName")


def _resource(told: Mapping[str, Any], kind: str) -> str:
    name = segment_after(_text(told, "resourceId"), kind)
    if not name:
        raise _invalid(f"resourceId names none of {kind}")
    return name


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} is missing")
    return value


def whole(name: str, value: Any, default: int, low: int, high: int) -> int:
    """A number within its range. Raises ArmError."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(f"{name} is from {low} to {high}")
    return value


def _invalid(what: str) -> ArmError:
    return ArmError(400, "InvalidRequest", f"{what[0].upper()}{what[1:]}.")
