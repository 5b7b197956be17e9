"""Client quotas: kept by entity, told by filter, and what they cost whoever spends too much."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World, batch_of, frame_of
from tests.fakes import node

from dragoman.doors.kafka.clientquotas import FETCH_RATE, PRODUCE_RATE, ClientQuotas
from dragoman.doors.kafka.door import KafkaDoor


def entity(**kinds: str | None) -> list[dict[str, Any]]:
    return [
        {"entity_type": kind.replace("_", "-"), "entity_name": name} for kind, name in kinds.items()
    ]


def alter(client: Client, of: list[dict[str, Any]], *, remove: bool = False, **rates: Any) -> int:
    ops = [{"key": key, "value": value, "remove": remove} for key, value in rates.items()]
    entries = [{"entity": of, "ops": ops}]
    answer = client.ask(49, 1, {"entries": entries, "validate_only": False})
    code: int = answer["entries"][0]["error_code"]
    return code


def described(
    client: Client, *components: tuple[str, int, str | None], strict: bool = False
) -> Any:
    wanted = [
        {"entity_type": kind, "match_type": how, "match": name} for kind, how, name in components
    ]
    answer = client.ask(48, 1, {"components": wanted, "strict": strict})
    assert answer["error_code"] == 0
    return [
        (
            {part["entity_type"]: part["entity_name"] for part in entry["entity"]},
            {value["key"]: value["value"] for value in entry["values"]},
        )
        for entry in answer["entries"]
    ]


def test_quotas_are_told_by_filter_and_survive_in_documents() -> None:
    world = World()
    client = world.connect()
    assert alter(client, entity(user="ann"), producer_byte_rate=1000.5) == 0
    assert alter(client, entity(user="ann", client_id="app"), consumer_byte_rate=5.0) == 0
    assert alter(client, entity(user=None), controller_mutation_rate=50.0) == 0
    assert alter(client, entity(ip="10.0.0.1"), connection_creation_rate=3.0) == 0
    ann = ({"user": "ann"}, {PRODUCE_RATE: 1000.5})
    both = ({"client-id": "app", "user": "ann"}, {FETCH_RATE: 5.0})
    anybody = ({"user": None}, {"controller_mutation_rate": 50.0})
    other = Client(world)  # whose door has read nothing yet
    assert len(described(other)) == 4
    assert described(other, ("user", 0, "ann"), strict=True) == [ann]
    assert described(other, ("user", 0, "ann")) == [both, ann]
    assert described(other, ("user", 1, None)) == [anybody]
    assert alter(client, entity(user="ann"), remove=True, producer_byte_rate=0.0) == 0
    assert described(client, ("user", 0, "ann"), strict=True) == []


@pytest.mark.parametrize(
    ("of", "rates"),
    [
        (entity(user="a"), {"speed": 1.0}),
        (entity(user="a"), {PRODUCE_RATE: 0.0}),
        (entity(user="a"), {PRODUCE_RATE: -1.0}),
        (entity(user="a"), {"connection_creation_rate": 1.0}),
        (entity(ip="a"), {"request_percentage": 50.0}),
        (entity(ip="a", user="b"), {"connection_creation_rate": 1.0}),
        (entity(planet="a"), {PRODUCE_RATE: 1.0}),
        ([], {PRODUCE_RATE: 1.0}),
    ],
)
def test_what_makes_no_sense_is_refused(of: list[dict[str, Any]], rates: dict[str, Any]) -> None:
    client = World().connect()
    assert alter(client, of, **rates) == 42
    assert described(client) == []


def produce(client: Client) -> int:
    part = {"index": 0, "records": batch_of(b"x" * 2_000)}
    message = {
        "transactional_id": None,
        "acks": -1,
        "timeout_ms": 1000,
        "topic_data": [{"name": "t", "partition_data": [part]}],
    }
    throttle_ms: int = client.ask(0, 9, message)["throttle_time_ms"]
    return throttle_ms


def test_who_sends_too_much_is_told_so_and_served_nothing_for_that_long() -> None:
    client = World().connect()
    client.create("t")
    assert produce(client) == 0
    alter(client, entity(client_id="tests"), producer_byte_rate=1_000.0)
    throttle_ms = produce(client)
    assert 1_000 < throttle_ms < 1_300
    client.post(3, 5, {"topics": None})
    assert client.take() is None
    client.world.advance(throttle_ms - 1)
    assert client.take() is None
    client.world.advance(1)
    assert client.take() is not None


def test_who_fetches_too_much_waits_as_well() -> None:
    client = World().connect()
    client.create("t")
    produce(client)
    alter(client, entity(user=None), consumer_byte_rate=1_000.0)
    answer = client.ask(1, 12, client.fetch_message("t", 0))
    assert answer["throttle_time_ms"] > 1_000


def test_the_nearest_entity_counts_and_connections_share_a_budget() -> None:
    world = World()
    first = world.connect()
    first.create("t")
    second = Client(world)
    second.door._talk.quotas = first.door._talk.quotas
    alter(first, entity(user=None, client_id=None), producer_byte_rate=1e9)
    alter(first, entity(client_id="tests"), producer_byte_rate=1.0)
    assert produce(first) == 0  # by both defaults, which come before
    alter(first, entity(user="ANONYMOUS"), producer_byte_rate=3_000.0)
    assert produce(first) == 0
    assert produce(second) > 0
    assert isinstance(first.door, KafkaDoor)


def test_of_a_connection_too_many_nothing_is_served_at_first() -> None:
    world = World()
    first = world.connect()
    quotas = first.door._talk.quotas
    alter(first, entity(ip=None), connection_creation_rate=1.0)
    assert quotas.connected(first.session, "10.0.0.1") == 0
    assert 900 < quotas.connected(first.session, "10.0.0.1") < 1_100
    assert quotas.connected(first.session, "10.0.0.2") == 0
    alter(first, entity(ip="10.0.0.3"), connection_creation_rate=1000.0)
    assert [quotas.connected(first.session, "10.0.0.3") for _ in range(3)] == [0, 0, 0]


def test_one_that_is_held_back_is_served_once_its_time_has_come() -> None:
    world = World()
    alter(world.connect(), entity(ip=None), connection_creation_rate=0.5)
    quotas = ClientQuotas()
    opened = [
        node.Connection(world, lambda session, end: KafkaDoor(session, end, quotas), port=9092)
        for _ in range(2)
    ]
    for each in opened:
        each.give(frame_of(18, 2, 1, {}))
    assert [bool(each.shell.data) for each in opened] == [True, False]
    world.advance(2_100)
    assert opened[1].shell.data


class Thread:
    """Works for so long whenever it is asked how much it has worked."""

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms
        self.now_ns = 1

    def worked_ns(self) -> int:
        self.now_ns += self.step_ms * 1_000_000
        return self.now_ns


def timed(step_ms: int, percent: float | None, **of: str | None) -> Client:
    world = World()
    root = world.connect()
    root.create("t")
    if percent is not None:
        alter(root, entity(**of), request_percentage=percent)
    quotas = ClientQuotas(Thread(step_ms).worked_ns)
    client = Client(world)
    client.door._talk.quotas = quotas
    quotas.known(client.session)
    return client


def throttled_ms(client: Client, key: int = 18, version: int = 2, **message: Any) -> int:
    throttle_ms: int = client.ask(key, version, message)["throttle_time_ms"]
    return throttle_ms


def test_who_takes_more_than_its_share_of_the_thread_waits_as_kafka_reckons() -> None:
    client = timed(30, 5.0, client_id="tests")  # 50 ms of work a second
    assert throttled_ms(client) == 0  # 30 ms until its answer, 30 after it
    client.post(18, 2, {})
    assert client.take() is None
    muted_ms = client.door._talk.muted_until_ms - client.session.elapsed_ms()
    assert muted_ms == 201  # 10 ms over, at 5 %
    client.world.advance(muted_ms)
    answer = client.take()
    assert answer is not None
    assert answer["throttle_time_ms"] == pytest.approx(30 * 20, abs=25)


def test_nobody_waits_for_more_than_a_second_at_once_and_what_is_owed_is_not_forgotten() -> None:
    client = timed(1_000, 1.0, user=None)
    for _ in range(3):
        assert throttled_ms(client) == 1_000
        client.world.advance(1_000)


@pytest.mark.parametrize(
    ("percent", "of"), [(None, {}), (1_000.0, {"user": None}), (1.0, {"user": "somebody else"})]
)
def test_who_has_no_share_or_keeps_to_it_does_not_wait(
    percent: float | None, of: dict[str, str | None]
) -> None:
    client = timed(10, percent, **of)
    assert [throttled_ms(client) for _ in range(9)] == [0] * 9
    assert client.door._talk.muted_until_ms == 0


def test_nothing_is_measured_while_nobody_has_a_share() -> None:
    client = timed(10, 50.0, user=None)
    thread = client.door._talk.quotas.worked_ns.__self__
    before = thread.now_ns
    throttled_ms(client)
    assert thread.now_ns > before
    alter(client, entity(user=None), remove=True, request_percentage=0.0)
    before = thread.now_ns
    throttled_ms(client)
    assert thread.now_ns == before


def test_the_time_that_a_parked_fetch_takes_is_its_clients_and_that_it_waits_is_not() -> None:
    client = timed(10, 1.5, client_id="tests")  # 15 ms a second
    client.post(1, 12, client.fetch_message("t", 0) | {"max_wait_ms": 500, "min_bytes": 1})
    assert client.take() is None
    other = Client(client.world)
    produce(other)
    answer = client.take()
    assert answer is not None
    assert answer["throttle_time_ms"] == 334


def test_answers_that_are_spelled_apart_tell_it_as_well() -> None:
    client = timed(30, 1.0, user=None)
    assert produce(client) == 1_000
    client.world.advance(60_000)
    answer = client.ask(1, 12, client.fetch_message("t", 0))
    assert answer["throttle_time_ms"] == 1_000
