"""kafka-python in a process of its own: sends values to a topic in one batch and prints, as JSON, what each is told; null
where it was taken. Arguments: HOST:PORT TOPIC VALUE ...
"""

import json
import sys

from kafka import KafkaProducer
from kafka.errors import KafkaError

DEADLINE_S = 20
address, topic, *values = sys.argv[1:]
producer = KafkaProducer(bootstrap_servers=address, linger_ms=200, retries=0)
told: list[str | None] = []
for future in [producer.send(topic, value.encode()) for value in values]:
    try:
        future.get(DEADLINE_S)
        told.append(None)
    except KafkaError as error:
        told.append(f"{type(error).__name__}: {error}")
producer.close()
sys.stdout.write(json.dumps(told))
