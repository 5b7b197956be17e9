"""Where share groups stand: described, moved and forgotten, of groups without members."""

from typing import Any

from tests.doors.kafka.client import batch_of
from tests.doors.kafka.sharers import ACCEPT, Sharer, sharer

DESCRIBE, ALTER, DELETE = 90, 91, 92


def stand(one: Sharer, *topics: str, version: int = 1, group: str = "g") -> dict[str, Any]:
    named = [{"topic_name": name, "partitions": [0]} for name in topics]
    message = {"groups": [{"group_id": group, "topics": named or None}]}
    found: dict[str, Any] = one.client.ask(DESCRIBE, version, message)["groups"][0]
    return found


def alter(one: Sharer, topic: str, offset: int, partition: int = 0) -> dict[str, Any]:
    part = {"partition_index": partition, "start_offset": offset}
    topics = [{"topic_name": topic, "partitions": [part]}]
    return one.client.ask(ALTER, 0, {"group_id": "g", "topics": topics})


def delete(one: Sharer, *topics: str) -> dict[str, Any]:
    named = [{"topic_name": name} for name in topics]
    return one.client.ask(DELETE, 0, {"group_id": "g", "topics": named})


def read_two() -> Sharer:
    """A member that has accepted one of three records, and left."""
    one = sharer()
    one.client.produce("t", batch_of(b"a", b"b", b"c"))
    one.acquire()
    assert one.acknowledge((0, 0, [ACCEPT]), share_session_epoch=-1) == 0
    one.epoch = 0
    return one


def test_a_group_stands_at_its_first_record_that_is_not_done() -> None:
    one = read_two()
    [topic] = stand(one)["topics"]
    [part] = topic["partitions"]
    assert (topic["topic_name"], part["start_offset"], part["lag"]) == ("t", 1, 2)
    assert stand(one, "t", version=0)["topics"][0]["partitions"][0]["start_offset"] == 1


def test_what_a_group_does_not_read_has_no_start() -> None:
    one = read_two()
    part = stand(one, "other")["topics"][0]["partitions"][0]
    assert (part["start_offset"], part["error_code"]) == (-1, 0)
    assert stand(one, group="none")["error_code"] == 69


def test_a_group_without_members_is_moved() -> None:
    one = read_two()
    assert alter(one, "t", 0)["error_code"] == 68
    one.beat(-1)
    answer = alter(one, "t", 0)
    assert answer["responses"][0]["partitions"][0]["error_code"] == 0
    assert stand(one)["topics"][0]["partitions"][0]["start_offset"] == 0
    one.beat()
    assert one.acquire() == [(0, 2, 1)]


def test_a_group_is_moved_in_a_topic_that_it_did_not_read() -> None:
    one = read_two()
    one.beat(-1)
    one.client.create("u")
    one.client.produce("u", batch_of(b"a", b"b"))
    alter(one, "u", 1)
    assert stand(one, "u")["topics"][0]["partitions"][0]["start_offset"] == 1
    for topic, partition in (("none", 0), ("t", 9)):
        answer = alter(one, topic, 0, partition)
        assert answer["responses"][0]["partitions"][0]["error_code"] == 3


def test_a_group_forgets_a_topic() -> None:
    one = read_two()
    assert delete(one, "t")["error_code"] == 68
    one.beat(-1)
    codes = [topic["error_code"] for topic in delete(one, "t", "none")["responses"]]
    assert codes == [0, 3]
    assert stand(one)["topics"] == []
