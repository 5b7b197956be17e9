# mypy: disable-error-code="untyped-decorator"
"""FastStream on RabbitMQ (aio-pika): a topic exchange, a publisher of replies, a request. Arguments: HOST:PORT, and a
name for all that is declared. Prints one line per thing that worked.
"""

import asyncio
import sys

from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

address, name = sys.argv[1:]
COUNT = 20
broker = RabbitBroker(f"amqp://guest:guest@{address}/", logger=None)
exchange = RabbitExchange(name, type=ExchangeType.TOPIC, durable=True)
queue = RabbitQueue(name, durable=True, routing_key="order.#")
seen: list[int] = []
is_done = asyncio.Event()


@broker.subscriber(queue, exchange)
async def take(number: int) -> None:
    seen.append(number)
    if len(seen) == COUNT:
        is_done.set()


@broker.subscriber(f"{name}-shout")
async def shout(text: str) -> str:
    return text.upper()


async def main() -> None:
    async with broker:
        await broker.start()
        for number in range(COUNT):
            await broker.publish(number, exchange=exchange, routing_key=f"order.{number}")
        await asyncio.wait_for(is_done.wait(), 30)
        print("seen", sorted(seen) == list(range(COUNT)))
        answer = await broker.request("quiet", f"{name}-shout", timeout=20)
        print("answered", await answer.decode())


asyncio.run(main())
