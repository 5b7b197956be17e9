"""A subscription's settings, from Pub/Sub's words to the kernel's, and what is kept of them.

    ack_deadline_seconds           lease_duration_ms      dead_letter_policy      dead_letter, attempts_max
    message_retention_duration     ttl_ms                 retry_policy            retry_ms, retry_ms_max
    enable_message_ordering        order = key            expiration_policy       idle_ms
    enable_exactly_once_delivery   exactly_once           push_config             push
    filter                         filter                 retain_acked_messages   the stream's retention

The subscription itself, without what changes by itself, is kept as JSON in the kernel's notes.
"""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from dragoman.doors.pubsub.errors import check_within, invalid, not_offered
from dragoman.doors.pubsub.masks import check_labels, duration_ms
from dragoman.doors.pubsub.names import PROTOCOL, Place, place_of
from dragoman.doors.pubsub.protos import Subscription, from_text, to_text
from dragoman.kernel.api import Address, SubscriptionSettings

ACK_DEADLINE_S: Final = 10
ACK_DEADLINE_S_MAX: Final = 600
RETENTION_S: Final = 7 * 86_400
RETENTION_S_MIN: Final = 600
RETENTION_S_MAX: Final = 31 * 86_400
EXPIRATION_S: Final = 31 * 86_400
EXPIRATION_S_MIN: Final = 86_400
ATTEMPTS: Final = 5
ATTEMPTS_MIN: Final = 5
ATTEMPTS_MAX: Final = 100
BACKOFF_S_MIN: Final = 10
BACKOFF_S_MAX: Final = 600
FILTER_BYTES_MAX: Final = 256
AUDIENCE_CHARS_MAX: Final = 2_048
DIALECT: Final = "pubsub"
MUTABLE: Final = frozenset(
    (
        "push_config",
        "bigquery_config",
        "cloud_storage_config",
        "bigtable_config",
        "ack_deadline_seconds",
        "retain_acked_messages",
        "message_retention_duration",
        "labels",
        "expiration_policy",
        "dead_letter_policy",
        "retry_policy",
        "enable_exactly_once_delivery",
        "message_transforms",
        "tags",
    )
)
_TOLD: Final = ("name", "topic", "state", "detached", "topic_message_retention_duration")
_EMAIL: Final = re.compile(r"[^@\s]{1,128}@[^@\s]{1,255}")
_EXPORTS: Final = ("bigquery_config", "cloud_storage_config", "bigtable_config")


def complete(subscription: Any) -> None:
    """Say what goes without saying. Raises Status for what makes no sense, or is not offered."""
    _check_offered(subscription)
    check_labels(subscription)
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or ACK_DEADLINE_S
    check_within(
        "ack_deadline_seconds",
        subscription.ack_deadline_seconds,
        ACK_DEADLINE_S,
        ACK_DEADLINE_S_MAX,
    )
    retention = subscription.message_retention_duration
    if not subscription.HasField("message_retention_duration"):
        retention.seconds = RETENTION_S
    seconds = duration_ms(retention) // 1000
    check_within("message_retention_duration", seconds, RETENTION_S_MIN, RETENTION_S_MAX)
    if not subscription.HasField("expiration_policy"):
        subscription.expiration_policy.ttl.seconds = EXPIRATION_S
    elif subscription.expiration_policy.HasField("ttl"):
        seconds = duration_ms(subscription.expiration_policy.ttl) // 1000
        check_within("expiration_policy.ttl", seconds, EXPIRATION_S_MIN, 1 << 40)
    if subscription.HasField("dead_letter_policy"):
        _complete_dead_letters(subscription)
    if subscription.HasField("retry_policy"):
        _complete_retries(subscription.retry_policy)
    _check_push(subscription.push_config)
    if len(subscription.filter.encode()) > FILTER_BYTES_MAX:
        raise invalid(f"The filter is longer than {FILTER_BYTES_MAX} bytes.")


def _check_offered(subscription: Any) -> None:
    for name in _EXPORTS:
        if subscription.HasField(name):
            raise not_offered(f"Exports ({name})")
    if subscription.message_transforms:
        raise not_offered("Message transforms")


def _complete_dead_letters(subscription: Any) -> None:
    policy = subscription.dead_letter_policy
    if not policy.dead_letter_topic:
        subscription.ClearField("dead_letter_policy")
        return
    policy.max_delivery_attempts = policy.max_delivery_attempts or ATTEMPTS
    check_within("max_delivery_attempts", policy.max_delivery_attempts, ATTEMPTS_MIN, ATTEMPTS_MAX)


def _complete_retries(policy: Any) -> None:
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.seconds = BACKOFF_S_MIN
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.seconds = BACKOFF_S_MAX
    low, high = duration_ms(policy.minimum_backoff), duration_ms(policy.maximum_backoff)
    for name, value in (("minimum_backoff", low), ("maximum_backoff", high)):
        check_within(name, value // 1000, 0, BACKOFF_S_MAX)
    if low > high:
        raise invalid("minimum_backoff must not be greater than maximum_backoff.")


def _check_push(push: Any) -> None:
    if not push.push_endpoint:
        return
    parts = urlsplit(push.push_endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid(f"Invalid push endpoint given (endpoint={push.push_endpoint}).")
    token = push.oidc_token
    if push.WhichOneof("authentication_method") and not _EMAIL.fullmatch(
        token.service_account_email
    ):
        raise invalid(
            f"Invalid service account email given (email={token.service_account_email:.200})."
        )
    if len(token.audience) > AUDIENCE_CHARS_MAX:
        raise invalid(f"The audience is longer than {AUDIENCE_CHARS_MAX} characters.")


def settings_of(
    subscription: Any, find: Callable[[Place], str], old: SubscriptionSettings
) -> SubscriptionSettings:
    """The kernel's settings of a complete subscription; `find` gives the stream of a topic. Raises Status."""
    expiration = subscription.expiration_policy
    policy = subscription.dead_letter_policy
    is_lettered = bool(policy.dead_letter_topic)
    is_ordered = bool(subscription.enable_message_ordering)
    return msgspec.structs.replace(
        old,
        lease_duration_ms=subscription.ack_deadline_seconds * 1000,
        ttl_ms=duration_ms(subscription.message_retention_duration),
        idle_ms=duration_ms(expiration.ttl) if expiration.HasField("ttl") else 0,
        attempts_max=policy.max_delivery_attempts if is_lettered else 0,
        dead_letter=Address(find(place_of(policy.dead_letter_topic, "topics")))
        if is_lettered
        else None,
        retry_ms=duration_ms(subscription.retry_policy.minimum_backoff),
        retry_ms_max=duration_ms(subscription.retry_policy.maximum_backoff),
        order="key" if is_ordered else "none",
        revoke_followers=is_ordered,
        filter={"expression": subscription.filter} if subscription.filter else {},
        dialect=DIALECT if subscription.filter else "headers",
        exactly_once=subscription.enable_exactly_once_delivery,
        push=PROTOCOL if subscription.push_config.push_endpoint else "",
        notes=old.notes | {PROTOCOL: kept(subscription)},
    )


def kept(subscription: Any) -> str:
    """What is noted of it."""
    found = Subscription()
    found.CopyFrom(subscription)
    for name in _TOLD:
        found.ClearField(name)
    return to_text(found)


def subscription_of(settings: SubscriptionSettings) -> Any:
    """What was noted; None of a subscription that another door made."""
    text = settings.notes.get(PROTOCOL)
    return None if text is None else from_text(Subscription, text)


def foreign_of(settings: SubscriptionSettings) -> Any:
    """A queue of another door as a subscription."""
    found = Subscription(
        ack_deadline_seconds=min(
            max(settings.lease_duration_ms // 1000, ACK_DEADLINE_S), ACK_DEADLINE_S_MAX
        ),
        enable_message_ordering=settings.order in ("key", "session"),
        enable_exactly_once_delivery=settings.exactly_once,
    )
    found.expiration_policy.SetInParent()
    if settings.ttl_ms >= 0:
        found.message_retention_duration.seconds = settings.ttl_ms // 1000
    return found


class Traits:
    """What hot paths must know of a subscription.

    backoff_ms, backoff_max_ms  of the retry policy; 0 and 0 without one
    """

    __slots__ = (
        "ack_deadline_ms",
        "backoff_max_ms",
        "backoff_ms",
        "counts_attempts",
        "is_exact",
        "is_ordered",
        "is_push",
    )

    def __init__(self, settings: SubscriptionSettings) -> None:
        found = subscription_of(settings)
        is_foreign = found is None
        if found is None:
            found = foreign_of(settings)
        self.ack_deadline_ms: int = found.ack_deadline_seconds * 1000
        self.backoff_ms = settings.retry_ms if is_foreign else 0
        self.backoff_max_ms = self.backoff_ms
        if found.HasField("retry_policy"):
            self.backoff_ms = duration_ms(found.retry_policy.minimum_backoff)
            self.backoff_max_ms = duration_ms(found.retry_policy.maximum_backoff)
        self.counts_attempts = settings.dead_letter is not None
        self.is_exact = settings.exactly_once
        self.is_ordered = settings.order in ("key", "session")
        self.is_push = bool(settings.push)

    def delay_ms(self, attempt: int) -> int:
        """How long a message rests that was given back at its n-th delivery."""
        if not self.backoff_ms:
            return 0
        return min(self.backoff_ms << min(attempt - 1, 20), self.backoff_max_ms)
