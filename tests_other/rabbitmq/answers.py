"""What the management API answered, as lines that can be compared: the status, then each value by its path.

    status: 200
    [0].name: "q"
    [0].arguments.x-max-length: 5
    [0].messages_details.rate: number

Items of a list of objects are put in order first, unless the request asked for an order itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

MASKED: Final = (
    ("rates, which depend on when one looks", r"\.rate$"),
    ("nodes and clusters", r"(^|\.)(node|cluster_name|leader|members\[\d+\]|online\[\d+\])$"),
    ("nodes and clusters", r"^(\[0\]\.)?name of (nodes|cluster-name)"),
    ("ports and addresses", r"(^|\.)(port|host|peer_port|peer_host|ip_address|ports\[\d+\])$"),
    ("connections, named by their ports", r"(^|\.)(connection_name|connection_details\.name)$"),
    ("connections, named by their ports", r"^(\[\d+\]\.)?name of (connections|channels)"),
    ("connections, named by their ports", r"channel_details\.name$"),
    ("times", r"(^|\.)(connected_at|timestamp)$"),
    ("bytes and pieces of them", r"(^|\.)(recv|send)_(cnt|oct)$"),
    ("versions", r"(^|\.)(management|product|rabbitmq|rabbit|erlang)_version$"),
    ("hashes of passwords", r"(^|\.)(password_hash|hashing_algorithm)$"),
    ("the cluster's id", r"^global_parameters\[\d+\]\.value of definitions"),
)
"""(what, pattern of the path, or of `PATH of WHAT`): the type alone is compared."""

LEFT_OUT: Final = (
    (
        "How Erlang runs and how RabbitMQ stores is not told of.",
        (
            r"garbage_collection|reductions|(^|\.)memory$|backing_queue_status|_ram$|paged_out|persistent$"
            r"|pending_raft|disk_(reads|writes)|recoverable_slaves|erlang_full|socket_opts|contexts"
            r"|ra_open_file|release_series"
        ),
    ),
    (
        "Bytes by state, how busy consumers are and how often a queue is asked in vain are not measured.",
        (
            r"message_bytes|consumer_(capacity|utilisation)|head_message_timestamp|idle_since"
            r"|get_empty(_details.rate)? of queues"
        ),
    ),
    (
        "Which channel feeds which exchange and queue is not told of, nor who declared an exchange.",
        r"(^|\.)(incoming|outgoing|deliveries|publishes)$|user_who_performed_action of exchanges",
    ),
    (
        "What TLS has agreed on is not told.",
        r"(^|\.)(peer_cert_|ssl_)\w+",
    ),
    (
        "RabbitMQ 4 tells more than 3.10: these are told here.",
        (
            r"is_internal_user|oauth_enabled|enable_uaa|uaa_|default_queue_type"
            r"|(product_(name|version)|rabbitmq_version) of definitions"
        ),
    ),
)
"""(reason, pattern): not compared at all."""

_MASKS: Final = tuple(re.compile(pattern) for _, pattern in MASKED)
_LEFT_OUT: Final = tuple(re.compile(pattern) for _, pattern in LEFT_OUT)


class Answer(NamedTuple):
    """One answer. `body` is JSON, text where it is none, None where there is nothing."""

    status: int
    body: Any
    location: str


def lines_of(answer: Answer, path: str) -> list[str]:
    """Status, then values; `path` is what was asked, below /api."""
    body = answer.body if "sort=" in path else _in_order(answer.body)
    found = [f"status: {answer.status}"]
    if answer.location:
        found.append(f"location: {DIGEST.sub('~*', answer.location)}")
    asked = path.partition("?")[0].partition("/")[0]
    return found + [
        f"{place}: {shown}"
        for place, shown in _values("", body, asked)
        if not any(one.search(place) or one.search(f"{place} of {asked}") for one in _LEFT_OUT)
    ]


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return sorted(map(_in_order, value), key=_rank)
    return value


DIGEST: Final = re.compile(r"~[\w-]+$")
NAMING: Final = (
    "vhost",
    "name",
    "user",
    "source",
    "destination",
    "routing_key",
    "consumer_tag",
    "number",
    "exchange",
)


def _rank(item: dict[str, Any]) -> list[str]:
    return [str(item.get(name, "")) for name in NAMING] + [json.dumps(item)]


def _values(place: str, value: Any, asked: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _values(f"{place}.{name}".removeprefix("."), value[name], asked)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _values(f"{place}[{number}]", item, asked)
    elif place or value is not None:
        yield place, _shown(place, value, asked)


def _shown(place: str, value: Any, asked: str) -> str:
    if any(mask.search(place) or mask.search(f"{place} of {asked}") for mask in _MASKS):
        return type_of(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def type_of(value: Any) -> str:
    """As JSON calls it."""
    if isinstance(value, bool):
        return "boolean"
    names: dict[type, str] = {
        int: "number",
        float: "number",
        str: "string",
        list: "array",
        dict: "object",
    }
    return names.get(type(value), "null")
