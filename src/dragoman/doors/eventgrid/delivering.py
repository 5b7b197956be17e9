"""Webhooks: events as requests, and answers as what becomes of them. What is common to all who push is `shared.push`.

POST URL
aeg-event-type: Notification    aeg-subscription-name: SUB    aeg-delivery-count: attempts before this one
aeg-data-version, aeg-metadata-version, aeg-output-event-id: of the first event    and the subscription's own headers

[{..}]   Event Grid's schema, or the input's own: always an array
{..}     CloudEvents; an array where the subscription asks for batches
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.eventgrid.definitions import Push, push_of
from dragoman.doors.eventgrid.handshake import Handshakes
from dragoman.doors.eventgrid.rendering import as_event
from dragoman.doors.eventgrid.schedule import judge
from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, PROTOCOL
from dragoman.doors.shared.push.renderer import Plan, PushedSubscription, PushMessage, Verdict
from dragoman.formats.errors import FormatError, TooLarge
from dragoman.kernel.api import ListPushed, Session
from dragoman.ports.outbound import Answered, Outbound, Outgoing

ANSWER_MS: Final = 30_000  # "Event Grid waits 30 seconds for a response"
TYPES: Final[Mapping[tuple[bool, bool], str]] = {
    (True, False): "application/cloudevents+json; charset=utf-8",
    (True, True): "application/cloudevents-batch+json; charset=utf-8",
    (False, False): "application/json; charset=utf-8",
    (False, True): "application/json; charset=utf-8",
}
"""By (CloudEvents, batched)."""
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Delivering:
    """See `shared.push.renderer.Renderer`."""

    name = PROTOCOL

    def __init__(self, outbound: Outbound) -> None:
        self._handshakes = Handshakes(outbound)
        self._session: Session | None = None
        self._notes: dict[int, tuple[str, Push]] = {}  # what was read, by subscription

    def pushed(self, session: Session) -> Sequence[PushedSubscription]:
        """What is pushed now; whoever asks is told when that changes."""
        self._session = session
        session.watch_pushed(PROTOCOL)
        found: list[PushedSubscription] = session.submit(ListPushed(face=PROTOCOL))
        known = {one.id for one in found}
        self._notes = {id_: note for id_, note in self._notes.items() if id_ in known}
        return found

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        """To its webhook, once that has shaken hands."""
        push = self._push_of(subscription)
        if push.state != "Succeeded":
            self._handshakes.begin(self._own_session(), subscription, push)
            return None
        return Plan(push.url, count_max=push.count_max, bytes_max=push.bytes_max)

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        """The events in the subscription's schema."""
        push = self._push_of(subscription)
        try:
            events = [_event(message, subscription, push) for message in messages]
        except TooLarge:
            return Verdict("reject", reason="too-large")
        except FormatError:
            return Verdict("reject", reason="InvalidEvent")
        is_cloud, is_batch = push.schema == CLOUD_SCHEMA, push.count_max > 1
        body = b"[" + b",".join(events) + b"]"
        if is_cloud and not is_batch:
            body = events[0]
        headers = [
            ("Content-Type", TYPES[is_cloud, is_batch]),
            ("aeg-event-type", "Notification"),
            ("aeg-subscription-name", push.name.upper()),
            ("aeg-delivery-count", str(messages[0].attempt - 1)),
            ("aeg-metadata-version", "1"),
            *_headers_of(events[0], push),
        ]
        return Outgoing("POST", push.url, headers, body, ANSWER_MS)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        """What the answer means."""
        (chance,) = self._own_session().token(1)
        return judge(answered, attempt, chance)

    def _push_of(self, subscription: PushedSubscription) -> Push:
        note = subscription.settings.notes[PROTOCOL]
        known = self._notes.get(subscription.id)
        if known is None or known[0] is not note:
            known = self._notes[subscription.id] = (note, push_of(subscription.settings))
        return known[1]

    def _own_session(self) -> Session:
        assert self._session is not None, "asked before anything was pushed"
        return self._session


def _event(message: PushMessage, subscription: PushedSubscription, push: Push) -> bytes:
    return as_event(
        message.format,
        message.body,
        message.index,
        push.schema,
        push.topic,
        message.offset,
        message.stored_ms,
    )


def _headers_of(event: bytes, push: Push) -> list[tuple[str, str]]:
    """What the first event says of itself, and the subscription's own headers; those that HTTP forbids are left out."""
    found = msgspec.json.decode(event)
    told: dict[str, Any] = found if isinstance(found, dict) else {}
    named = [
        ("aeg-data-version", told.get("dataVersion")),
        ("aeg-output-event-id", told.get("id")),
        *((str(each["name"]), _value_of(each, told)) for each in push.attributes),
    ]
    headers: list[tuple[str, str]] = []
    for name, value in named:
        text = _text(value)
        if text is not None and _NAME.fullmatch(name) and _VALUE.fullmatch(text):
            headers.append((name, text))
    return headers


def _value_of(attribute: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
    """Of a delivery attribute: said once, or found in the event."""
    if "value" in attribute:
        return attribute["value"]
    found: Any = event
    for step in attribute["path"]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _text(value: Any) -> str | None:
    """Strings, numbers and booleans; nothing else is put into a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
