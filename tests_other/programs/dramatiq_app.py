# mypy: disable-error-code="untyped-decorator"
"""Dramatiq with its RabbitMQ broker: tasks that fail and are tried again, that wait, and that are urgent. Arguments:
HOST:PORT, and a name for the queue. Prints what was done, in order.
"""

import sys
import threading

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries

address, name = sys.argv[1:]
broker = RabbitmqBroker(
    url=f"amqp://guest:guest@{address}/",
    max_priority=10,
    confirm_delivery=True,
    middleware=[AgeLimit(), Retries(min_backoff=10, max_backoff=20), Callbacks(), Pipelines()],
)
dramatiq.set_broker(broker)
DONE: list[str] = []
LAST = threading.Event()
TRIES: dict[str, int] = {}


@dramatiq.actor(queue_name=name, max_retries=3)
def note(text: str) -> str:
    TRIES[text] = TRIES.get(text, 0) + 1
    if text == "stubborn" and TRIES[text] < 3:
        raise ValueError("again")
    DONE.append(text)
    if len(DONE) == 7:
        LAST.set()
    return text


for number in range(3):
    note.send_with_options(args=(f"low-{number}",), broker_priority=1)
note.send_with_options(args=("urgent",), broker_priority=9)
note.send("low")
note.send("stubborn")
note.send_with_options(args=("late",), delay=100)
worker = dramatiq.Worker(broker, worker_threads=1)
worker.start()
assert LAST.wait(30), DONE
worker.stop()
print("first", DONE[0])
print("done", len(DONE))
print("tries", TRIES["stubborn"])
broker.flush_all()
broker.close()
