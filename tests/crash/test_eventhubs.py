# mypy: disable-error-code="arg-type"
"""kill -9 under a producer: what was confirmed is there, with the numbers and times that it had."""

from pathlib import Path
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from tests.clients.eventhubs_work import connection_string, receiving, until
from tests.crash.broker import BrokerProcess

pytestmark = [
    pytest.mark.crash,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LIVES = 2
BATCHES = 20  # of a life
PARTITIONS = ("0", "1")

Seen = dict[tuple[str, int], tuple[str, Any, str]]
"""By partition and sequence number: offset, time, body."""


def read(string: str, partition: str, count: int) -> Seen:
    found: Seen = {}

    def on_event(context: Any, event: Any) -> None:
        place = (context.partition_id, event.sequence_number)
        found[place] = (event.offset, event.enqueued_time, event.body_as_str())

    consumer = EventHubConsumerClient.from_connection_string(string, "$Default", retry_total=0)
    with receiving(consumer, on_event, partition_id=partition, starting_position="-1"):
        until(lambda: len(found) >= count)
    return found


@pytest.mark.timeout(120)
def test_numbers_offsets_and_times_are_the_same_in_every_life(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        confirmed: list[str] = []
        before: Seen = {}
        last: dict[str, dict[str, Any]] = {}
        created: Any = None
        for life in range(LIVES):
            broker.start()
            string = connection_string(broker.port, "hub")
            with EventHubProducerClient.from_connection_string(string, retry_total=0) as producer:
                for partition, said in last.items():
                    assert producer.get_partition_properties(partition) == said
                made = producer.get_eventhub_properties()["created_at"]
                assert made == (created or made)
                created = made
                for number in range(BATCHES):
                    body = f"{life}-{number}"
                    batch = producer.create_batch(partition_id=PARTITIONS[number % 2])
                    batch.add(EventData(body))
                    batch.add(EventData(body + "b"))
                    producer.send_batch(batch)
                    confirmed += [body, body + "b"]
                last = {each: producer.get_partition_properties(each) for each in PARTITIONS}
            after: Seen = {}
            for partition in PARTITIONS:
                count = last[partition]["last_enqueued_sequence_number"] + 1
                assert count == (life + 1) * BATCHES
                after |= read(string, partition, count)
            assert sorted(body for _, _, body in after.values()) == sorted(confirmed)
            assert all(offset == str(number) for (_, number), (offset, _, _) in after.items())
            assert {place: after[place] for place in before} == before
            before = after
            broker.kill()
