"""What topics and subscriptions can be told, how it is checked, and how it is told back. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from dragoman.doors.sns.errors import invalid
from dragoman.doors.sns.filters import read_policy
from dragoman.doors.sns.names import Name
from dragoman.doors.sns.schedule import (
    effective_subscription,
    effective_topic,
    read_subscription,
    read_topic,
)
from dragoman.doors.sns.store import WEB, Subscription, Topic
from dragoman.doors.sqs.names import Place, read_arn

DISPLAY_MAX: Final = 100
WORKS: Final = "works"
STORED: Final = "stored only"
Check = Callable[[str], object]


class Attribute(NamedTuple):
    """One that can be set: how far it is acted on, and what raises Refused where its value is none."""

    acted_on: str
    check: Check
    is_fifo: bool = False


def _one_of(name: str, *values: str) -> Check:
    def check(text: str) -> None:
        if text and text not in values:
            raise invalid(name, f"{text:.60} is none of {', '.join(values)}")

    return check


def _object(name: str) -> Check:
    def check(text: str) -> None:
        try:
            found = json.loads(text or "{}")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise invalid(name, "failed to parse JSON.")

    return check


def _display_name(text: str) -> None:
    if len(text) > DISPLAY_MAX or not text.isprintable():
        raise invalid("DisplayName", f"At most {DISPLAY_MAX} characters, no control characters")


def _any(text: str) -> None:
    """No check."""


def _redrive(text: str) -> None:
    if text:
        dead_letter_of({"RedrivePolicy": text})


TOPIC: Final[Mapping[str, Attribute]] = {
    "DisplayName": Attribute(STORED, _display_name),
    "Policy": Attribute(STORED, _object("Policy")),
    "DeliveryPolicy": Attribute(WORKS, read_topic),
    "KmsMasterKeyId": Attribute(STORED, _any),
    "SignatureVersion": Attribute(STORED, _one_of("SignatureVersion", "1", "2")),
    "TracingConfig": Attribute(STORED, _one_of("TracingConfig", "PassThrough", "Active")),
    "FifoTopic": Attribute(WORKS, _one_of("FifoTopic", "true", "false"), is_fifo=True),
    "ContentBasedDeduplication": Attribute(
        WORKS, _one_of("ContentBasedDeduplication", "true", "false"), is_fifo=True
    ),
    "FifoThroughputScope": Attribute(
        WORKS, _one_of("FifoThroughputScope", "Topic", "MessageGroup"), is_fifo=True
    ),
}
SUBSCRIPTION: Final[Mapping[str, Attribute]] = {
    "RawMessageDelivery": Attribute(WORKS, _one_of("RawMessageDelivery", "true", "false")),
    "FilterPolicy": Attribute(WORKS, _any),  # with its scope, below
    "FilterPolicyScope": Attribute(WORKS, _any),
    "RedrivePolicy": Attribute(WORKS, _redrive),
    "DeliveryPolicy": Attribute(WORKS, read_subscription),
}


# --- topics ---


def checked_topic(given: Mapping[str, str], *, is_fifo: bool) -> dict[str, str]:
    """Raises Refused."""
    for name, value in given.items():
        known = TOPIC.get(name)
        if known is None:
            raise invalid("AttributeName", f"{name:.60} is unknown or not supported")
        if known.is_fifo and not is_fifo and value not in ("", "false"):
            raise invalid("Attributes", f"{name} is only for topics of type FIFO")
        known.check(value)
    return dict(given)


def merged(known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What was told, with what is told now; an empty value takes one back."""
    return {name: value for name, value in {**known, **given}.items() if value}


def described_topic(name: Name, topic: Topic, pending: int, confirmed: int) -> dict[str, str]:
    """Every attribute, in the order of AWS."""
    told = topic.attributes
    found: dict[str, str | None] = {
        "Policy": told.get("Policy") or _policy(name),
        "SignatureVersion": told.get("SignatureVersion"),
        "Owner": name.account,
        "SubscriptionsPending": str(pending),
        "KmsMasterKeyId": told.get("KmsMasterKeyId"),
        "TopicArn": name.arn,
        "TracingConfig": told.get("TracingConfig"),
        "EffectiveDeliveryPolicy": effective_topic(told.get("DeliveryPolicy", "")),
        "SubscriptionsConfirmed": str(confirmed),
        "DisplayName": told.get("DisplayName", ""),
        "DeliveryPolicy": told.get("DeliveryPolicy"),
        "SubscriptionsDeleted": "0",
    }
    if name.is_fifo:
        found["FifoTopic"] = "true"
        found["ContentBasedDeduplication"] = told.get("ContentBasedDeduplication", "false")
        found["FifoThroughputScope"] = told.get("FifoThroughputScope", "Topic")
    return {known: value for known, value in found.items() if value is not None}


def _policy(name: Name) -> str:
    actions = (
        "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
        " ListSubscriptionsByTopic Publish"
    )
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions.split()],
        "Resource": name.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": name.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return json.dumps(policy, separators=(",", ":"))


# --- subscriptions ---


def checked_subscription(
    known: Mapping[str, str], given: Mapping[str, str], protocol: str
) -> dict[str, str]:
    """What was told with what is told now. Raises Refused."""
    for name, value in given.items():
        attribute = SUBSCRIPTION.get(name)
        if attribute is None:
            raise invalid("AttributeName", f"{name:.60} is unknown or not supported")
        if name == "DeliveryPolicy" and protocol not in WEB:
            raise invalid("DeliveryPolicy", "Delivery policies are of HTTP and HTTPS")
        attribute.check(value)
    found = merged(known, given)
    read_policy(found)
    return found


def dead_letter_of(attributes: Mapping[str, str]) -> Place | None:
    """The queue of what cannot be delivered. Raises Refused."""
    text = attributes.get("RedrivePolicy")
    if not text:
        return None
    try:
        policy: Any = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    arn = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    place = read_arn(arn) if isinstance(arn, str) else None
    if place is None:
        raise invalid("RedrivePolicy", "deadLetterTargetArn is no ARN of a queue")
    return place


def described_subscription(name: Name, subscription: Subscription, topic: Topic) -> dict[str, str]:
    """Every attribute, in the order of AWS."""
    told = subscription.attributes
    is_web = subscription.protocol in WEB
    has_filter = bool(told.get("FilterPolicy"))
    found: dict[str, str | None] = {
        "SubscriptionPrincipal": f"arn:aws:iam::{name.account}:root",
        "Owner": name.account,
        "RawMessageDelivery": "true" if subscription.is_raw else "false",
        "FilterPolicy": told.get("FilterPolicy"),
        "TopicArn": name._replace(id="").arn,
        "Endpoint": subscription.endpoint,
        "EffectiveDeliveryPolicy": (
            effective_subscription(
                topic.attributes.get("DeliveryPolicy", ""), told.get("DeliveryPolicy", "")
            )
            if is_web
            else None
        ),
        "DeliveryPolicy": told.get("DeliveryPolicy"),
        "RedrivePolicy": told.get("RedrivePolicy"),
        "FilterPolicyScope": (
            told.get("FilterPolicyScope", "MessageAttributes") if has_filter else None
        ),
        "Protocol": subscription.protocol,
        "PendingConfirmation": "true" if subscription.is_pending else "false",
        "ConfirmationWasAuthenticated": "true" if subscription.is_owned else "false",
        "SubscriptionArn": name.arn,
    }
    return {known: value for known, value in found.items() if value is not None}
