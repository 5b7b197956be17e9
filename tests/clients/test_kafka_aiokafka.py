"""aiokafka, unmodified, over TCP."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.clients.kafka_work import DEADLINE_S, ENGINES, serving

pytestmark = pytest.mark.clients


@pytest.fixture(params=ENGINES)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


async def _round_trip(bootstrap: str, codec: str | None) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, compression_type=codec
    )
    await producer.start()
    sent = [await producer.send_and_wait("orders", b"%d" % index) for index in range(20)]
    await producer.stop()
    assert [done.offset for done in sent] == list(range(20))
    consumer = AIOKafkaConsumer(
        "orders", bootstrap_servers=bootstrap, group_id="g", auto_offset_reset="earliest"
    )
    await consumer.start()
    found = [await asyncio.wait_for(consumer.getone(), DEADLINE_S) for _ in sent]
    assert [message.value for message in found] == [b"%d" % index for index in range(20)]
    await consumer.commit()
    assert await consumer.committed(TopicPartition("orders", 0)) == 20
    await consumer.stop()


@pytest.mark.parametrize("codec", [None, "gzip", "lz4", "snappy", "zstd"])
def test_an_idempotent_producer_and_a_group(bootstrap: str, codec: str | None) -> None:
    asyncio.run(_round_trip(bootstrap, codec))


async def _topics(bootstrap: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("t", 2, 1)])
    topics: list[str] = await admin.list_topics()
    await admin.close()
    return topics


def test_admin_makes_topics(bootstrap: str) -> None:
    assert asyncio.run(_topics(bootstrap)) == ["t"]
