"""RedrivePolicy and RedriveAllowPolicy: which queue takes another's dead letters, and which lets itself be used so."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.sqs.attributes import bad_value, note_of, read_object
from dragoman.doors.sqs.errors import INVALID_PARAMETER_VALUE, Refused
from dragoman.doors.sqs.names import Place, read_arn
from dragoman.doors.sqs.queue import PROTOCOL, find
from dragoman.kernel.api import (
    Address,
    ListAliases,
    ListQueues,
    QueueHead,
    QueueInfo,
    Session,
    SubscriptionSettings,
)
from dragoman.model.errors import StreamNotFound

RECEIVES_MAX: Final = 1_000
SOURCES_MAX: Final = 10
PERMISSIONS: Final = ("allowAll", "denyAll", "byQueue")


def _refused(name: str, value: str, reason: str) -> Refused:
    return Refused(
        INVALID_PARAMETER_VALUE, f"Value {value} for parameter {name} is invalid. Reason: {reason}"
    )


def check_allow_policy(value: str) -> None:
    """Raises Refused unless a RedriveAllowPolicy is one."""
    if not value:
        return
    policy = read_object("RedriveAllowPolicy", value)
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission not in PERMISSIONS:
        raise bad_value("RedriveAllowPolicy")
    if permission != "byQueue":
        if sources is not None:
            reason = "sourceQueueArns is only allowed with redrivePermission byQueue."
            raise _refused("RedriveAllowPolicy", value, reason)
        return
    if type(sources) is not list or not 0 < len(sources) <= SOURCES_MAX:
        reason = f"sourceQueueArns must have 1 to {SOURCES_MAX} elements."
        raise _refused("RedriveAllowPolicy", value, reason)
    if not all(type(source) is str and read_arn(source) for source in sources):
        raise bad_value("RedriveAllowPolicy")


def with_policy(
    session: Session, place: Place, settings: SubscriptionSettings, value: str
) -> SubscriptionSettings:
    """The settings with a RedrivePolicy; empty takes it away. Raises Refused."""
    if not value:
        return msgspec.structs.replace(settings, dead_letter=None, attempts_max=0)
    policy = read_object("RedrivePolicy", value)
    target = _target(session, policy, value)
    receives = _receives(policy, value)
    is_fifo = settings.order == "key"
    if (target.settings.order == "key") != is_fifo:
        raise _refused(
            "RedrivePolicy", value, "Dead-letter queue must be same type of queue as the source."
        )
    if not allows(target.settings, place):
        reason = "The dead-letter queue's redrive allow policy does not let this queue use it."
        raise _refused("RedrivePolicy", value, reason)
    return msgspec.structs.replace(
        settings,
        dead_letter=Address(target.name),
        attempts_max=receives,
        attempts_counted="leased",
    )


def _target(session: Session, policy: Mapping[str, Any], value: str) -> QueueHead:
    arn = policy.get("deadLetterTargetArn")
    place = read_arn(arn) if type(arn) is str else None
    if place is None:
        reason = (
            "Invalid value for deadLetterTargetArn."
            if arn
            else "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."
        )
        raise _refused("RedrivePolicy", value, reason)
    try:
        return find(session, place)
    except Refused:
        raise _refused("RedrivePolicy", value, "Dead letter target does not exist.") from None


def _receives(policy: Mapping[str, Any], value: str) -> int:
    given = policy.get("maxReceiveCount")
    if given is None:
        reason = "Redrive policy does not contain mandatory attribute: maxReceiveCount."
        raise _refused("RedrivePolicy", value, reason)
    number = (
        int(given)
        if type(given) is str and given.isascii() and given.isdigit() and len(given) < 6
        else given
    )
    if type(number) is not int or not 0 < number <= RECEIVES_MAX:
        reason = (
            f"Invalid value for maxReceiveCount: {given}, valid values are from 1 to {RECEIVES_MAX} both"
            " inclusive."
        )
        raise _refused("RedrivePolicy", value, reason)
    return number


def allows(target: SubscriptionSettings, source: Place) -> bool:
    """Whether a queue lets `source` use it for dead letters."""
    value = note_of(target, "RedriveAllowPolicy")
    if not value:
        return True
    policy = read_object("RedriveAllowPolicy", value)
    if policy["redrivePermission"] != "byQueue":
        return bool(policy["redrivePermission"] == "allowAll")
    return any(read_arn(arn) == source for arn in policy["sourceQueueArns"])


def target_of(session: Session, account: str, info: QueueInfo) -> Place | None:
    """Where a queue's dead letters go, if that is a queue."""
    address = info.settings.dead_letter
    if address is None or address.is_route or not info.settings.attempts_max:
        return None
    try:
        (name,) = session.submit(
            ListAliases(namespace=info.namespace, protocol=PROTOCOL, names=(address.name,))
        )
    except StreamNotFound:
        return Place(account, address.name)
    return Place(account, name)


def sources_of(session: Session, namespace: str, stream: str) -> list[QueueInfo]:
    """The queues whose dead letters go to the queue of that stream."""
    found: list[QueueInfo] = session.submit(ListQueues(namespace=namespace))
    return [
        info
        for info in found
        if info.settings.dead_letter is not None
        and info.settings.attempts_max
        and not info.settings.dead_letter.is_route
        and info.settings.dead_letter.name == stream
    ]
