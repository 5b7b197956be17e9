"""Where partitions begin and end, and what was written when."""

from typing import Any

from tests.doors.kafka.client import Client, World, batch_of


def offsets(client: Client, time_ms: int, version: int = 7) -> tuple[int, int]:
    part = {"partition_index": 0, "timestamp": time_ms}
    message = {
        "replica_id": -1,
        "isolation_level": 0,
        "timeout_ms": 0,
        "topics": [{"name": "t", "partitions": [part]}],
    }
    found = client.ask(2, version, message)["topics"][0]["partitions"][0]
    assert found["error_code"] == 0
    return found["offset"], found["timestamp"]


def test_offsets_by_time_are_exact_inside_a_batch() -> None:
    client = World().connect()
    client.create("t")
    start = 1_699_999_000_000
    client.produce(
        "t",
        batch_of(b"a", b"b", b"c", at_ms=start),
        batch_of(b"d", b"e", at_ms=start - 500, codec=3),
        batch_of(b"f", at_ms=start + 100),
    )
    assert offsets(client, start + 1) == (1, start + 1)
    assert offsets(client, start - 600) == (0, start)
    assert offsets(client, start + 3) == (5, start + 100)
    assert offsets(client, start + 101) == (-1, -1)
    assert offsets(client, -1) == (6, -1)
    assert offsets(client, -2) == (0, -1)
    assert offsets(client, -3) == (5, start + 100)
    assert offsets(client, -4) == (0, -1)
    assert offsets(client, -5, 9) == (-1, -1)
    assert offsets(client, -6, 11) == (-1, -1)


def test_records_deleted_from_within_a_batch_are_not_found_by_time() -> None:
    client = World().connect()
    client.create("t")
    start = 1_699_999_000_000
    batches = (b"new", b"old", b"older"), (b"later",)
    client.produce(
        "t",
        batch_of(*batches[0], at_ms=start, step_ms=-100),
        batch_of(*batches[1], at_ms=start - 150),
    )
    assert offsets(client, start) == (0, start)
    assert offsets(client, -3) == (0, start)
    client.ask(21, 2, trimmed_to(1))
    assert offsets(client, start) == (-1, -1)
    assert offsets(client, start - 100) == (1, start - 100)
    assert offsets(client, -3) == (1, start - 100)
    client.ask(21, 2, trimmed_to(2))
    assert offsets(client, start - 190) == (3, start - 150)
    assert offsets(client, -3) == (3, start - 150)


def test_offsets_of_what_is_not_there_are_refused() -> None:
    client = World().connect()
    client.create("t")
    for name, index, code in (("t", 1, 3), ("u", 0, 3)):
        part = {"partition_index": index, "timestamp": -1}
        message = {
            "replica_id": -1,
            "isolation_level": 0,
            "topics": [{"name": name, "partitions": [part]}],
        }
        found = client.ask(2, 7, message)["topics"][0]["partitions"][0]
        assert found["error_code"] == code


def epoch_end(client: Client, epoch: int, **more: Any) -> tuple[int, int, int]:
    part = {"partition": 0, "leader_epoch": epoch, **more}
    found = client.ask(23, 4, {"topics": [{"topic": "t", "partitions": [part]}]})
    result = found["topics"][0]["partitions"][0]
    return result["error_code"], result["leader_epoch"], result["end_offset"]


def lived() -> Client:
    """A log of lives 1, 3 and 4, two records, one and one; in life 5, which has appended nothing."""
    world = World()
    client = world.connect()
    client.create("t")
    client.produce("t", batch_of(b"a", b"b"))
    for life, value in ((2, b""), (3, b"c"), (4, b"d"), (5, b"")):
        client.begin_life(life)
        if value:
            client.produce("t", batch_of(value))
    return client


def test_the_end_of_a_leader_epoch_is_where_the_next_life_of_the_store_began_to_write() -> None:
    client = lived()
    ends = [epoch_end(client, epoch)[1:] for epoch in range(7)]
    assert ends == [(0, 0), (1, 2), (1, 2), (3, 3), (4, 4), (5, 4), (-1, -1)]
    assert epoch_end(client, -1) == (0, -1, -1)


def test_who_knows_another_leader_than_the_present_one_is_told_so() -> None:
    client = lived()
    assert epoch_end(client, 1, current_leader_epoch=5)[0] == 0
    assert epoch_end(client, 1, current_leader_epoch=4)[0] == 74
    assert epoch_end(client, 1, current_leader_epoch=6)[0] == 75


def test_a_listed_offset_has_the_epoch_of_its_record() -> None:
    client = lived()
    client.ask(21, 2, trimmed_to(1))
    for time_ms, expected in ((-2, (1, 1)), (-3, (1, 1)), (-1, (4, 5))):
        part = {"partition_index": 0, "timestamp": time_ms, "current_leader_epoch": 5}
        message: dict[str, Any] = {"replica_id": -1, "isolation_level": 0}
        message["topics"] = [{"name": "t", "partitions": [part]}]
        found = client.ask(2, 7, message)["topics"][0]["partitions"][0]
        assert (found["error_code"], found["offset"], found["leader_epoch"]) == (0, *expected)


def trimmed_to(offset: int) -> dict[str, Any]:
    parts = [{"partition_index": 0, "offset": offset}]
    return {"topics": [{"name": "t", "partitions": parts}], "timeout_ms": 1000}
