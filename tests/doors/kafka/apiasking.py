"""Requests of every API, whole ones, to a broker where everything that they speak of is there."""

from collections.abc import Callable
from typing import Any

from tests.doors.kafka.client import Client, World, batch_of
from tests.doors.kafka.test_access import (
    CLUSTER,
    GROUP,
    TOPIC,
    TRANSACTIONAL_ID,
    acl,
    create,
    operator,
)
from tests.wire.kafka.messages import default_value

from dragoman.doors.kafka.access import Acl
from dragoman.wire.kafka.schema import Field, request_fields

TOPIC_DENIED, GROUP_DENIED, CLUSTER_DENIED, TRANSACTION_DENIED = 29, 30, 31, 53
READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE = 3, 4, 5, 6, 7, 8
DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE = 10, 11, 12

Ask = Callable[[Client], int]


def on(kind: int, operation: int, name: str = "") -> Acl:
    known = {TOPIC: "t", GROUP: "g", CLUSTER: "kafka-cluster", TRANSACTIONAL_ID: "x"}
    return acl(
        name or known[kind], resource_type=kind, operation=operation, principal="User:ANONYMOUS"
    )


def T(operation: int) -> Acl:  # noqa: N802 - the letters stand in a table
    return on(TOPIC, operation)


def G(operation: int) -> Acl:  # noqa: N802
    return on(GROUP, operation)


def C(operation: int) -> Acl:  # noqa: N802
    return on(CLUSTER, operation)


def X(operation: int) -> Acl:  # noqa: N802
    return on(TRANSACTIONAL_ID, operation)


def full(key: int, message: dict[str, Any]) -> dict[str, Any]:
    """The request with what else it has, at its default."""
    return _filled(request_fields(key), message)


def _filled(fields: tuple[Field, ...], message: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: _inside(field, message[field.name])
        if field.name in message
        else default_value(field)
        for field in fields
    }


def _inside(field: Field, value: Any) -> Any:
    if field.kind != "struct" or value is None:
        return value
    if field.is_array:
        return [_filled(field.fields, one) for one in value]
    return _filled(field.fields, value)


def world() -> World:
    """A topic `t` with a record, the group `g` with a commit, the transactional id `x`; and it is guarded."""
    made = World()
    client = operator(made)
    client.create("t")
    client.produce("t", batch_of(b"one"))
    client.ask(8, 8, full(8, commit_of("t")))
    client.ask(22, 4, full(22, init_of("x")))
    create(client, on(TOPIC, READ, "elsewhere"))
    return made


def commit_of(topic: str) -> dict[str, Any]:
    part = {"partition_index": 0, "committed_offset": 1, "committed_metadata": ""}
    return {
        "group_id": "g",
        "generation_id_or_member_epoch": -1,
        "member_id": "",
        "topics": [{"name": topic, "partitions": [part]}],
    }


def init_of(name: str | None) -> dict[str, Any]:
    return {"transactional_id": name, "transaction_timeout_ms": 60_000}


def producer_of() -> dict[str, Any]:
    return {"transactional_id": "x", "producer_id": 0, "producer_epoch": 0}


def topics_of(field: str = "partition_indexes") -> list[dict[str, Any]]:
    return [{"name": "t", field: [0]}]


def resource_of(kind: int, name: str) -> dict[str, Any]:
    config = "consumer.session.timeout.ms" if kind == 32 else "retention.ms"
    configs = [{"name": config, "config_operation": 0, "value": "9000"}]
    return {"resources": [{"resource_type": kind, "resource_name": name, "configs": configs}]}


def join_of() -> dict[str, Any]:
    return {
        "group_id": "g",
        "session_timeout_ms": 30_000,
        "rebalance_timeout_ms": 30_000,
        "member_id": "",
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": b""}],
    }


def member_of(**more: Any) -> dict[str, Any]:
    return {"group_id": "g", "generation_id": 1, "member_id": "m", **more}


def beat_of() -> dict[str, Any]:
    return {
        "group_id": "g2",
        "member_id": "m",
        "member_epoch": 0,
        "rebalance_timeout_ms": 1000,
        "subscribed_topic_names": ["t"],
        "topic_partitions": [],
    }


def share_fetch_of(client: Client) -> dict[str, Any]:
    owner = Client(client.world)
    owner.session.act_as_broker()
    found = owner.ask(3, 12, full(3, {"topics": [{"name": "t"}]}))
    part = {"partition_index": 0, "partition_max_bytes": 1 << 20, "acknowledgement_batches": []}
    topic = {"topic_id": found["topics"][0]["topic_id"], "partitions": [part]}
    return {
        "group_id": "g",
        "member_id": "m",
        "max_bytes": 1 << 20,
        "max_records": 10,
        "batch_size": 10,
        "topics": [topic],
    }


def one(*path: Any) -> Callable[[Any], int]:
    """The error code at a path of keys and indexes."""

    def code(answer: Any) -> int:
        for step in path:
            answer = answer[step]
        assert isinstance(answer, int)
        return answer

    return code


TOP = one("error_code")
RESULT = one("results", 0, "error_code")


def asking(key: int, version: int, message: dict[str, Any], code: Callable[[Any], int]) -> Ask:
    return lambda client: code(client.ask(key, version, full(key, message)))
