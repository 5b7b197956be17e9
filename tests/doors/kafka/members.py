"""Members of a group, alone and stable, for tests that need one."""

from typing import Any

from tests.doors.kafka.client import NO_ID, Client

SUBSCRIPTION = b"\0\0" + b"\0\0\0\1" + b"\0\1t" + b"\xff\xff\xff\xff"  # version 0, topic t


def join_message(member_id: str = "", **more: Any) -> dict[str, Any]:
    return {
        "group_id": "g",
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 60_000,
        "member_id": member_id,
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": SUBSCRIPTION}],
        **more,
    }


def joined(client: Client, version: int = 5, **more: Any) -> dict[str, Any]:
    """A member, alone and stable."""
    member_id = ""
    if version >= 4:
        refusal = client.ask(11, version, join_message(**more))
        assert refusal["error_code"] == 79
        member_id = refusal["member_id"]
    client.post(11, version, join_message(member_id, **more))
    assert client.take() is None
    client.world.advance(50)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 0
    return answer


def sync(client: Client, answer: dict[str, Any], assignment: bytes = b"all") -> dict[str, Any]:
    message = {
        "group_id": "g",
        "generation_id": answer["generation_id"],
        "member_id": answer["member_id"],
        "assignments": [{"member_id": answer["member_id"], "assignment": assignment}],
    }
    return client.ask(14, 3, message)


def commit(client: Client, answer: dict[str, Any] | None, offset: int, **more: Any) -> int:
    part = {
        "partition_index": more.pop("partition", 0),
        "committed_offset": offset,
        "committed_metadata": more.pop("metadata", "note"),
    }
    message = {
        "group_id": "g",
        "generation_id_or_member_epoch": -1 if answer is None else answer["generation_id"],
        "member_id": "" if answer is None else answer["member_id"],
        "topics": [{"name": "t", "topic_id": NO_ID, "partitions": [part]}],
        **more,
    }
    found = client.ask(8, 8, message)["topics"][0]["partitions"][0]
    code: int = found["error_code"]
    return code
