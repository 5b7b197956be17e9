"""Events that come by HTTP, as messages of AMQP 1.0.

    the request's body        one event; of type `application/vnd.microsoft.servicebus.json` a list of them:
                              [{"Body": "..", "BrokerProperties": {..}, "UserProperties": {..}}]
    header BrokerProperties   JSON: PartitionKey, and the properties of the table below
    other headers             properties: "text" in quotes, numbers, true and false

What belongs to HTTP itself, and values of no such form, are nobody's property.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from dragoman.formats.amqp10 import PARTITION_KEY
from dragoman.model.errors import InvalidArgument
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import NotEncodable, encode
from dragoman.wire.amqp10.messaging import Header, Properties
from dragoman.wire.amqp10.sections import APPLICATION_PROPERTIES, DATA, MESSAGE_ANNOTATIONS
from dragoman.wire.amqp10.values import Described, Symbol, ULong

BATCH_TYPE: Final = "application/vnd.microsoft.servicebus.json"
FIELDS: Final = {
    "MessageId": "message_id",
    "CorrelationId": "correlation_id",
    "Label": "subject",
    "To": "to",
    "ReplyTo": "reply_to",
    "SessionId": "group_id",
    "ReplyToSessionId": "reply_to_group_id",
    "ContentType": "content_type",
}
KEY: Final = "PartitionKey"
LIFE: Final = "TimeToLive"  # seconds
TTL_MS_MAX: Final = 0xFFFF_FFFF
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_HTTPS_OWN: Final = re.compile(
    r"(accept|access-control|cache|connection|content|cookie|expect|host|if|origin|proxy|referer|sec|te$|trailer"
    r"|transfer|upgrade|user-agent|via|authorization|brokerproperties|date|x-forwarded|x-ms)"
)


def events_in(
    body: bytes, content_type: str, broker: str, headers: Iterable[tuple[str, str]]
) -> list[bytes]:
    """The messages of a request. Raises InvalidArgument."""
    shared = (
        _object(_json(broker.encode(), "BrokerProperties"), "BrokerProperties") if broker else {}
    )
    if content_type.partition(";")[0].strip().lower() != BATCH_TYPE:
        said = {"ContentType": content_type} if content_type else {}
        return [message(body, {**said, **shared}, properties_in(headers))]
    found = _json(body, "the body")
    if not isinstance(found, list) or not found:
        raise InvalidArgument("the body of a batch is a list of events")
    events = []
    for item in found:
        event = _object(item, "an event")
        own = _object(event.get("BrokerProperties") or {}, "BrokerProperties")
        user = _object(event.get("UserProperties") or {}, "UserProperties")
        text = event.get("Body")
        if not isinstance(text, str):
            raise InvalidArgument("the Body of an event is a string")
        events.append(message(_bytes(text), {**shared, **own}, user))
    return events


def properties_in(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Those of the headers that are a sender's own."""
    found: dict[str, Any] = {}
    for name, text in headers:
        if _HTTPS_OWN.match(name.lower()):
            continue
        if len(text) >= 2 and text[0] == text[-1] == '"':
            found[name] = text[1:-1].replace('\\"', '"')
        elif text.lower() in ("true", "false"):
            found[name] = text.lower() == "true"
        elif _NUMBER.fullmatch(text):
            found[name] = float(text) if "." in text else int(text)
    return found


def message(body: bytes, broker: dict[str, Any], user: dict[str, Any]) -> bytes:
    """An event. Raises InvalidArgument."""
    parts = []
    life_s = broker.get(LIFE)
    if isinstance(life_s, int | float) and 0 < life_s * 1_000 <= TTL_MS_MAX:
        parts.append(to_bytes(Header(ttl=int(life_s * 1_000))))
    key = broker.get(KEY)
    said: dict[str, Any] = {
        field: str(broker[name]) for name, field in FIELDS.items() if broker.get(name)
    }
    try:
        if key:
            parts.append(_section(MESSAGE_ANNOTATIONS, {Symbol(PARTITION_KEY): str(key)}))
        if said:
            parts.append(to_bytes(Properties(**said)))
        if user:
            parts.append(
                _section(APPLICATION_PROPERTIES, {str(k): _scalar(v) for k, v in user.items()})
            )
    except (NotEncodable, UnicodeEncodeError) as error:
        raise InvalidArgument(f"a property that cannot be said: {error}") from None
    parts.append(_section(DATA, body))
    return b"".join(parts)


def _section(code: int, value: Any) -> bytes:
    return encode(Described(ULong(code), value))


def _scalar(value: Any) -> Any:
    """Raises InvalidArgument."""
    if isinstance(value, list | dict):
        raise InvalidArgument("a property is no list and no object")
    return value


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidArgument("a Body that is no text") from None


def _json(data: bytes, what: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidArgument(f"{what}: no JSON") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{what}: no object")
    return value
