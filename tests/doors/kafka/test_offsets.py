"""Where partitions begin and end, and what was written when."""

from tests.doors.kafka.client import Client, World, batch_of


def offsets(client: Client, time_ms: int, version: int = 7) -> tuple[int, int]:
    part = {"partition_index": 0, "timestamp": time_ms}
    message = {
        "replica_id": -1,
        "isolation_level": 0,
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


def test_the_end_of_this_leader_epoch_is_the_end_of_the_log() -> None:
    client = World().connect()
    client.create("t")
    client.produce("t", batch_of(b"a"))
    for epoch, expected in ((1, (1, 1)), (0, (1, 1)), (5, (-1, -1))):
        part = {"partition": 0, "leader_epoch": epoch}
        found = client.ask(23, 4, {"topics": [{"topic": "t", "partitions": [part]}]})
        result = found["topics"][0]["partitions"][0]
        assert (result["leader_epoch"], result["end_offset"]) == expected
