"""Delivery policies of HTTP and HTTPS: how often, how long after, with which content type. Pure.

    topic           {"http": {"defaultHealthyRetryPolicy": {...}, "defaultRequestPolicy": {...}, ...}}
    subscription    {"healthyRetryPolicy": {...}, "requestPolicy": {...}}       wins, unless the topic says otherwise

    attempts after the first ("Amazon SNS message delivery retries"):
    numNoDelayRetries at once, numMinDelayRetries after minDelayTarget, then the backoff, at last
    numMaxDelayRetries after maxDelayTarget

An answer of 2xx is done, 429 and 5xx and none at all are tried again, any other is final.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.shared.push.renderer import ACK, Verdict
from dragoman.doors.sns.errors import invalid
from dragoman.ports.outbound import Answered

RETRIES_MAX: Final = 100
DELAY_S_MAX: Final = 3_600
TOO_MANY: Final = 429
TEXT: Final = "text/plain; charset=UTF-8"
TYPES: Final = ("text/plain", "text/csv", "application/json", "application/xml")


class Retry(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A healthyRetryPolicy; delays in seconds."""

    min_delay_target: int = 20
    max_delay_target: int = 20
    num_retries: int = 3
    num_max_delay_retries: int = 0
    num_no_delay_retries: int = 0
    num_min_delay_retries: int = 0
    backoff_function: str = "linear"

    def check(self) -> None:
        """Raises Refused."""
        phases = (self.num_no_delay_retries, self.num_min_delay_retries, self.num_max_delay_retries)
        if not 0 <= self.num_retries <= RETRIES_MAX or min(phases) < 0:
            raise _bad(f"numRetries is from 0 to {RETRIES_MAX}")
        if sum(phases) > self.num_retries:
            raise _bad("numRetries is less than the retries of its phases")
        if not 1 <= self.min_delay_target <= self.max_delay_target <= DELAY_S_MAX:
            raise _bad("minDelayTarget and maxDelayTarget are from 1 to 3600 and in this order")
        if self.backoff_function not in BACKOFFS:
            raise _bad(f"backoffFunction is one of {', '.join(BACKOFFS)}")

    def delay_ms(self, retry: int) -> int:
        """Before a retry, 1 the first."""
        number = retry - self.num_no_delay_retries
        if number <= 0:
            return 0
        number -= self.num_min_delay_retries
        low, high = self.min_delay_target, self.max_delay_target
        if number <= 0:
            return low * 1_000
        steps = self.num_retries - (
            self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries
        )
        if number > steps:
            return high * 1_000
        return round(BACKOFFS[self.backoff_function](low, high, number, steps + 1)) * 1_000


BACKOFFS: Final[Mapping[str, Callable[[int, int, int, int], float]]] = {
    "linear": lambda low, high, at, end: low + (high - low) * at / end,
    "arithmetic": lambda low, high, at, end: low + (high - low) * at * (at + 1) / (end * (end + 1)),
    "geometric": lambda low, high, at, end: low * (high / low) ** (at / end),
    "exponential": lambda low, high, at, end: low + (high - low) * (2**at - 1) / (2**end - 1),
}


class Throttle(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Kept and told; targets are spared by how many requests each has under way."""

    max_receives_per_second: int


class Form(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A requestPolicy."""

    header_content_type: str = TEXT


class OfTopic(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What a topic says for all of its subscriptions."""

    default_healthy_retry_policy: Retry | None = None
    default_sickly_retry_policy: Retry | None = None
    disable_subscription_overrides: bool = False
    default_throttle_policy: Throttle | None = None
    default_request_policy: Form | None = None


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Policies of a topic are under `http`."""

    http: OfTopic = OfTopic()


class OfSubscription(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What a subscription says for itself."""

    healthy_retry_policy: Retry | None = None
    sickly_retry_policy: Retry | None = None
    throttle_policy: Throttle | None = None
    request_policy: Form | None = None
    guaranteed: bool = False


class Schedule(msgspec.Struct, frozen=True):
    """What holds for one subscription."""

    retry: Retry = Retry()
    content_type: str = TEXT


def read_topic(text: str) -> OfTopic:
    """Raises Refused."""
    try:
        found = msgspec.json.decode(text or "{}", type=Http).http
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _bad(str(error)) from None
    _check(found.default_healthy_retry_policy, found.default_request_policy)
    return found


def read_subscription(text: str) -> OfSubscription:
    """Raises Refused."""
    try:
        found = msgspec.json.decode(text or "{}", type=OfSubscription)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _bad(str(error)) from None
    _check(found.healthy_retry_policy, found.request_policy)
    return found


def _check(retry: Retry | None, form: Form | None) -> None:
    if retry is not None:
        retry.check()
    if form is not None and form.header_content_type.partition(";")[0].strip() not in TYPES:
        raise _bad(f"headerContentType is one of {', '.join(TYPES)}")


def schedule_of(topic: str, subscription: str) -> Schedule:
    """What the two policies come to. Raises Refused."""
    above, own = read_topic(topic), read_subscription(subscription)
    if above.disable_subscription_overrides:
        own = OfSubscription()
    retry = own.healthy_retry_policy or above.default_healthy_retry_policy or Retry()
    form = own.request_policy or above.default_request_policy or Form()
    return Schedule(retry, form.header_content_type)


def effective_topic(text: str) -> str:
    """A topic's policy with what it leaves out."""
    found = read_topic(text)
    retry = found.default_healthy_retry_policy or Retry()
    form = found.default_request_policy or Form()
    told: dict[str, Any] = {
        "defaultHealthyRetryPolicy": msgspec.to_builtins(retry),
        "disableSubscriptionOverrides": found.disable_subscription_overrides,
        "defaultRequestPolicy": msgspec.to_builtins(form),
    }
    if found.default_throttle_policy is not None:
        told["defaultThrottlePolicy"] = msgspec.to_builtins(found.default_throttle_policy)
    return json.dumps({"http": told}, separators=(",", ":"))


def effective_subscription(topic: str, subscription: str) -> str:
    """A subscription's policy with what it and its topic leave out."""
    found = schedule_of(topic, subscription)
    told: dict[str, Any] = {
        "healthyRetryPolicy": msgspec.to_builtins(found.retry),
        "sicklyRetryPolicy": None,
        "throttlePolicy": None,
        "requestPolicy": {"headerContentType": found.content_type},
        "guaranteed": False,
    }
    return json.dumps(told, separators=(",", ":"))


def judge(answered: Answered, attempt: int, retry: Retry) -> Verdict:
    """What becomes of a message that was sent for the `attempt`th time, 1 the first."""
    status = answered.status
    if 200 <= status < 300:
        return ACK
    text = answered.failure or str(status)
    if answered.failure or status == TOO_MANY or status >= 500:
        if attempt <= retry.num_retries:
            return Verdict("release", delay_ms=retry.delay_ms(attempt), text=text)
        return Verdict("reject", reason="delivery_limit", text=text)
    return Verdict("reject", reason="rejected", text=text)


def _bad(text: str) -> Exception:
    return invalid("DeliveryPolicy", text)
