# mypy: disable-error-code="no-untyped-call,arg-type,misc"
"""azure-eventhub, unmodified, blocking and not, by an emulator's connection string."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub._eventprocessor.in_memory_checkpoint_store import InMemoryCheckpointStore
from azure.eventhub.aio import EventHubConsumerClient as AsyncConsumer
from azure.eventhub.aio import EventHubProducerClient as AsyncProducer
from azure.eventhub.exceptions import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    EventHubError,
)
from tests.clients.eventhubs_work import (
    KEY,
    WAIT_S,
    Hub,
    connection_string,
    receiving,
    serving,
    until,
)

from dragoman.testing.broker import RunningBroker

WEEK_S = 7 * 86_400
EPOCH = datetime(1971, 1, 1, tzinfo=UTC)
pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    with serving() as found:
        yield found


@pytest.fixture
def hub(running: RunningBroker, request: pytest.FixtureRequest) -> Iterator[Hub]:
    """A hub that is made by its first use, with the test's name."""
    found = Hub(running, request.node.originalname.replace("_", "-")[:50].strip("-"))
    yield found
    found.close()


def bodies(events: list[EventData]) -> list[str]:
    return [event.body_as_str() for event in events]


def test_an_event_is_whole(hub: Hub) -> None:
    event = EventData(b"\x00body")
    event.properties = {"n": 1, "x": 1.5, "s": "text", "raw": b"\xff", "yes": True}
    event.content_type = "application/json"
    event.message_id = "id-1"
    event.correlation_id = "c-1"
    hub.send(event, partition_key="k1")
    (found,) = hub.read(1)
    assert b"".join(found.body) == b"\x00body"
    assert found.properties == {
        b"n": 1,
        b"x": 1.5,
        b"s": b"text",
        b"raw": b"\xff",
        b"yes": True,
    }
    said = (found.content_type, found.message_id, found.correlation_id)
    assert said == ("application/json", "id-1", "c-1")
    assert found.partition_key == b"k1"
    assert (found.sequence_number, found.offset) == (0, "0")
    assert found.enqueued_time is not None
    assert found.came_from == "0"  # type: ignore[attr-defined]  # 23816 % 4


def test_hubs_and_partitions_say_what_there_is(hub: Hub) -> None:
    said = hub.producer.get_eventhub_properties()
    assert (said["eventhub_name"], said["partition_ids"]) == (hub.name, ["0", "1", "2", "3"])
    assert hub.producer.get_partition_properties("2")["is_empty"]
    hub.send(EventData("1"), EventData("2"), partition_id="2")
    after = hub.producer.get_partition_properties("2")
    assert not after["is_empty"]
    assert after["beginning_sequence_number"] == 0
    assert after["last_enqueued_sequence_number"] == 1
    assert after["last_enqueued_offset"] == "1"
    (first, last) = hub.read(2, "2")
    assert after["last_enqueued_time_utc"] == last.enqueued_time
    assert first.sequence_number == 0


def test_every_form_of_a_position(hub: Hub) -> None:
    times = []
    for number in range(4):
        hub.send(EventData(str(number)), partition_id="0")
        times.append(hub.producer.get_partition_properties("0")["last_enqueued_time_utc"])
        hub.running.clock.advance(1)
    forms: dict[tuple[Any, bool], int] = {
        ("-1", False): 0,
        (1, False): 2,
        (1, True): 1,
        ("2", False): 3,
        ("2", True): 2,
        (times[1], False): 2,
        (times[1], True): 1,
    }
    found: dict[tuple[Any, bool], list[str]] = {form: [] for form in forms}
    with ExitStack() as stack:  # all at once: each takes its client seconds to begin and to end
        for index, form in enumerate(forms):
            stack.enter_context(
                receiving(
                    hub.consumer(f"g{index}"),
                    lambda _, event, form=form: found[form].append(event.body_as_str()),
                    partition_id="0",
                    starting_position=form[0],
                    starting_position_inclusive=form[1],
                )
            )
        until(lambda: all(len(found[form]) == 4 - first for form, first in forms.items()))
    for form, first in forms.items():
        assert found[form] == [str(number) for number in range(first, 4)], form


def test_from_the_end_on_only_what_comes(hub: Hub) -> None:
    hub.send(EventData("before"), partition_id="1")
    found: list[EventData] = []
    consumer = hub.consumer()
    began: list[str] = []
    with receiving(
        consumer,
        lambda _, event: found.append(event) if event else began.append("asked"),
        partition_id="1",
        starting_position="@latest",
        max_wait_time=0.2,
    ):
        until(lambda: bool(began))
        hub.send(EventData("after"), partition_id="1")
        until(lambda: bool(found))
    assert bodies(found) == ["after"]


def test_what_the_last_event_is_comes_with_each(hub: Hub) -> None:
    hub.send(*[EventData(str(number)) for number in range(3)], partition_id="0")
    said: list[Any] = []
    with receiving(
        hub.consumer(),
        lambda context, _: said.append(context.last_enqueued_event_properties),
        partition_id="0",
        starting_position="-1",
        track_last_enqueued_event_properties=True,
    ):
        until(lambda: len(said) == 3)
    last = hub.producer.get_partition_properties("0")
    assert said[0]["sequence_number"] == last["last_enqueued_sequence_number"] == 2
    assert said[0]["offset"] == "2"
    assert said[0]["enqueued_time"] == last["last_enqueued_time_utc"]
    assert said[0]["retrieval_time"] >= said[0]["enqueued_time"]


def test_a_big_event_and_one_that_is_too_big(hub: Hub) -> None:
    body = bytes(range(256)) * 2_000
    hub.send(EventData(body), partition_id="0")
    (found,) = hub.read(1, "0")
    assert b"".join(found.body) == body
    batch = hub.producer.create_batch()
    assert batch.max_size_in_bytes == 1 << 20
    with pytest.raises(ValueError, match="size"):
        batch.add(EventData(bytes(1 << 20)))


def test_a_higher_owner_level_takes_over_and_a_lower_one_is_refused(hub: Hub) -> None:
    hub.send(EventData("x"), partition_id="0")
    errors: list[Exception] = []
    got: list[str] = []
    options: dict[str, Any] = {"partition_id": "0", "starting_position": "-1"}
    with receiving(
        hub.consumer(),
        lambda *_: got.append("first"),
        owner_level=1,
        on_error=lambda _, error: errors.append(error),
        **options,
    ):
        until(lambda: got == ["first"])
        refused: list[Exception] = []
        with receiving(
            hub.consumer(),
            lambda *_: got.append("low"),
            owner_level=0,
            on_error=lambda _, error: refused.append(error),
            **options,
        ):
            until(lambda: bool(refused))
        assert isinstance(refused[0], (ConnectionLostError, ConnectError))
        assert not errors
        with receiving(hub.consumer(), lambda *_: got.append("high"), owner_level=2, **options):
            until(lambda: bool(errors))
            until(lambda: got == ["first", "high"])
        assert isinstance(errors[0], ConnectionLostError)


def test_two_processors_share_the_partitions_and_go_on_at_their_checkpoints(hub: Hub) -> None:
    for partition in range(4):
        hub.send(*[EventData(f"{partition}-{n}") for n in range(5)], partition_id=str(partition))
    store = InMemoryCheckpointStore()
    seen: list[str] = []
    owned: dict[str, set[str]] = {"a": set(), "b": set()}

    def on_event(name: str) -> Any:
        def event(context: Any, event: EventData) -> None:
            seen.append(event.body_as_str())
            context.update_checkpoint(event)

        return event

    def processor(name: str) -> Any:
        consumer = hub.consumer(checkpoint_store=store, load_balancing_interval=0.5)
        return receiving(
            consumer,
            on_event(name),
            starting_position="-1",
            on_partition_initialize=lambda context: owned[name].add(context.partition_id),
            on_partition_close=lambda context, _: owned[name].discard(context.partition_id),
        )

    with processor("a"):
        until(lambda: len(seen) >= 20)
        with processor("b"):
            until(lambda: len(owned["a"]) == len(owned["b"]) == 2)
            assert owned["a"] | owned["b"] == {"0", "1", "2", "3"}
            for partition in range(4):
                hub.send(EventData(f"{partition}-new"), partition_id=str(partition))
            until(lambda: sum(each.endswith("new") for each in seen) >= 4)
    assert set(seen) == {f"{p}-{n}" for p in range(4) for n in [*range(5), "new"]}
    checkpoints = store.list_checkpoints("", hub.name, "$Default") or store.list_checkpoints(
        f"127.0.0.1:{hub.running.amqp.port}", hub.name, "$Default"
    )
    assert {each["sequence_number"] for each in checkpoints} <= {5}


def test_sends_and_receives_without_blocking(hub: Hub) -> None:
    async def both() -> list[str]:
        async with AsyncProducer.from_connection_string(hub.string, retry_total=0) as producer:
            batch = await producer.create_batch(partition_key="alphabet")
            for number in range(10):
                batch.add(EventData(str(number)))
            await producer.send_batch(batch)
            await producer.send_event(EventData("single"), partition_id="0")
            said = await producer.get_partition_properties("0")
            assert said["last_enqueued_sequence_number"] >= 0
        found: list[str] = []
        done = asyncio.Event()
        consumer = AsyncConsumer.from_connection_string(hub.string, "$Default", retry_total=0)

        async def on_event(context: Any, event: EventData) -> None:
            found.append(event.body_as_str())
            if len(found) == 11:
                done.set()

        async with consumer:
            task = asyncio.ensure_future(
                consumer.receive(on_event=on_event, starting_position="-1")
            )
            await asyncio.wait_for(done.wait(), WAIT_S)
            task.cancel()
        return found

    found = asyncio.run(both())
    assert [each for each in found if each != "single"] == [str(number) for number in range(10)]


def test_a_buffered_producer_sends_all(hub: Hub) -> None:
    failed: list[Any] = []
    producer = EventHubProducerClient.from_connection_string(
        hub.string,
        buffered_mode=True,
        max_wait_time=0.1,
        on_success=lambda *_: None,
        on_error=lambda *said: failed.append(said),
    )
    with producer:
        for number in range(50):
            producer.send_event(EventData(str(number)))
        producer.flush()
    assert not failed
    assert sorted(map(int, bodies(hub.read(50)))) == list(range(50))


def test_what_retention_ends_is_gone_and_readers_begin_behind_it() -> None:
    with serving() as running:
        before = Hub(running, "kept")
        before.send(EventData("old"), partition_id="0")
        before.send(EventData("older"), partition_id="0")
        before.close()
        running.clock.advance(WEEK_S + 60)
        after = Hub(running, "kept")
        after.send(EventData("new"), partition_id="0")

        def begins() -> int:
            said = after.producer.get_partition_properties("0")
            return int(said["beginning_sequence_number"])

        until(lambda: begins() == 2)
        for position in ("-1", 0, EPOCH):
            found = after.read(1, "0", starting_position=position)
            assert [(event.body_as_str(), event.sequence_number) for event in found] == [("new", 2)]
        after.close()


def test_keys_open_what_they_are_for() -> None:
    with serving(keys={"RootManageSharedAccessKey": KEY}) as running:
        port = running.amqp.port
        with (
            EventHubProducerClient.from_connection_string(
                connection_string(port, "h", "d3Jvbmc="), retry_total=0
            ) as wrong,
            pytest.raises(AuthenticationError),
        ):
            wrong.get_eventhub_properties()
        with (
            EventHubProducerClient.from_connection_string(
                connection_string(port, "h"), retry_total=0
            ) as right,
            pytest.raises(EventHubError, match="h"),
        ):
            right.create_batch()  # nobody makes a hub by using it where others come
