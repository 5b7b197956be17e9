"""aio-pika (and aiormq under it), unmodified, over TCP."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import pytest
from aio_pika.exceptions import ChannelPreconditionFailed, DeliveryError
from aio_pika.patterns import RPC
from tests.clients.amqp_work import DEADLINE_S, ENGINES, serving

pytestmark = pytest.mark.clients


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


async def _round_trip(url: str) -> list[bytes]:
    async with await aio_pika.connect_robust(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(10)
        exchange = await channel.declare_exchange("events", aio_pika.ExchangeType.TOPIC)
        queue = await channel.declare_queue("q", durable=True)
        await queue.bind(exchange, "order.*")
        for number in range(100):
            message = aio_pika.Message(
                b"%d" % number,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                headers={"n": number, "nested": {"list": [1, "two", None]}},
            )
            await exchange.publish(message, "order.made")
        found: list[bytes] = []
        async with queue.iterator() as messages:
            async for got in messages:
                async with got.process():
                    assert got.headers["nested"] == {"list": [1, "two", None]}
                    found.append(got.body)
                if len(found) == 100:
                    return found
    raise AssertionError(found)


def test_published_through_a_topic_exchange_and_iterated(url: str) -> None:
    found = asyncio.run(asyncio.wait_for(_round_trip(url), DEADLINE_S))
    assert found == [b"%d" % number for number in range(100)]


async def _refusals(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(on_return_raises=True)
        with pytest.raises(DeliveryError):
            await channel.default_exchange.publish(aio_pika.Message(b""), "nowhere")
        await channel.declare_queue("q", arguments={"x-max-length": 1})
        with pytest.raises(ChannelPreconditionFailed, match="inequivalent arg 'x-max-length'"):
            await channel.declare_queue("q", arguments={"x-max-length": 2})
        again = await connection.channel()
        await again.declare_queue("q", passive=True)


def test_refusals_are_its_own_exceptions(url: str) -> None:
    asyncio.run(asyncio.wait_for(_refusals(url), DEADLINE_S))


async def _calls(url: str) -> list[int]:
    async with await aio_pika.connect_robust(url) as connection:
        rpc = await RPC.create(await connection.channel())

        async def double(*, value: int) -> int:
            return value * 2

        await rpc.register("double", double, auto_delete=True)
        caller = await RPC.create(await connection.channel())
        calls = (caller.call("double", {"value": value}) for value in range(20))
        return list(await asyncio.gather(*calls))


def test_remote_calls_are_answered(url: str) -> None:
    found = asyncio.run(asyncio.wait_for(_calls(url), DEADLINE_S))
    assert found == [value * 2 for value in range(20)]


async def _across_a_restart(folder: Path) -> bytes:
    first = serving("files", folder)
    url = await asyncio.to_thread(first.__enter__)
    connection = await aio_pika.connect_robust(url, reconnect_interval=0.05)
    queue = await (await connection.channel()).declare_queue("q", durable=True)
    came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def on_message(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        await message.ack()
        came.set_result(bytes(message.body))

    await queue.consume(on_message)
    await asyncio.to_thread(first.__exit__, None, None, None)
    second = serving("files", folder, int(url.rstrip("/").rsplit(":", 1)[1]))
    await asyncio.to_thread(second.__enter__)
    async with await aio_pika.connect(url) as other:
        channel = await other.channel()
        await channel.default_exchange.publish(aio_pika.Message(b"still here"), "q")
    body = await came
    await connection.close()
    await asyncio.to_thread(second.__exit__, None, None, None)
    return body


def test_a_robust_consumer_comes_back_after_a_restart(tmp_path: Path) -> None:
    body = asyncio.run(asyncio.wait_for(_across_a_restart(tmp_path), DEADLINE_S))
    assert body == b"still here"
