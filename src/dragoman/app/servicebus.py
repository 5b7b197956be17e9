"""A configuration file of Service Bus's emulator (`--servicebus-config Config.json`) as kernel commands. Cold.

    UserConfig.Namespaces[0]   Name, Queues[], Topics[]          its one namespace is the default one here
    Queues[]                   Name, Properties
    Topics[]                   Name, Properties, Subscriptions[]
    Subscriptions[]            Name, Properties, Rules[]         without rules it takes everything
    Rules[]                    Name, Properties {FilterType, SqlFilter, CorrelationFilter, Action}

    queue, subscription   its dead letters are the queue PATH/$DeadLetterQueue
    ForwardTo             a pump, which takes from the entity what comes; another takes its dead letters, where the file
                          forwards those; PATH/$Transfer/$DeadLetterQueue has what they could not carry

What is unknown is refused by name. All problems are told at once, a line each.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.app.config import ConfigError
from dragoman.app.emulatorfile import load_file
from dragoman.app.problems import Problems
from dragoman.doors.servicebus.definitions import (
    DEDUP_MS,
    DEFAULT_RULE,
    DELIVERIES,
    DELIVERIES_MAX,
    DIALECT,
    LOCK_MS,
    LOCK_MS_MAX,
    dead_letters_of,
    forwarding,
    forwarding_dead_letters,
    path_of_subscription,
    transfer_letters_of,
)
from dragoman.doors.servicebus.durations import FOR_EVER_MS, read_duration
from dragoman.kernel.commands import CreateStream, DeclareQueue
from dragoman.kernel.filters.servicebus import servicebus_actions, servicebus_filter
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument

OF_TOPIC: Final[Mapping[str, type]] = {
    "DefaultMessageTimeToLive": str,
    "DuplicateDetectionHistoryTimeWindow": str,
    "RequiresDuplicateDetection": bool,
}
OF_SUBSCRIPTION: Final[Mapping[str, type]] = {
    "DeadLetteringOnMessageExpiration": bool,
    "DefaultMessageTimeToLive": str,
    "LockDuration": str,
    "MaxDeliveryCount": int,
    "ForwardDeadLetteredMessagesTo": str,
    "ForwardTo": str,
    "RequiresSession": bool,
}
OF_QUEUE: Final[Mapping[str, type]] = {**OF_TOPIC, **OF_SUBSCRIPTION}
CORRELATION: Final[Mapping[str, str]] = {
    "ContentType": "content-type",
    "CorrelationId": "correlation-id",
    "Label": "label",
    "MessageId": "message-id",
    "ReplyTo": "reply-to",
    "ReplyToSessionId": "reply-to-session-id",
    "SessionId": "session-id",
    "To": "to",
}
OF_RULE: Final = ("FilterType", "SqlFilter", "CorrelationFilter", "Action")
KINDS: Final = {"Sql": "sql", "Correlation": "correlation", "True": "true", "False": "false"}

Table = dict[str, Any]


def load(path: str) -> tuple[Any, ...]:
    """Commands from a file. Raises ConfigError, every line beginning with the file's name."""
    return load_file(path, read)


def read(document: Any) -> tuple[Any, ...]:
    """Commands in an order in which each finds what it needs. Raises ConfigError."""
    problems = Problems()
    file = _table(document, ("UserConfig",), "file", problems)
    config = _table(file.get("UserConfig"), ("Namespaces", "Logging"), "UserConfig", problems)
    namespaces = _named(config, "Namespaces", ("Name", "Queues", "Topics"), "UserConfig", problems)
    if len(namespaces) > 1:
        problems.add("Namespaces", "only one")
    reader = _Reader(problems)
    for where, namespace in namespaces[:1]:
        reader.read(where, namespace)
    if problems.lines:
        raise ConfigError(problems.lines)
    return (*reader.queues, *reader.topics, *reader.subscriptions, *reader.pumps)


class _Reader:
    """What one namespace makes."""

    def __init__(self, problems: Problems) -> None:
        self.queues: list[DeclareQueue] = []
        self.topics: list[CreateStream] = []
        self.subscriptions: list[CreateSubscription] = []
        self.pumps: list[CreatePump] = []
        self._problems = problems
        self._names: set[str] = set()

    def read(self, where: str, namespace: Table) -> None:
        """Problems are added to those there are."""
        problems = self._problems
        queues = _named(namespace, "Queues", ("Name", "Properties"), where, problems)
        topics = _named(
            namespace, "Topics", ("Name", "Properties", "Subscriptions"), where, problems
        )
        names = [str(one["Name"]) for _, one in (*queues, *topics)]
        self._names = set(names)
        for name in sorted(name for name in self._names if names.count(name) > 1):
            problems.add(where, f"two entities are called {name}")
        for place, queue in queues:
            self._queue(place, queue)
        for place, topic in topics:
            self._topic(place, topic)

    def _queue(self, where: str, queue: Table) -> None:
        name = queue["Name"]
        said = _properties(queue, OF_QUEUE, where, self._problems)
        settings = self._settings(name, name, "", said, where)
        stream = _stream(said, where, self._problems)
        self.queues.append(DeclareQueue(name=name, settings=settings, stream=stream))

    def _topic(self, where: str, topic: Table) -> None:
        name = topic["Name"]
        said = _properties(topic, OF_TOPIC, where, self._problems)
        stream = _stream(said, where, self._problems)
        self.topics.append(CreateStream(name=name, settings=stream, attach=True))
        ttl_ms = _ttl(said, where, self._problems)
        for place, subscription in _named(
            topic, "Subscriptions", ("Name", "Properties", "Rules"), where, self._problems
        ):
            self._subscription(place, name, ttl_ms, subscription)

    def _subscription(self, where: str, topic: str, ttl_ms: int, subscription: Table) -> None:
        name = subscription["Name"]
        said = _properties(subscription, OF_SUBSCRIPTION, where, self._problems)
        path = path_of_subscription(topic, name)
        settings = self._settings(path, topic, name, said, where, ttl_ms)
        rules = [
            _rule(place, rule, self._problems)
            for place, rule in _named(
                subscription, "Rules", ("Name", "Properties"), where, self._problems
            )
        ]
        filter_ = {"rules": rules or [dict(DEFAULT_RULE)]}
        try:
            servicebus_filter(filter_)
            servicebus_actions(filter_)
        except InvalidArgument as error:
            self._problems.add(where, str(error))
        made = msgspec.structs.replace(settings, filter=filter_, dialect=DIALECT)
        self.subscriptions.append(CreateSubscription(name=topic, subscription=name, settings=made))

    def _settings(
        self, path: str, source: str, subscription: str, said: Table, where: str, ttl_ms: int = -1
    ) -> SubscriptionSettings:
        """An entity's own; what its dead letters and its forwarding need is made beside it."""
        problems = self._problems
        dead = self._target(said, "ForwardDeadLetteredMessagesTo", path, where)
        lock_ms = _duration_ms(said, "LockDuration", LOCK_MS, where, problems)
        deliveries = said.get("MaxDeliveryCount", DELIVERIES)
        if not 0 < lock_ms <= LOCK_MS_MAX:
            problems.add(where, "LockDuration: at most five minutes")
        if not 0 < deliveries <= DELIVERIES_MAX:
            problems.add(where, f"MaxDeliveryCount: 1 to {DELIVERIES_MAX}")
        self._letters(dead_letters_of(path), lock_ms)
        target = self._target(said, "ForwardTo", path, where)
        has_sessions = said.get("RequiresSession", False)
        if target and has_sessions:
            problems.add(where, "ForwardTo: not where sessions are required")
        elif target:
            self.pumps.append(forwarding(path, source, subscription, target))
        if dead:
            self.pumps.append(forwarding_dead_letters(path, target=dead))
        if dead or target:
            self._letters(transfer_letters_of(path), lock_ms)
        limits = [ms for ms in (ttl_ms, _ttl(said, where, problems)) if ms >= 0]
        return SubscriptionSettings(
            lease_duration_ms=lock_ms,
            attempts_max=deliveries,
            ttl_ms=min(limits, default=-1),
            dead_letter=Address(dead_letters_of(path)),
            dead_letter_expired=said.get("DeadLetteringOnMessageExpiration", False),
            order="session" if has_sessions else "none",
        )

    def _letters(self, name: str, lock_ms: int) -> None:
        """A queue of dead letters beside an entity."""
        own = SubscriptionSettings(lease_duration_ms=lock_ms)
        self.queues.append(DeclareQueue(name=name, settings=own))

    def _target(self, said: Table, name: str, path: str, where: str) -> str:
        """Where the property leads: a queue or topic of the file; empty nowhere."""
        target: str = said.get(name, "")
        if target and (target not in self._names or target == path):
            self._problems.add(where, f"{name}: there is no other queue or topic {target!r}")
        return target


def _stream(said: Table, where: str, problems: Problems) -> StreamSettings:
    if not said.get("RequiresDuplicateDetection", False):
        return StreamSettings()
    name = "DuplicateDetectionHistoryTimeWindow"
    return StreamSettings(dedup_window_ms=_duration_ms(said, name, DEDUP_MS, where, problems))


def _ttl(said: Table, where: str, problems: Problems) -> int:
    """-1 for ever."""
    found = _duration_ms(said, "DefaultMessageTimeToLive", FOR_EVER_MS, where, problems)
    return -1 if found >= FOR_EVER_MS else found


def _duration_ms(said: Table, name: str, default: int, where: str, problems: Problems) -> int:
    text = said.get(name, "")
    if not text:
        return default
    found = read_duration(text)
    if found is None:
        problems.add(where, f"{name}: {text!r} is no duration")
        return default
    return found


def _rule(where: str, rule: Table, problems: Problems) -> Table:
    properties = _table(rule.get("Properties", {}), OF_RULE, where, problems)
    kind = KINDS.get(str(properties.get("FilterType")))
    made: Table = {"name": rule["Name"], "kind": kind or "true"}
    if properties.get("Action"):
        place = f"{where}: Action"
        action = _table(properties["Action"], ("SqlExpression",), place, problems)
        made["action"] = {"expression": action.get("SqlExpression", "")}
    if kind is None:
        problems.add(where, f"FilterType: one of {', '.join(KINDS)}")
    elif kind == "sql":
        place = f"{where}: SqlFilter"
        sql = _table(properties.get("SqlFilter", {}), ("SqlExpression",), place, problems)
        made["expression"] = sql.get("SqlExpression", "")
    elif kind == "correlation":
        place = f"{where}: CorrelationFilter"
        said = _table(
            properties.get("CorrelationFilter", {}), (*CORRELATION, "Properties"), place, problems
        )
        made["properties"] = problems.table(said.pop("Properties", {}), place)
        made["fields"] = {
            CORRELATION[key]: value
            for key, value in said.items()
            if key in CORRELATION and value not in ("", None)
        }
    return made


def _properties(
    entity: Table, known: Mapping[str, type], where: str, problems: Problems
) -> dict[str, Any]:
    """Those of the type that they have; the others are told."""
    said = _table(entity.get("Properties", {}), known, where, problems)
    for name, value in list(said.items()):
        if name not in known or type(value) is not known[name]:
            del said[name]
            if name in known and value is not None:
                problems.add(where, f"{name}: {value!r} is no {known[name].__name__}")
    return said


def _table(value: Any, known: Any, where: str, problems: Problems) -> Table:
    """A copy of the table."""
    table = dict(problems.table(value, where))
    problems.unknown(table, known, where)
    return table


def _named(
    parent: Table, key: str, known: tuple[str, ...], where: str, problems: Problems
) -> list[tuple[str, Table]]:
    """(where, table) of each item of a list that has a name."""
    items = parent.get(key)
    if items is None:
        return []
    if not isinstance(items, list):
        problems.add(where, f"{key}: expected a list")
        return []
    found = []
    for item in items:
        name = item.get("Name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            problems.add(where, f"{key}: each has a Name")
            continue
        place = f"{where}.{key}.{name}"
        found.append((place, _table(item, known, place, problems)))
    return found
