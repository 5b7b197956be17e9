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
from urllib.parse import urlsplit

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import segment_after
from dragoman.doors.shared.arm.reading import (
    invalid,
    list_in,
    object_in,
    shortened,
    text_in,
    whole_in,
)

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
    kind, told = text_in(body, "endpointType"), object_in(body, "properties")
    if kind == WEBHOOK:
        found = _webhook(told)
    elif kind in _RESOURCES:
        found = Destination(stream=_resource(told, _RESOURCES[kind]))
    elif kind == "StorageQueue":
        found = Destination(stream=text_in(told, "queueName"))
    elif kind == "NamespaceTopic":
        namespace = segment_after(text_in(told, "resourceId"), "namespaces")
        found = Destination(stream=f"{namespace}/{_resource(told, 'topics')}".lower())
    elif kind in REFUSED:
        raise ArmError(400, "NotSupported", f"Event subscriptions to {kind} are not offered here.")
    else:
        raise invalid(f"endpointType {shortened(kind)} is none of Event Grid's")
    found.is_queue = kind in QUEUES
    found.attributes = attributes_of(told)
    return found


def _webhook(told: Mapping[str, Any]) -> Destination:
    url = text_in(told, "endpointUrl")
    if len(url) > URL_CHARS_MAX or not _is_url(url):
        raise invalid(f"endpointUrl is a URL of at most {URL_CHARS_MAX} characters")
    found = Destination(url=url)
    count = whole_in(told, "maxEventsPerBatch", 0, 1, EVENTS_PER_BATCH_MAX)
    size = whole_in(told, "preferredBatchSizeInKilobytes", 0, 1, BATCH_KB_MAX)
    if count or size:
        found.count_max = count or EVENTS_PER_BATCH_MAX
        found.bytes_max = 0 if count == 1 else 1_024 * (size or BATCH_KB_DEFAULT)
    return found


def _is_url(text: str) -> bool:
    """Of a webhook. A host with a wrong port is told by ValueError."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def attributes_of(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Headers that are put on deliveries: a `value` said once, or a `path` into each event. Raises ArmError."""
    mappings = list_in(told, "deliveryAttributeMappings", ATTRIBUTES_MAX)
    return [_attribute(each) for each in mappings]


def _attribute(mapping: Any) -> dict[str, Any]:
    if not isinstance(mapping, Mapping):
        raise invalid("a delivery attribute is an object")
    name, told = text_in(mapping, "name"), object_in(mapping, "properties")
    if name.lower().startswith("aeg-"):
        raise invalid(f"{name:.60} cannot be a delivery attribute")
    if mapping.get("type") == STATIC:
        value = text_in(told, "value")
        if len(value.encode()) > ATTRIBUTE_BYTES_MAX:
            raise invalid(f"a delivery attribute has at most {ATTRIBUTE_BYTES_MAX} bytes")
        return {"name": name, "value": value}
    if mapping.get("type") == DYNAMIC:
        return {"name": name, "path": text_in(told, "sourceField").split(".")}
    raise invalid("type of a delivery attribute: Static or Dynamic")


def static_attributes(attributes: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Those that say the same of every event."""
    return tuple((str(each["name"]), str(each["value"])) for each in attributes if "value" in each)


def container_of(body: Mapping[str, Any]) -> str:
    """The queue that dead letters go to; "" when nothing is said. Raises ArmError."""
    if not body:
        return ""
    if body.get("endpointType") != "StorageBlob":
        raise invalid("a dead-letter destination is a StorageBlob")
    return text_in(object_in(body, "properties"), "blobContainerName")


def _resource(told: Mapping[str, Any], kind: str) -> str:
    name = segment_after(text_in(told, "resourceId"), kind)
    if not name:
        raise invalid(f"resourceId names none of {kind}")
    return name
