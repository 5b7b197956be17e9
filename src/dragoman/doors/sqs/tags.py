"""Tags and permissions: kept with the queue, told to whoever asks, acted on by nobody yet. Cold."""

import json
import re
from typing import Any, Final

import msgspec

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.attributes import NOTE, read_object
from dragoman.doors.sqs.errors import INVALID_PARAMETER_VALUE, OVER_LIMIT, Refused, invalid, missing
from dragoman.doors.sqs.names import arn
from dragoman.doors.sqs.queue import Queue
from dragoman.doors.sqs.service import Service
from dragoman.kernel.api import AlterSubscription, SubscriptionSettings
from dragoman.model.levels import WRITTEN
from dragoman.wire.aws import shapes as s
from dragoman.wire.aws.actions import ACTIONS

TAGS_MAX: Final = 50
KEY_MAX: Final = 128
VALUE_MAX: Final = 256
PERMITTED_MAX: Final = 7  # actions in one permission
STATEMENTS_MAX: Final = 20
_TAGS: Final = NOTE + "tags"
_POLICY: Final = NOTE + "Policy"
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


def tags_of(settings: SubscriptionSettings) -> dict[str, str]:
    """The queue's tags."""
    found: dict[str, str] = json.loads(settings.notes.get(_TAGS, "{}"))
    return found


def note_tags(settings: SubscriptionSettings, tags: dict[str, str]) -> SubscriptionSettings:
    """The settings with exactly these tags. Raises Refused."""
    if len(tags) > TAGS_MAX:
        raise Refused(
            INVALID_PARAMETER_VALUE, f"Too many tags added for queue; the limit is {TAGS_MAX}."
        )
    for key, value in tags.items():
        if not 0 < len(key) <= KEY_MAX or len(value) > VALUE_MAX or key.lower().startswith("aws:"):
            raise invalid(
                "Tags",
                key,
                f"A tag has a key of 1 to {KEY_MAX} characters and a value of at most {VALUE_MAX}.",
            )
    return _noted(settings, _TAGS, json.dumps(tags) if tags else "")


def _noted(settings: SubscriptionSettings, name: str, value: str) -> SubscriptionSettings:
    notes = {known: text for known, text in settings.notes.items() if known != name}
    if value:
        notes[name] = value
    return msgspec.structs.replace(settings, notes=notes)


def _alter(asked: Asked, queue: Queue, settings: SubscriptionSettings) -> Response:
    asked.session.submit(
        AlterSubscription(namespace=queue.namespace, name=queue.head.name, settings=settings)
    )
    return asked.answer().after(asked.session.position(), WRITTEN)


def tag_queue(service: Service, asked: Asked, request: s.TagQueue) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    if not request.tags:
        raise missing("Tags")
    settings = queue.head.settings
    return _alter(asked, queue, note_tags(settings, tags_of(settings) | request.tags))


def untag_queue(service: Service, asked: Asked, request: s.UntagQueue) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    if not request.tag_keys:
        raise missing("TagKeys")
    settings = queue.head.settings
    left = {key: value for key, value in tags_of(settings).items() if key not in request.tag_keys}
    return _alter(asked, queue, note_tags(settings, left))


def list_queue_tags(service: Service, asked: Asked, request: s.ListQueueTags) -> Response:
    """See the API reference."""
    tags = tags_of(service.queues.of(asked, request.queue_url).head.settings)
    return asked.answer(s.QueueTags(tags or msgspec.UNSET))


# --- permissions: statements of the queue's policy ---


def _policy_of(settings: SubscriptionSettings) -> dict[str, Any]:
    text = settings.notes.get(_POLICY)
    if not text:
        return {"Version": "2012-10-17", "Statement": []}
    policy = read_object("Policy", text)
    if type(policy.get("Statement")) is not list:
        policy["Statement"] = [policy["Statement"]] if "Statement" in policy else []
    return policy


def _with_policy(settings: SubscriptionSettings, policy: dict[str, Any]) -> SubscriptionSettings:
    text = json.dumps(policy, separators=(",", ":")) if policy["Statement"] else ""
    return _noted(settings, _POLICY, text)


def _label(label: str | None) -> str:
    if not label:
        raise missing("Label")
    if not _LABEL.fullmatch(label):
        raise invalid(
            "Label",
            label,
            "Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
        )
    return label


def _sid(statement: Any) -> Any:
    return statement.get("Sid") if type(statement) is dict else None


def add_permission(service: Service, asked: Asked, request: s.AddPermission) -> Response:
    """See the API reference: a statement more in the queue's policy."""
    queue = service.queues.of(asked, request.queue_url)
    label = _label(request.label)
    if not request.account_ids:
        raise missing("AWSAccountIds")
    actions = request.actions
    if not actions:
        raise missing("Actions")
    for action in actions:
        if action != "*" and action not in ACTIONS:
            raise invalid(
                "ActionName",
                f"SQS:{action}",
                "Only the queue owner is allowed to invoke this action, or there is none of that name.",
            )
    if len(actions) > PERMITTED_MAX:
        raise Refused(
            OVER_LIMIT, f"{len(actions)} Actions were found, maximum allowed is {PERMITTED_MAX}."
        )
    policy = _policy_of(queue.head.settings)
    if any(_sid(statement) == label for statement in policy["Statement"]):
        raise invalid("Label", label, "Already exists.")
    if len(policy["Statement"]) >= STATEMENTS_MAX:
        raise Refused(OVER_LIMIT, f"A policy has at most {STATEMENTS_MAX} statements.")
    principals = [f"arn:aws:iam::{account}:root" for account in request.account_ids]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": principals if len(principals) > 1 else principals[0]},
            "Action": [f"SQS:{action}" for action in actions]
            if len(actions) > 1
            else f"SQS:{actions[0]}",
            "Resource": arn(queue.place, asked.region),
        }
    )
    return _alter(asked, queue, _with_policy(queue.head.settings, policy))


def remove_permission(service: Service, asked: Asked, request: s.RemovePermission) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    label = _label(request.label)
    policy = _policy_of(queue.head.settings)
    left = [statement for statement in policy["Statement"] if _sid(statement) != label]
    if len(left) == len(policy["Statement"]):
        raise invalid("Label", label, "can't find label on existing policy.")
    policy["Statement"] = left
    return _alter(asked, queue, _with_policy(queue.head.settings, policy))
