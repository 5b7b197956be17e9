"""Policies: arguments for all queues whose names fit a pattern, as RabbitMQ has them. Cold.

    policy            the fitting one of the highest priority; what a queue was declared with goes before it
    operator policy   likewise, and goes before both

Of numbers (lives and limits) the smaller one holds, whoever said it. Both are documents of their namespace, put and
deleted by the management API, which then asks `apply` to change the queues and exchanges that are there. To exchanges
one key alone says something: an alternate, which holds where the exchange was declared without one.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091.arguments import (
    ALL,
    QUEUE_ARGUMENTS,
    STREAM,
    age_ms,
    plain,
    queue_type,
)
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.kernel.api import Document, ListDocuments, Session
from dragoman.wire.amqp091.fieldtable import Field, FieldTable

KIND: Final = "amqp091.policies"  # of their documents, which are named WHICH/NAME
POLICY: Final = "amqp091.policy"
OPERATOR: Final = "amqp091.operator-policy"
PATTERN_CHARS_MAX: Final = 1_000
SMALLER: Final = frozenset(
    (
        "x-message-ttl",
        "x-expires",
        "x-max-length",
        "x-max-length-bytes",
        "x-delivery-limit",
        "x-max-age",
        "x-consumer-timeout",
    )
)
"""Of these the smaller value holds."""

KEYS: Final[Mapping[str, str]] = {
    "message-ttl": "x-message-ttl",
    "expires": "x-expires",
    "max-length": "x-max-length",
    "max-length-bytes": "x-max-length-bytes",
    "overflow": "x-overflow",
    "dead-letter-exchange": "x-dead-letter-exchange",
    "dead-letter-routing-key": "x-dead-letter-routing-key",
    "dead-letter-strategy": "x-dead-letter-strategy",
    "delivery-limit": "x-delivery-limit",
    "consumer-timeout": "x-consumer-timeout",
    "queue-mode": "x-queue-mode",
    "queue-version": "x-queue-version",
    "queue-leader-locator": "x-queue-leader-locator",
    "max-age": "x-max-age",
    "stream-max-segment-size-bytes": "x-stream-max-segment-size-bytes",
    "stream-filter-size-bytes": "x-stream-filter-size-bytes",
}
"""What a definition may say, and the argument that it stands for."""

WORDS: Final[Mapping[str, str]] = {
    "message-ttl": "message TTL",
    "expires": "queue expiry",
    "max-length": "maximum length",
    "max-length-bytes": "maximum length in bytes",
    "overflow": "overflow value",
    "dead-letter-exchange": "dead letter exchange name",
    "dead-letter-routing-key": "dead letter routing key",
    "dead-letter-strategy": "dead letter strategy",
    "delivery-limit": "delivery limit",
    "consumer-timeout": "consumer timeout",
    "queue-mode": "queue-mode value",
    "queue-version": "queue-version value",
    "queue-leader-locator": "queue leader locator value",
    "max-age": "max age",
    "stream-max-segment-size-bytes": "segment size",
    "stream-filter-size-bytes": "filter size",
    "alternate-exchange": "alternate exchange name",
}
"""What RabbitMQ calls the value of a key."""

APPLIES: Final = ("all", "queues", "classic_queues", "quorum_queues", "streams", "exchanges")
ALTERNATE: Final = "alternate-exchange"
STORED_ONLY: Final = frozenset(
    (
        "ha-mode",
        "ha-params",
        "ha-promote-on-failure",
        "ha-promote-on-shutdown",
        "ha-sync-batch-size",
        "ha-sync-mode",
        "max-in-memory-bytes",
        "max-in-memory-length",
        "queue-master-locator",
        "target-group-size",
    )
)
"""Of clusters, or of how RabbitMQ stores: taken, and they mean nothing."""


class Policy(msgspec.Struct, frozen=True, rename="kebab"):
    """One policy, as the management API spells it."""

    pattern: str
    definition: dict[str, Any]
    priority: int = 0
    apply_to: str = "all"


Named = tuple[str, Policy]


class Effect(msgspec.Struct, frozen=True):
    """What holds for a queue: its arguments after all policies, and which policies those are."""

    arguments: dict[str, Field]
    policy: str = ""
    operator: str = ""
    definition: dict[str, Any] = msgspec.field(default_factory=dict)


def check(policy: Policy, which: str = POLICY) -> None:
    """Raises Refused (406): a pattern that is none, keys or values that mean nothing, or are not an operator's."""
    try:
        if len(policy.pattern) > PATTERN_CHARS_MAX:
            raise ValueError("too long")  # noqa: TRY301 - told like any other fault of it
        re.compile(policy.pattern)
    except (re.error, ValueError, RecursionError) as error:
        wrong = f'{{"{error}"}}'
        text = (
            f"Validation failed\n\npattern should be regular expression but is invalid: {wrong}\n"
        )
        raise Refused(PRECONDITION_FAILED, text) from error
    if policy.apply_to not in APPLIES:
        allowed = ", ".join(f"'{name}'" for name in APPLIES[1:])
        text = f"apply-to '{policy.apply_to}' unrecognised; should be {allowed} or 'all'\n"
        raise _invalid(text, which)
    if not policy.definition:
        raise Refused(PRECONDITION_FAILED, "Validation failed\n\nno policy provided\n")
    strange = {key: value for key, value in policy.definition.items() if not _is_known(key, which)}
    if strange:
        shown = ",".join(f'{{<<"{key}">>,{term(value)}}}' for key, value in sorted(strange.items()))
        raise _invalid(f"[{shown}] are not recognised policy settings\n", which)
    for key, value in policy.definition.items():
        if not _is_valid(key, value):
            raise _invalid(f"{term(value)} is not a valid {WORDS[key]}\n", which)


def _is_known(key: str, which: str) -> bool:
    argument = KEYS.get(key)
    if which == OPERATOR:
        return argument in SMALLER or key in STORED_ONLY
    return argument is not None or key in STORED_ONLY or key == ALTERNATE


def _is_valid(key: str, value: Any) -> bool:
    if key == ALTERNATE:
        return isinstance(value, str)
    return key in STORED_ONLY or QUEUE_ARGUMENTS[KEYS[key]].why_not(field_of(value)) is None


def term(value: Any) -> str:
    """A JSON value as Erlang prints it."""
    return f'<<"{value}">>' if isinstance(value, str) else str(value)


def _invalid(text: str, which: str) -> Refused:
    """RabbitMQ escapes what it says of policies, and does not of operator policies."""
    told = text if which == OPERATOR else text.replace("<", "&lt;").replace(">", "&gt;")
    return Refused(PRECONDITION_FAILED, f"Validation failed\n\n{told}")


def field_of(value: Any) -> Field:
    """A JSON value as RabbitMQ's management API types it."""
    if isinstance(value, bool):
        return Field("t", value)
    if isinstance(value, int):
        return Field("l", value)
    if isinstance(value, float):
        return Field("d", value)
    if isinstance(value, list):
        return Field("A", [field_of(item) for item in value])
    if isinstance(value, dict):
        return Field("F", {name: field_of(item) for name, item in value.items()})
    return Field("V", None) if value is None else Field("S", str(value).encode())


def document_name(which: str, name: str) -> str:
    """Of a policy, `which` being POLICY or OPERATOR."""
    return f"{which}/{name}"


def all_of(session: Session, namespace: str, which: str) -> dict[str, Policy]:
    """By name."""
    return _read(session.submit(ListDocuments(namespace=namespace, kind=KIND)), which)


def _read(documents: list[Document], which: str) -> dict[str, Policy]:
    prefix = f"{which}/"
    return {
        one.name.removeprefix(prefix): msgspec.json.decode(one.body, type=Policy)
        for one in documents
        if one.name.startswith(prefix)
    }


def effect(session: Session, namespace: str, name: str, arguments: FieldTable) -> Effect:
    """What holds for a queue of that name and those arguments. One look, as a rule at nothing."""
    known: list[Document] = session.submit(ListDocuments(namespace=namespace, kind=KIND))
    if not known:
        return Effect(dict(arguments))
    operator = _fitting(_read(known, OPERATOR), name, arguments)
    policy = _fitting(_read(known, POLICY), name, arguments)
    if operator is None and policy is None:
        return Effect(dict(arguments))
    from_policy = _arguments_of(policy)
    from_operator = _arguments_of(operator)
    found = _merged(_merged(arguments, from_policy), from_operator, later_wins=True)
    definition = _together(policy, operator)
    return Effect(found, policy[0] if policy else "", operator[0] if operator else "", definition)


def _together(policy: Named | None, operator: Named | None) -> dict[str, Any]:
    """What both say: of a number the smaller one, else what the operator says."""
    first = dict(policy[1].definition) if policy else {}
    second = operator[1].definition if operator else {}
    for key, value in second.items():
        argument = KEYS.get(key, "")
        is_less = argument not in SMALLER or _size(argument, field_of(value)) < _size(
            argument, field_of(first.get(key, value))
        )
        if key not in first or is_less:
            first[key] = value
    return first


def alternate_of(session: Session, namespace: str, name: str) -> tuple[str, str]:
    """Where the policies send what an exchange of that name has nobody for, and the name of the policy that fits."""
    known: list[Document] = session.submit(ListDocuments(namespace=namespace, kind=KIND))
    fits = [
        (key, policy)
        for key, policy in _read(known, POLICY).items()
        if policy.apply_to in {"all", "exchanges"} and re.search(policy.pattern, name) is not None
    ]
    found = max(fits, key=lambda each: each[1].priority, default=None)
    return ("", "") if found is None else (found[1].definition.get(ALTERNATE, ""), found[0])


def _fitting(policies: Mapping[str, Policy], name: str, arguments: FieldTable) -> Named | None:
    kind = queue_type(arguments)
    applies = {"all", "queues", "streams" if kind == STREAM else f"{kind}_queues"}
    fits: Callable[[Policy], bool] = lambda policy: (  # noqa: E731 - read beside its use
        policy.apply_to in applies and re.search(policy.pattern, name) is not None
    )
    found = [(key, policy) for key, policy in policies.items() if fits(policy)]
    return max(found, key=lambda each: each[1].priority, default=None)


def _arguments_of(policy: Named | None) -> dict[str, Field]:
    if policy is None:
        return {}
    told = policy[1].definition
    return {KEYS[key]: field_of(value) for key, value in told.items() if key in KEYS}


def _merged(
    first: Mapping[str, Field], second: Mapping[str, Field], *, later_wins: bool = False
) -> dict[str, Field]:
    """Both; where both say something, the smaller number, else the one that goes before."""
    found = dict(first)
    for key, field in second.items():
        known = found.get(key)
        if (
            known is None
            or (key in SMALLER and _size(key, field) < _size(key, known))
            or (later_wins and key not in SMALLER)
        ):
            found[key] = field
    kind = queue_type(first)
    return {key: field for key, field in found.items() if key in first or _means(key, kind)}


def _size(key: str, field: Field) -> int:
    return age_ms(str(plain(field))) if key == "x-max-age" else int(field.value)


def _means(key: str, kind: str) -> bool:
    """Whether queues of that type know the argument."""
    return kind not in ALL or kind in QUEUE_ARGUMENTS[key].types
