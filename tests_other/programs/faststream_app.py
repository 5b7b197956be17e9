"""FastStream on aiokafka and, as `...-confluent`, on confluent-kafka. HOST:PORT comes first, then what to do:

produce TOPIC COUNT     value-0, value-1 ... to partition 0
consume TOPIC COUNT     prints COUNT values of a group of one
"""

import asyncio
import sys

from faststream import FastStream

driver, address, mode, topic, count = sys.argv[1:]
if driver == "confluent":
    from faststream.confluent import KafkaBroker
else:
    from faststream.kafka import KafkaBroker

TIMEOUT_S = 30
broker = KafkaBroker(address, logger=None)
app = FastStream(broker, logger=None)


async def produce() -> None:
    async with broker:
        for number in range(int(count)):
            await broker.publish(
                f"value-{number}", topic, partition=0, headers={"number": str(number)}
            )


async def consume() -> None:
    seen = 0

    async def handle(value: str) -> None:
        nonlocal seen
        if seen < int(count):
            print(value, flush=True)
        seen += 1
        if seen == int(count):
            app.exit()

    group = f"faststream-{driver}-{topic}"
    broker.subscriber(topic, group_id=group, auto_offset_reset="earliest")(handle)
    await asyncio.wait_for(app.run(), TIMEOUT_S)


asyncio.run({"produce": produce, "consume": consume}[mode]())
