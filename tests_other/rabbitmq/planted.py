"""Faults put into what one broker said: a comparison that does not see them compares nothing.

Each changes one thing wherever it fits, as a door with that fault would.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests_other.rabbitmq.transcript import Heard

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.events import AckRun, Content, MethodEvent
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.properties import Properties, encode_header

Fault = Callable[[Any], Any]


def _method(kind: type[Any], **change: Callable[[Any], Any]) -> Fault:
    """Fields of a method are changed."""

    def fault(event: Any) -> Any:
        method = getattr(event, "method", None)
        if not isinstance(method, kind):
            return event
        fields = {name: how(getattr(method, name)) for name, how in change.items()}
        changed = method._replace(**fields)
        if isinstance(event, Content):
            return Content(event.channel, changed, event.header, event.body)
        return MethodEvent(event.channel, changed)

    return fault


def _properties(change: Callable[[dict[str, Any]], None]) -> Fault:
    def fault(event: Any) -> Any:
        if not isinstance(event, Content):
            return event
        values = Properties(event.header).as_dict()
        change(values)
        header = encode_header(len(event.body), values)
        return Content(event.channel, event.method, header, event.body)

    return fault


def _without_headers(values: dict[str, Any]) -> None:
    values.pop("headers", None)


def _death(name: str, value: Field) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        deaths = values.get("headers", {}).get("x-death")
        if deaths is not None and deaths.letter == "A":
            told = [Field("F", {**death.value, name: value}) for death in deaths.value]
            values["headers"] = {**values["headers"], "x-death": Field("A", told)}

    return change


def _plus_one(count: int) -> int:
    return count + 1


def _nacked(event: Any) -> Any:
    if isinstance(event, AckRun):
        first, _, multiple = event.spans[0]
        return MethodEvent(event.channel, m.BasicNack(first, multiple, False))
    return event


def _without(kind: type) -> Fault:
    return lambda event: None if isinstance(getattr(event, "method", None), kind) else event


def _with_other_body(event: Any) -> Any:
    if not isinstance(event, Content):
        return event
    return Content(event.channel, event.method, event.header, event.body[:-1])


def _on_another_channel(event: Any) -> Any:
    return MethodEvent(7, event.method) if isinstance(event, MethodEvent) else event


def _widened(event: Any) -> Any:
    """A header's integer of 32 bits comes back with 64."""

    def change(values: dict[str, Any]) -> None:
        headers = values.get("headers", {})
        if headers:
            values["headers"] = {
                name: Field("l", field.value) if field.letter == "I" else field
                for name, field in headers.items()
            }

    return _properties(change)(event)


PLANTED: Final[Mapping[str, Fault]] = {
    "another reply code": _method(m.ChannelClose, reply_code=_plus_one),
    "a reply text in lower case": _method(m.ChannelClose, reply_text=str.lower),
    "another culprit": _method(m.ChannelClose, method_id=_plus_one),
    "a connection's close without its class": _method(m.ConnectionClose, class_id=_plus_one),
    "a count of messages": _method(m.QueueDeclareOk, message_count=_plus_one),
    "a count of consumers": _method(m.QueueDeclareOk, consumer_count=_plus_one),
    "what was purged": _method(m.QueuePurgeOk, message_count=_plus_one),
    "what is left after get": _method(m.BasicGetOk, message_count=_plus_one),
    "redelivered the other way": _method(m.BasicDeliver, redelivered=lambda told: not told),
    "redelivered by get": _method(m.BasicGetOk, redelivered=lambda told: not told),
    "a delivery tag": _method(m.BasicDeliver, delivery_tag=_plus_one),
    "the exchange of the dead": _method(m.BasicGetOk, exchange=lambda name: f"{name}x"),
    "the key of a return": _method(m.BasicReturn, routing_key=lambda key: f"{key}x"),
    "no return": _without(m.BasicReturn),
    "no cancel": _without(m.BasicCancel),
    "a refusal for a confirm": _nacked,
    "no confirm": lambda event: None if isinstance(event, AckRun) else event,
    "no headers": _properties(_without_headers),
    "one property too many": _properties(lambda values: values.setdefault("app_id", "me")),
    "a count of deaths": _properties(_death("count", Field("l", 9))),
    "another reason of death": _properties(_death("reason", Field("S", b"bored"))),
    "an integer of another width": _widened,
    "a body cut short": _with_other_body,
    "a reply on another channel": _on_another_channel,
}


def planted(fault: Fault, heard: list[Heard]) -> list[Heard]:
    """What a broker with that fault would have said."""
    changed = [Heard(one.connection, fault(one.event)) for one in heard]
    return [one for one in changed if one.event is not None]
