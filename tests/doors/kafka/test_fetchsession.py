"""Fetch sessions: what is remembered, what is left out, and what an epoch out of turn is told."""

from typing import Any

import pytest
from tests.doors.kafka.client import FETCH, Client, World, batch_of, records_in

from dragoman.doors.kafka.fetchsession import PARTITIONS_MAX, FetchSessions, session_id
from dragoman.wire.kafka.fetch import FetchRequest


def ask(
    client: Client, known: int, epoch: int, *parts: tuple[str, int], **more: Any
) -> dict[str, Any]:
    """`parts` as (topic, offset) of partition 0."""
    topics = [
        {
            "topic": topic,
            "partitions": [
                {
                    "partition": 0,
                    "fetch_offset": offset,
                    "partition_max_bytes": 1 << 20,
                    "current_leader_epoch": -1,
                }
            ],
        }
        for topic, offset in parts
    ]
    message = {
        "max_wait_ms": 0,
        "min_bytes": 1,
        "session_id": known,
        "session_epoch": epoch,
        "topics": topics,
        "forgotten_topics_data": [],
        **more,
    }
    return client.ask(FETCH, 12, message)


def told(answer: dict[str, Any]) -> dict[str, list[bytes | None]]:
    assert answer["error_code"] == 0
    return {
        topic["topic"]: [record.value for record in records_in(part["records"])]
        for topic in answer["responses"]
        for part in topic["partitions"]
    }


def session() -> tuple[Client, int]:
    """Two topics, both read to their ends."""
    client = World().connect()
    for name in ("t", "u"):
        client.create(name)
    client.produce("t", batch_of(b"1"))
    answer = ask(client, 0, 0, ("t", 0), ("u", 0))
    assert told(answer) == {"t": [b"1"], "u": []}
    assert answer["session_id"] > 0
    assert told(ask(client, answer["session_id"], 1, ("t", 1))) == {}
    return client, answer["session_id"]


def test_only_what_has_changed_is_asked_for_and_told() -> None:
    client, known = session()
    assert told(ask(client, known, 2)) == {}
    client.produce("u", batch_of(b"2"))
    assert told(ask(client, known, 3)) == {"u": [b"2"]}
    assert told(ask(client, known, 4, ("u", 1))) == {}


def test_a_request_without_partitions_waits_for_those_of_its_session() -> None:
    client, known = session()
    message = {
        "max_wait_ms": 60_000,
        "min_bytes": 1,
        "session_id": known,
        "session_epoch": 2,
        "topics": [],
        "forgotten_topics_data": [],
    }
    client.post(FETCH, 12, message)
    assert client.take() is None
    other = Client(client.world)
    other.produce("t", batch_of(b"2"))
    client.world.run()
    answer = client.take()
    assert answer is not None
    assert told(answer)["t"][-1] == b"2"


def test_what_is_forgotten_is_not_told() -> None:
    client, known = session()
    client.produce("u", batch_of(b"2"))
    gone = [{"topic": "u", "partitions": [0]}]
    assert told(ask(client, known, 2, forgotten_topics_data=gone)) == {}


def test_an_end_that_moved_is_news_without_records() -> None:
    client, known = session()
    client.produce("t", batch_of(b"2"))
    trim = [{"name": "t", "partitions": [{"partition_index": 0, "offset": 1}]}]
    client.ask(21, 1, {"topics": trim, "timeout_ms": 1})
    assert told(ask(client, known, 2, ("t", 2))) == {"t": []}
    assert told(ask(client, known, 3)) == {}


def test_an_error_is_told_each_time() -> None:
    client, known = session()
    for epoch in (2, 3):
        [topic] = ask(client, known, epoch, *([("gone", 0)] if epoch == 2 else []))["responses"]
        assert topic["partitions"][0]["error_code"] == 3


@pytest.mark.parametrize(("more", "epoch", "code"), [(1, 2, 70), (0, 3, 71), (0, 1, 71)])
def test_who_is_out_of_turn_is_told_and_begins_anew(more: int, epoch: int, code: int) -> None:
    client, known = session()
    answer = ask(client, known + more, epoch)
    assert (answer["error_code"], answer["session_id"], answer["responses"]) == (code, 0, [])
    assert ask(client, 0, 0, ("t", 0))["session_id"] > 0


def test_an_end_ends_it() -> None:
    client, known = session()
    assert ask(client, known, -1, ("t", 0))["session_id"] == 0
    assert ask(client, known, 2)["error_code"] == 70


def test_a_session_is_its_connections() -> None:
    client, known = session()
    assert ask(Client(client.world), known, 2)["error_code"] == 70


def test_too_many_partitions_have_no_session() -> None:
    fetch = FetchRequest()
    fetch.session_epoch = 0
    fetch.parts = [("t", at, -1, 0, -1, -1, 1) for at in range(PARTITIONS_MAX + 1)]
    assert FetchSessions().enter(fetch, 7) is None


def test_no_id_is_that_of_no_session() -> None:
    assert session_id(bytes(4)) == 1
    assert session_id(b"\xff" * 4) == (1 << 31) - 1
