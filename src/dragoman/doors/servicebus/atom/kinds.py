"""Kinds of entities, and what is done with each: told, listed, made or changed, deleted."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from dragoman.doors.servicebus.atom.asked import Asked
from dragoman.doors.servicebus.atom.documents import COUNTS as COUNTS_SPACE
from dragoman.doors.servicebus.atom.documents import Entry, child, local, tag
from dragoman.doors.servicebus.atom.entities import found
from dragoman.doors.servicebus.atom.errors import conflict, missing
from dragoman.doors.servicebus.atom.fields import (
    COUNT_NAMES,
    COUNTS,
    NEVER,
    QUEUE,
    RIGHTS,
    SUBSCRIPTION,
    TOPIC,
    Field,
    Said,
    check,
)
from dragoman.doors.servicebus.atom.rights import read_rights, write_rights
from dragoman.doors.servicebus.atom.rules import read_rule, write_rule
from dragoman.doors.servicebus.atom.times import spell_time
from dragoman.doors.servicebus.definitions import path_of_subscription
from dragoman.doors.servicebus.rulebook import Rule, rules_of, set_rules
from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import DEFAULT_NAMESPACE, QueueInfo, StreamInfo

FORWARDS: Final = ("ForwardTo", "ForwardDeadLetteredMessagesTo")
QUEUE_KIND: Final = "QueueDescription"
TOPIC_KIND: Final = "TopicDescription"
SUBSCRIPTION_KIND: Final = "SubscriptionDescription"
RULE_KIND: Final = "RuleDescription"
DEFAULT_RULE_KIND: Final = "DefaultRuleDescription"


Operation = Callable[[Asked, list[str]], Response]


class Kind(NamedTuple):
    """What is done with one kind; names are those in the path."""

    get: Operation
    page: Operation
    put: Operation
    delete: Operation


# --- elements ---


def read_elements(fields: tuple[Field, ...], description: Element) -> dict[str, str]:
    """What a description says. Raises AtomError."""
    said = {
        local(each): read_rights(each) if local(each) == RIGHTS else each.text or ""
        for each in description
    }
    return check(fields, {name: text for name, text in said.items() if text or name == RIGHTS})


def write_elements(fields: tuple[Field, ...], said: Said, base: str) -> str:
    """A description's inside: every element, those that nobody spoke of with what holds then."""
    parts: list[str] = []
    for field in fields:
        text = said.get(field.name, field.default)
        if text is None:
            continue
        if field.name == COUNTS:
            parts.append(_counts(text))
        elif field.name == RIGHTS:
            parts.append(write_rights(text))
        elif field.name in FORWARDS:
            parts.append(tag(field.name, f"{base}/{text}"))
        else:
            parts.append(tag(field.name, text))
    return "".join(parts)


def _counts(text: str) -> str:
    counts = zip(COUNT_NAMES, text.split(), strict=True)
    told = "".join(f"<d2p1:{name}>{count}</d2p1:{name}>" for name, count in counts)
    return f'<{COUNTS} xmlns:d2p1="{COUNTS_SPACE}">{told}</{COUNTS}>'


def _entry(
    asked: Asked, path: str, title: str, kind: str, fields: tuple[Field, ...], said: Said
) -> Entry:
    inside = write_elements(fields, said, f"sb://{asked.host}")
    created, updated = said.get("CreatedAt", NEVER), said.get("UpdatedAt", NEVER)
    return Entry(asked.url(path), title, kind, inside, created, updated)


def _queue_entry(asked: Asked, info: QueueInfo) -> Entry:
    said = asked.entities.queue_elements(info)
    return _entry(asked, info.name, info.name, QUEUE_KIND, QUEUE, said)


def _topic_entry(asked: Asked, info: StreamInfo) -> Entry:
    said = asked.entities.topic_elements(info)
    return _entry(asked, info.name, info.name, TOPIC_KIND, TOPIC, said)


def _subscription_entry(asked: Asked, info: QueueInfo) -> Entry:
    said = asked.entities.subscription_elements(info)
    path = path_of_subscription(info.stream, info.name)
    return _entry(asked, path, info.name, SUBSCRIPTION_KIND, SUBSCRIPTION, said)


# --- queues and topics ---


def get_entity(asked: Asked, names: list[str]) -> Response:
    """A queue or a topic."""
    queue = asked.entities.queue(names[0])
    if queue is not None:
        return asked.one(_queue_entry(asked, queue))
    return asked.one(_topic_entry(asked, found(asked.entities.topic(names[0]), names[0])))


def list_queues(asked: Asked, names: list[str]) -> Response:
    """A page of them."""
    start, end = asked.window()
    queues = asked.entities.queues()
    told = [_queue_entry(asked, info) for info in queues[start:end]]
    return asked.page("Queues", "$Resources/queues", told, len(queues))


def list_topics(asked: Asked, names: list[str]) -> Response:
    """A page of them."""
    start, end = asked.window()
    topics = asked.entities.topics()
    told = [_topic_entry(asked, info) for info in topics[start:end]]
    return asked.page("Topics", "$Resources/topics", told, len(topics))


def put_entity(asked: Asked, names: list[str]) -> Response:
    """What the body describes: a queue, or a topic."""
    entities, name = asked.entities, names[0]
    description = asked.description_of(QUEUE_KIND, TOPIC_KIND)
    if local(description) == QUEUE_KIND:
        said = read_elements(QUEUE, description)
        if asked.is_update:
            entities.update_queue(found(entities.queue(name), name), said)
        else:
            entities.create_queue(name, said)
        return asked.one(
            _queue_entry(asked, found(entities.queue(name), name)), is_new=not asked.is_update
        )
    said = read_elements(TOPIC, description)
    if asked.is_update:
        entities.update_topic(found(entities.topic(name), name), said)
    else:
        entities.create_topic(name, said)
    return asked.one(
        _topic_entry(asked, found(entities.topic(name), name)), is_new=not asked.is_update
    )


def delete_entity(asked: Asked, names: list[str]) -> Response:
    """A queue or a topic, with all that is its own."""
    entities, name = asked.entities, names[0]
    queue = entities.queue(name)
    if queue is not None:
        entities.delete_queue(queue)
    else:
        entities.delete_topic(found(entities.topic(name), name))
    return asked.done()


# --- subscriptions ---


def _subscription(asked: Asked, names: list[str]) -> QueueInfo:
    info: QueueInfo = found(
        asked.entities.subscription(names[0], names[1]), path_of_subscription(names[0], names[1])
    )
    return info


def get_subscription(asked: Asked, names: list[str]) -> Response:
    """One of a topic."""
    return asked.one(_subscription_entry(asked, _subscription(asked, names)))


def list_subscriptions(asked: Asked, names: list[str]) -> Response:
    """A page of those of a topic."""
    start, end = asked.window()
    infos = asked.entities.subscriptions(names[0])
    told = [_subscription_entry(asked, info) for info in infos[start:end]]
    return asked.page("Subscriptions", f"{names[0]}/Subscriptions", told, len(infos))


def put_subscription(asked: Asked, names: list[str]) -> Response:
    """Made, with its first rule, or changed."""
    description = asked.description_of(SUBSCRIPTION_KIND)
    said = read_elements(SUBSCRIPTION, description)
    if asked.is_update:
        asked.entities.update_subscription(_subscription(asked, names), said)
    else:
        element = child(description, DEFAULT_RULE_KIND)
        rule = None
        if element is not None:
            rule = asked.entities.stamped(read_rule(element, _rule_name(element)))
        asked.entities.create_subscription(names[0], names[1], said, rule)
    entry = _subscription_entry(asked, _subscription(asked, names))
    return asked.one(entry, is_new=not asked.is_update)


def _rule_name(element: Element) -> str:
    name = child(element, "Name")
    return (name.text if name is not None else "") or "$Default"


def delete_subscription(asked: Asked, names: list[str]) -> Response:
    """With its dead letters."""
    asked.entities.delete_subscription(_subscription(asked, names))
    return asked.done()


# --- rules ---


def _rule_entry(asked: Asked, names: list[str], rule: Rule) -> Entry:
    path = f"{path_of_subscription(names[0], names[1])}/Rules/{rule['name']}"
    created = spell_time(rule.get("created_ms", 0))
    return Entry(asked.url(path), rule["name"], RULE_KIND, write_rule(rule), created, created)


def _rules(asked: Asked, names: list[str]) -> tuple[QueueInfo, list[Rule]]:
    info = _subscription(asked, names)
    return info, rules_of(info)


def _at(rules: list[Rule], names: list[str]) -> int:
    """Where the named one stands. Raises AtomError."""
    for at, rule in enumerate(rules):
        if rule["name"] == names[2]:
            return at
    raise missing(f"{path_of_subscription(names[0], names[1])}/Rules/{names[2]}")


def get_rule(asked: Asked, names: list[str]) -> Response:
    """One of a subscription."""
    _, rules = _rules(asked, names)
    return asked.one(_rule_entry(asked, names, rules[_at(rules, names)]))


def list_rules(asked: Asked, names: list[str]) -> Response:
    """A page of those of a subscription."""
    start, end = asked.window()
    _, rules = _rules(asked, names)
    path = f"{path_of_subscription(names[0], names[1])}/Rules"
    told = [_rule_entry(asked, names, rule) for rule in rules[start:end]]
    return asked.page("Rules", path, told, len(rules))


def put_rule(asked: Asked, names: list[str]) -> Response:
    """One more, or another in its place."""
    info, rules = _rules(asked, names)
    rule = asked.entities.stamped(read_rule(asked.description_of(RULE_KIND), names[2]))
    if asked.is_update:
        rules[_at(rules, names)] = rule
    elif any(known["name"] == names[2] for known in rules):
        raise conflict(f"{path_of_subscription(names[0], names[1])}/Rules/{names[2]}")
    else:
        rules.append(rule)
    set_rules(asked.session, DEFAULT_NAMESPACE, info, rules)
    return asked.one(_rule_entry(asked, names, rule), is_new=not asked.is_update)


def delete_rule(asked: Asked, names: list[str]) -> Response:
    """One less; without any nothing is taken."""
    info, rules = _rules(asked, names)
    del rules[_at(rules, names)]
    set_rules(asked.session, DEFAULT_NAMESPACE, info, rules)
    return asked.done()


KINDS: Final[Mapping[str, Kind]] = {
    "queues": Kind(get_entity, list_queues, put_entity, delete_entity),
    "topics": Kind(get_entity, list_topics, put_entity, delete_entity),
    "entity": Kind(get_entity, list_queues, put_entity, delete_entity),
    "subscriptions": Kind(
        get_subscription, list_subscriptions, put_subscription, delete_subscription
    ),
    "rules": Kind(get_rule, list_rules, put_rule, delete_rule),
}
"""By what stands in the path; `entity` is a queue or a topic."""
