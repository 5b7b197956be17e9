"""What publishers send: request bodies taken apart into events as they are stored, or refused as a whole.

    schema          body                                              stored
    EventGrid       array of events                                   each as sent, topic and metadataVersion added
    CloudEvents     one event, an array of them, or in binary mode    each as sent; binary mode as its JSON form
    custom          array of objects                                  `mapping`

Nothing is parsed deeper than it must be: the data of an event is looked over by the JSON reader and kept as bytes. Hot.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from dragoman.doors.eventgrid.errors import EventGridError, bad_request, too_large
from dragoman.doors.shared.rest.call import Request
from dragoman.formats.cloudevent import CORE, check_attributes
from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import (
    BASE64_MEMBER,
    MEMBER,
    read_base64,
    read_members,
    read_text,
    read_time_ms,
    read_value,
    write_data,
    write_json,
)

PUBLISH_BYTES_MAX: Final = 1 << 20
"""Of one request, and so of one event: "Quotas and limits" says 1 MB for both."""
EVENTS_MAX: Final = 5_000  # of one request: "Quotas and limits"

CLOUD: Final = b"application/cloudevents+json"
CLOUD_BATCH: Final = b"application/cloudevents-batch+json"
_BINARY: Final = b"ce-specversion"
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_REFUSALS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_GRID_REQUIRED: Final = ("id", "subject", "eventType", "eventTime")
_GRID_TEXTS: Final = ("topic", "dataVersion", "metadataVersion")
INVALID: Final = "InputJsonInvalid"
TOPICS: Final = "/topics/"


def media_type(request: Request) -> bytes:
    """The content type without its parameters, in lower case; empty when there is none."""
    return (request.header(b"content-type") or b"").partition(b";")[0].strip().lower()


def is_binary(request: Request) -> bool:
    """Whether the event's attributes are headers (CloudEvents HTTP binding 1.0.2, section 3.1)."""
    return request.header(_BINARY) is not None and not media_type(request).startswith(
        b"application/cloudevents"
    )


def is_cloud(request: Request) -> bool:
    """Whether the request says that it holds CloudEvents."""
    return media_type(request) in {CLOUD, CLOUD_BATCH} or is_binary(request)


def items(body: bytes, schema: str, *, alone: bool = False) -> list[bytes]:
    """The events of a body, each the bytes of a JSON object. `alone`: the body may be one. Raises EventGridError."""
    if len(body) > PUBLISH_BYTES_MAX:
        raise too_large(f"The maximum size ({PUBLISH_BYTES_MAX}) of a request has been exceeded.")
    try:
        body.decode()
        if alone and body.lstrip()[:1] == b"{":
            return [body.strip()]
        found = _ARRAY.decode(body)
    except _REFUSALS as error:
        raise _not_of(schema, str(error)) from error
    if len(found) > EVENTS_MAX:
        raise too_large(f"The maximum number ({EVENTS_MAX}) of events has been exceeded.")
    return [bytes(each) for each in found]


def _not_of(schema: str, why: str) -> EventGridError:
    return bad_request(
        f"This resource is configured to receive event in '{schema}' schema. The JSON received does"
        f" not conform to the expected schema: {why}.",
        INVALID,
    )


# CloudEvents


def cloud_events(request: Request) -> list[bytes]:
    """The CloudEvents of a request, in any of the three content modes. Raises EventGridError."""
    if is_binary(request):
        return [_from_headers(request)]
    found = items(request.body, "CloudEventV10", alone=media_type(request) != CLOUD_BATCH)
    for each in found:
        _check(check_cloud_event, each, "CloudEventV10")
    return found


def check_cloud_event(event: bytes) -> None:
    """Raises FormatError."""
    members = read_members(event)
    encoded = members.pop(BASE64_MEMBER, None)
    data = members.pop(MEMBER, None)
    if encoded is not None and data is not None:
        raise FormatError("data and data_base64 exclude each other")
    if encoded is not None:
        read_base64(encoded)
    attributes = {name: read_value(raw) for name, raw in members.items()}
    check_attributes({name: value for name, value in attributes.items() if value is not None})
    if attributes.get("time") is not None:
        read_time_ms(members["time"])


def _from_headers(request: Request) -> bytes:
    """Binary mode as the JSON form. Raises EventGridError."""
    if len(request.body) > PUBLISH_BYTES_MAX:
        raise too_large(f"The maximum size ({PUBLISH_BYTES_MAX}) of an event has been exceeded.")
    attributes: dict[str, Any] = {}
    for name, raw in request.headers:
        if name.startswith(b"ce-"):
            attributes[name[3:].decode("latin-1")] = unquote(raw.decode("latin-1"))
    content_type = request.header(b"content-type")
    if content_type is not None:
        attributes["datacontenttype"] = content_type.decode("latin-1")
    body = write_data(request.body or None, attributes.get("datacontenttype"))
    ordered = {name: attributes[name] for name in CORE if name in attributes}
    event = write_json({**ordered, **attributes, **body})
    _check(check_cloud_event, event, "CloudEventV10")
    return event


def _check(check: Callable[[bytes], None], event: bytes, schema: str) -> None:
    try:
        check(event)
    except FormatError as error:
        raise _not_of(schema, str(error)) from error


# Event Grid's schema


def grid_events(request: Request, topic: str, *, is_domain: bool = False) -> list[bytes]:
    """The events of a request in Event Grid's schema, `topic` (the resource's id) added. To a domain each says the name
    of its topic, and is given the topic's id. Raises EventGridError.
    """
    complete = _placed if is_domain else _completed
    added = {"topic": topic, "dataVersion": "", "metadataVersion": "1"}
    found = items(request.body, "EventGridEvent")
    for at, each in enumerate(found):
        try:
            found[at] = complete(each, added)
        except FormatError as error:
            raise _not_of("EventGridEvent", str(error)) from error
    return found


def _completed(event: bytes, added: Mapping[str, str]) -> bytes:
    """The event with what Event Grid adds where it is not said ("Event Grid event schema"). Raises FormatError."""
    members = read_members(event)
    for name in _GRID_REQUIRED:
        raw = members.get(name)
        if raw is None or not read_text(raw):
            raise FormatError(f"the property '{name}' is missing")
    read_time_ms(members["eventTime"])
    missing: dict[str, str] = {}
    for name in _GRID_TEXTS:
        raw = members.get(name)
        text = None if raw is None else _text_or_none(raw)
        if text is None:
            missing[name] = added[name]
        elif name != "dataVersion" and text.lower() != added[name].lower():
            raise FormatError(f"the property '{name}' is not '{added[name]}'")
    if not missing:
        return event
    if any(name in members for name in missing):  # null, or empty
        return write_json({**members, **missing})
    return event[:-1] + b"," + msgspec.json.encode(missing)[1:]


def _placed(event: bytes, added: Mapping[str, str]) -> bytes:
    """The event of a domain, its topic's name made an id. Raises FormatError."""
    members = read_members(event)
    raw = members.get("topic")
    name = None if raw is None else _text_or_none(raw)
    if name is None:
        raise FormatError("the property 'topic' is missing")
    place = f"{added['topic']}/topics/{name.rpartition(TOPICS)[2]}"
    return _completed(write_json({**members, "topic": place}), {**added, "topic": place})


def _text_or_none(raw: msgspec.Raw) -> str | None:
    """A string that says something; None for null and the empty string. Raises FormatError."""
    if read_value(raw) is None:
        return None
    return read_text(raw) or None


def domain_topic(event: bytes, *, cloud: bool) -> str:
    """The name of the domain topic that an event of a domain is for. Raises EventGridError."""
    members = read_members(event)
    raw = members.get("source" if cloud else "topic")
    name = None if raw is None else _text_or_none(raw)
    if name is None:
        raise bad_request("The event names no topic of the domain.", INVALID)
    return name.rpartition(TOPICS)[2].lower()
