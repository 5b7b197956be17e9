"""Handshakes: whoever gets events at a URL says first that he wants them ("Endpoint validation").

    Event Grid's schema   POST a validation event; the answer gives its code back
    CloudEvents           OPTIONS (CloudEvents HTTP 1.1 Web Hooks, section 4); the answer allows our origin

    Creating --code back, origin allowed--> Succeeded
       |------200, nothing more-----------> AwaitingManualAction --its URL is called within 10 minutes--> Succeeded
       '------anything else---------------> Failed: one that was new is gone again

A state is in the subscription's note, so that a handshake which the end of the process broke off begins anew.
"""

import json
from contextlib import suppress
from functools import partial
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qs, quote, urlencode

import msgspec

from dragoman.doors.eventgrid.definitions import Push, State, push_of, with_push
from dragoman.doors.eventgrid.errors import bad_request, not_found
from dragoman.doors.eventgrid.schedule import outcome_of
from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, PROTOCOL
from dragoman.doors.shared.push.renderer import PushedSubscription
from dragoman.doors.shared.rest.call import Call, Response
from dragoman.formats.eventdata import write_json
from dragoman.formats.values import timestamp_text
from dragoman.kernel.api import (
    AlterSubscription,
    DeleteSubscription,
    DescribeQueue,
    QueueInfo,
    Session,
)
from dragoman.model.errors import KernelError, SubscriptionNotFound
from dragoman.ports.outbound import Answered, Outbound, Outgoing

ANSWER_MS: Final = 30_000
ORIGIN: Final = "eventgrid.azure.net"
RATE: Final = "120"  # asked for, per minute; what is allowed is not counted
VALIDATION: Final = "Microsoft.EventGrid.SubscriptionValidationEvent"
VALIDATE_PATH: Final = "/eventsubscriptions/{subscription}/validate"
ID_BYTES: Final = 16


class Handshakes:
    """Those under way, one for each subscription at a time."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._under_way: dict[int, str] = {}  # subscription to code

    def begin(self, session: Session, subscription: PushedSubscription, push: Push) -> None:
        """Ask the endpoint, unless it is being asked."""
        if push.state != "Creating" or self._under_way.get(subscription.id) == push.code:
            return
        self._under_way[subscription.id] = push.code
        make = options if push.schema == CLOUD_SCHEMA else validation_event
        outgoing = make(session, subscription, push)
        self._outbound.send(outgoing, partial(self._answered, session, subscription, push))

    def _answered(
        self, session: Session, subscription: PushedSubscription, push: Push, answered: Answered
    ) -> None:
        if self._under_way.get(subscription.id) == push.code:
            del self._under_way[subscription.id]
        state = allows(answered) if push.schema == CLOUD_SCHEMA else gives_back(answered, push.code)
        trouble = "" if state != "Failed" else f"{outcome_of(answered)} {answered.text}".strip()
        with suppress(KernelError):  # deleted meanwhile
            settle(session, subscription.stream, subscription.name, push.code, state, trouble)


def settle(
    session: Session, stream: str, name: str, code: str, state: State, trouble: str = ""
) -> None:
    """The handshake with that code ended so. Raises KernelError."""
    info: QueueInfo = session.submit(DescribeQueue(name=stream, subscription=name))
    push = push_of(info.settings)
    if push.code != code or push.state == "Succeeded":
        return  # another handshake has begun meanwhile
    if state == "Failed" and push.is_new:
        session.submit(DeleteSubscription(name=stream, subscription=name))
        return
    is_new = push.is_new and state != "Succeeded"
    push = msgspec.structs.replace(push, state=state, is_new=is_new, trouble=trouble)
    settings = with_push(info.settings, push)
    session.submit(AlterSubscription(name=stream, subscription=name, settings=settings))


# Asking


def validation_url(subscription: PushedSubscription, push: Push) -> str:
    """What completes the handshake when somebody calls it."""
    path = VALIDATE_PATH.format(subscription=quote(subscription.name, safe=""))
    return f"{push.base}{path}?{urlencode({'id': push.code, 'topic': subscription.stream})}"


def validation_event(session: Session, subscription: PushedSubscription, push: Push) -> Outgoing:
    """A request with the validation event alone."""
    event = {
        "id": session.token(ID_BYTES).hex(),
        "topic": push.topic,
        "subject": "",
        "data": {
            "validationCode": push.code,
            "validationUrl": validation_url(subscription, push),
        },
        "eventType": VALIDATION,
        "eventTime": timestamp_text(session.wall_ms()),
        "metadataVersion": "1",
        "dataVersion": "2",
    }
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("aeg-event-type", "SubscriptionValidation"),
        ("aeg-subscription-name", push.name.upper()),
        *_static(push),
    ]
    return Outgoing("POST", push.url, headers, write_json([event]), ANSWER_MS)


def options(session: Session, subscription: PushedSubscription, push: Push) -> Outgoing:
    """A request for permission, as CloudEvents has it."""
    headers = [
        ("WebHook-Request-Origin", ORIGIN),
        ("WebHook-Request-Callback", validation_url(subscription, push)),
        ("WebHook-Request-Rate", RATE),
        *_static(push),
    ]
    return Outgoing("OPTIONS", push.url, headers, b"", ANSWER_MS)


def _static(push: Push) -> list[tuple[str, str]]:
    return [(str(each["name"]), str(each["value"])) for each in push.attributes if "value" in each]


# Understanding


def gives_back(answered: Answered, code: str) -> State:
    """Whether the code came back; 200 alone says that somebody will call the URL."""
    if answered.status != 200:
        return "Failed"
    try:
        found = json.loads(answered.body)
    except (ValueError, RecursionError):
        found = None
    given = found.get("validationResponse") if isinstance(found, dict) else None
    if given is None:
        return "AwaitingManualAction"
    return "Succeeded" if isinstance(given, str) and _same(given, code) else "Failed"


def allows(answered: Answered) -> State:
    """Whether our origin may send; any success that does not say so promises a call of the URL."""
    if not 200 <= answered.status < 300:
        return "Failed"
    allowed = next((v for name, v in answered.headers if name == "webhook-allowed-origin"), None)
    if allowed is None:
        return "AwaitingManualAction"
    return "Succeeded" if allowed.strip() in {"*", ORIGIN} else "Failed"


def _same(given: str, code: str) -> bool:
    return compare_digest(given.encode(errors="replace"), code.encode())


# Being called


def validate(call: Call) -> Response:
    """GET, or POST, of a validation URL. Raises EventGridError."""
    asked = parse_qs(call.request.query.decode("latin-1"))
    stream, code = (asked.get(name, [""])[0] for name in ("topic", "id"))
    name = call.parameters["subscription"]
    session = call.session
    try:
        info: QueueInfo = session.submit(DescribeQueue(name=stream, subscription=name))
    except SubscriptionNotFound:
        raise not_found(name) from None
    if info.settings.push != PROTOCOL:
        raise not_found(name)
    push = push_of(info.settings)
    if not _same(code, push.code) or push.until_ms <= session.wall_ms():
        raise bad_request("The validation code is not valid, or no longer.")
    if push.state != "Succeeded":
        settle(session, stream, name, push.code, "Succeeded")
    return Response(
        200,
        b'"Webhook successfully validated as a subscription endpoint"',
        ((b"content-type", b"application/json"),),
    )
