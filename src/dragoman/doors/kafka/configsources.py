"""DescribeConfigs: values of configurations, where each comes from, and what it would be otherwise (KIP-226).

topic    DYNAMIC_TOPIC_CONFIG                                 > DEFAULT_CONFIG, by the broker's name for it
group    DYNAMIC_GROUP_CONFIG                                 > DEFAULT_CONFIG
broker   STATIC_BROKER_CONFIG, where the operator has set it  > DEFAULT_CONFIG; nothing is dynamic
"""

from collections.abc import Iterable
from typing import Any, Final

from dragoman.doors.kafka import groupconfigs
from dragoman.doors.kafka.allowed import check, check_cluster
from dragoman.doors.kafka.brokerconfigs import rows, synonym_of
from dragoman.doors.kafka.configs import TABLE, described
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import GROUP, INSPECT, STREAM
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
Values = list[tuple[str, str | None, int]]
"""(name, value, source), the one in force first."""

TOPIC_KIND: Final = 2  # of resources
BROKER_KIND: Final = 4
GROUP_KIND: Final = 32

TOPIC_SOURCE: Final = 1
STATIC_BROKER_SOURCE: Final = 4
DEFAULT_SOURCE: Final = 5
GROUP_SOURCE: Final = 8


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeConfigs."""
    results: list[Message] = []
    for resource in message["resources"]:
        code, text, configs = 0, None, []
        try:
            configs = _wanted(_described(talk, resource), resource, message)
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        results.append(about(resource, code, text) | {"configs": configs})
    return {"results": results}


def about(resource: Message, code: int, text: str | None) -> Message:
    """What is said of a resource, whatever was asked."""
    return {
        "error_code": code,
        "error_message": text,
        "resource_type": resource["resource_type"],
        "resource_name": resource["resource_name"],
    }


def check_resource(talk: Talk, operation: int, kind: int, name: str) -> None:
    """Raises Refused."""
    if kind in {TOPIC_KIND, GROUP_KIND}:
        check(talk, operation, STREAM if kind == TOPIC_KIND else GROUP, name)
    else:
        check_cluster(talk, operation)


def _wanted(configs: Iterable[Message], resource: Message, message: Message) -> list[Message]:
    """Those that were asked for, with as much as was asked."""
    keys = resource["configuration_keys"]
    found = [config for config in configs if keys is None or config["name"] in keys]
    for config in found:
        if not message["include_synonyms"]:
            config["synonyms"] = []
        if not message.get("include_documentation"):
            config["documentation"] = None
    return found


def _described(talk: Talk, resource: Message) -> Iterable[Message]:
    """Raises Refused, KernelError."""
    kind, name = resource["resource_type"], resource["resource_name"]
    check_resource(talk, INSPECT, kind, name)
    if kind == TOPIC_KIND:
        return _of_topic(talk, name)
    if kind == GROUP_KIND:
        check_group(talk, name)
        return _of_group(talk, name)
    if kind == BROKER_KIND:
        return _of_broker(talk, name)
    raise Refused(ErrorCode.INVALID_REQUEST, f"no configurations of resource type {kind}")


def _of_topic(talk: Talk, name: str) -> Iterable[Message]:
    settings = talk.find(name).settings
    for config in TABLE.values():
        value, is_own = described(config, settings)
        synonym = synonym_of(config.name)
        values: Values = [(config.name, value, TOPIC_SOURCE)] if is_own else []
        if synonym is not None or not is_own:
            values.append((synonym or config.name, config.default, DEFAULT_SOURCE))
        yield _spelled(config.name, values, config.kind, config.works)


def _of_group(talk: Talk, name: str) -> Iterable[Message]:
    notes = groupconfigs.notes_of(talk, name)
    for config in groupconfigs.TABLE.values():
        own = notes.get(config.name)
        values: Values = [] if own is None else [(config.name, own, GROUP_SOURCE)]
        values.append((config.name, config.default, DEFAULT_SOURCE))
        yield _spelled(config.name, values, config.kind, config.works)


def _of_broker(talk: Talk, name: str) -> Iterable[Message]:
    """Without a name: what was set for all brokers by clients, who can set nothing. Raises Refused."""
    if not name:
        return
    if name != str(NODE_ID):
        raise Refused(ErrorCode.INVALID_REQUEST, f"there is no broker {name}")
    for row in rows(talk):
        source = STATIC_BROKER_SOURCE if row.is_set else DEFAULT_SOURCE
        yield _spelled(
            row.name, [(row.name, row.value, source)], row.kind, row.documentation, is_fixed=True
        )


def _spelled(
    name: str,
    values: Values,
    kind: int,
    documentation: str,
    *,
    is_fixed: bool = False,
) -> Message:
    _, value, source = values[0]
    return {
        "name": name,
        "value": value,
        "read_only": is_fixed,
        "config_source": source,
        "is_sensitive": False,
        "synonyms": [
            {"name": synonym, "value": other, "source": where} for synonym, other, where in values
        ],
        "config_type": kind,
        "documentation": documentation,
    }
