"""DescribeConfigs, AlterConfigs and IncrementalAlterConfigs, over the table in `configs`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.kafka import groupconfigs
from dragoman.doors.kafka.allowed import check, check_cluster
from dragoman.doors.kafka.configs import (
    BROKER,
    DEFAULT_SOURCE,
    LIST,
    STATIC_BROKER_SOURCE,
    TABLE,
    TOPIC_SOURCE,
    apply_notes,
    check_config,
    described,
    topic_notes,
)
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import (
    CONFIGURE,
    GROUP,
    INSPECT,
    STREAM,
    AlterStream,
    StreamSettings,
)
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

TOPIC: Final = 2  # kinds of resources
BROKER_KIND: Final = 4
GROUP_KIND: Final = 32
GROUP_SOURCE: Final = 8  # where a value comes from (DescribeConfigs `config_source`)

SET: Final = 0  # kinds of changes (KIP-339)
DELETE: Final = 1
APPEND: Final = 2
SUBTRACT: Final = 3


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeConfigs."""
    has_synonyms = message["include_synonyms"]
    has_docs = bool(message.get("include_documentation"))
    results: list[Message] = []
    for resource in message["resources"]:
        code, text, configs = 0, None, []
        try:
            configs = _described(talk, resource, has_synonyms=has_synonyms, has_docs=has_docs)
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        results.append(_about(resource, code, text) | {"configs": configs})
    return {"results": results}


def _about(resource: Message, code: int, text: str | None) -> Message:
    return {
        "error_code": code,
        "error_message": text,
        "resource_type": resource["resource_type"],
        "resource_name": resource["resource_name"],
    }


def _described(
    talk: Talk, resource: Message, *, has_synonyms: bool, has_docs: bool
) -> list[Message]:
    kind, name = resource["resource_type"], resource["resource_name"]
    check_resource(talk, INSPECT, kind, name)
    keys = resource["configuration_keys"]
    if kind == GROUP_KIND:
        return _described_group(talk, name, keys)
    if kind == BROKER_KIND:
        if name not in {"", str(NODE_ID)}:
            raise Refused(ErrorCode.INVALID_REQUEST, f"there is no broker {name}")
        return [
            _spelled(key, value, STATIC_BROKER_SOURCE, value_kind, "", is_fixed=True)
            for key, (value, value_kind) in BROKER.items()
            if keys is None or key in keys
        ]
    settings = _topic_settings(talk, kind, name)
    found: list[Message] = []
    for config in TABLE.values():
        if keys is None or config.name in keys:
            value, is_set = described(config.name, config, settings)
            source = TOPIC_SOURCE if is_set else DEFAULT_SOURCE
            spelled = _spelled(config.name, value, source, config.kind, config.works)
            if has_synonyms:
                spelled["synonyms"] = _synonyms(config.name, value, config.default, is_set=is_set)
            if not has_docs:
                spelled["documentation"] = None
            found.append(spelled)
    return found


def check_resource(talk: Talk, operation: int, kind: int, name: str) -> None:
    """Raises Refused."""
    if kind in {TOPIC, GROUP_KIND}:
        check(talk, operation, STREAM if kind == TOPIC else GROUP, name)
    else:
        check_cluster(talk, operation)


def _described_group(talk: Talk, name: str, keys: list[str] | None) -> list[Message]:
    check_group(name)
    notes = groupconfigs.notes_of(talk, name)
    found: list[Message] = []
    for config in groupconfigs.TABLE.values():
        if keys is None or config.name in keys:
            is_set = config.name in notes
            value = notes.get(config.name, config.default)
            source = GROUP_SOURCE if is_set else DEFAULT_SOURCE
            found.append(_spelled(config.name, value, source, config.kind, config.works))
    return found


def _spelled(
    name: str, value: str, source: int, kind: int, works: str, *, is_fixed: bool = False
) -> Message:
    return {
        "name": name,
        "value": value,
        "read_only": is_fixed,
        "config_source": source,
        "is_sensitive": False,
        "synonyms": [],
        "config_type": kind,
        "documentation": works or None,
    }


def _synonyms(name: str, value: str, default: str, *, is_set: bool) -> list[Message]:
    own = [{"name": name, "value": value, "source": TOPIC_SOURCE}] if is_set else []
    return [*own, {"name": name, "value": default, "source": DEFAULT_SOURCE}]


def _topic_settings(talk: Talk, kind: int, name: str) -> StreamSettings:
    if kind != TOPIC:
        raise Refused(ErrorCode.INVALID_REQUEST, f"no configurations of resource type {kind}")
    return talk.find(name).settings


def serve_alter(talk: Talk, request: Request, message: Message) -> Message:
    """AlterConfigs: what is not named has its default again."""
    return _each(talk, message, _replaced)


def serve_alter_some(talk: Talk, request: Request, message: Message) -> Message:
    """IncrementalAlterConfigs."""
    return _each(talk, message, _changed)


Notes = dict[str, str]
Check = Callable[[str, str | None], str]  # the value of a name, as it is stored. Raises Refused
Change = Callable[[Mapping[str, str], list[Message], Check], Notes]


def _each(talk: Talk, message: Message, change: Change) -> Message:
    responses: list[Message] = []
    for resource in message["resources"]:
        code, text = 0, None
        try:
            _alter(talk, resource, change, is_trial=message["validate_only"])
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        responses.append(_about(resource, code, text))
    talk.wait_for(SYNCED)
    return {"responses": responses}


def _alter(talk: Talk, resource: Message, change: Change, *, is_trial: bool) -> None:
    kind, name = resource["resource_type"], resource["resource_name"]
    check_resource(talk, CONFIGURE, kind, name)
    if kind == BROKER_KIND:
        raise Refused(
            ErrorCode.INVALID_CONFIG, "the broker's own configuration is set at its start"
        )
    configs = resource["configs"]
    names = [given["name"] for given in configs]
    if len(set(names)) < len(names):
        raise Refused(ErrorCode.INVALID_REQUEST, "a configuration is named twice")
    if kind == GROUP_KIND:
        check_group(name)
        notes = change(groupconfigs.notes_of(talk, name), configs, groupconfigs.check_group_config)
        if not is_trial:
            groupconfigs.store(talk, name, notes)
        return
    settings = _topic_settings(talk, kind, name)
    altered = apply_notes(settings, change(topic_notes(settings), configs, check_config))
    if not is_trial:
        talk.session.submit(AlterStream(name=name, settings=altered))


def _replaced(notes: Mapping[str, str], configs: list[Message], check: Check) -> Notes:
    return {given["name"]: check(given["name"], given["value"]) for given in configs}


def _changed(notes: Mapping[str, str], configs: list[Message], check: Check) -> Notes:
    after = dict(notes)
    for given in configs:
        name, value, kind = given["name"], given["value"], given["config_operation"]
        if kind == DELETE:
            if name not in TABLE and name not in groupconfigs.TABLE:
                check(name, value)
            after.pop(name, None)
        elif kind == SET:
            after[name] = check(name, value)
        elif kind in {APPEND, SUBTRACT}:
            after[name] = _listed(after, name, value, adds=kind == APPEND)
        else:
            raise Refused(ErrorCode.INVALID_REQUEST, f"no change of kind {kind}")
    return after


def _listed(notes: Mapping[str, str], name: str, value: str | None, *, adds: bool) -> str:
    """Only topics have lists."""
    value = check_config(name, value)
    if TABLE[name].kind != LIST:
        raise Refused(ErrorCode.INVALID_CONFIG, f"{name} is no list")
    words = [word for word in notes.get(name, TABLE[name].default).split(",") if word]
    given = value.split(",")
    if adds:
        words += [word for word in given if word not in words]
    else:
        words = [word for word in words if word not in given]
    return check_config(name, ",".join(words))
