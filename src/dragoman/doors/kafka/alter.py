"""AlterConfigs and IncrementalAlterConfigs, over the tables in `configs` and `groupconfigs`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.kafka import groupconfigs
from dragoman.doors.kafka.configs import LIST, TABLE, apply_notes, check_config, topic_notes
from dragoman.doors.kafka.configsources import (
    BROKER_KIND,
    GROUP_KIND,
    TOPIC_KIND,
    about,
    check_resource,
)
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import CONFIGURE, AlterStream
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

SET: Final = 0  # kinds of changes (KIP-339)
DELETE: Final = 1
APPEND: Final = 2
SUBTRACT: Final = 3


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
        responses.append(about(resource, code, text))
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
        check_group(talk, name)
        notes = change(groupconfigs.notes_of(talk, name), configs, groupconfigs.check_group_config)
        if not is_trial:
            groupconfigs.store(talk, name, notes)
        return
    if kind != TOPIC_KIND:
        raise Refused(ErrorCode.INVALID_REQUEST, f"no configurations of resource type {kind}")
    settings = talk.find(name).settings
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
