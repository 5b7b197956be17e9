"""python-qpid-proton, AMQP 1.0. HOST:PORT comes first, then what to do:

produce QUEUE COUNT     value-0, value-1 ..., each with its number, waiting for every outcome
consume QUEUE COUNT     prints and accepts so many bodies
select STREAM COUNT     prints those of so many whose number is odd, from the beginning
refused QUEUE BODY      sends it and prints the outcome, its condition and description
share QUEUE COUNT       sends values of the kinds a, b, c in turn; prints what a receiver for a and one for b get by
                        their selectors, with what is left for one without
speak TARGET SOURCE     carries out orders, one a line, and answers each: {"send": fields}, or {} to receive

The exit status is 0 when all of it worked.
"""

import json
import sys
from typing import Any

from proton import Described, Message, Timeout, symbol
from proton.reactor import Filter, Selector
from proton.utils import BlockingConnection

WAIT_S = 20
FIELDS = ("id", "correlation_id", "content_type", "reply_to", "subject")
address, mode, *words = sys.argv[1:]
connection = BlockingConnection(f"amqp://guest:guest@{address}", timeout=WAIT_S)


def taken(receiver: Any, wait_s: float = WAIT_S) -> str:
    """The body of the next message, which must outlive it: it is a view of the library's own memory."""
    message = receiver.receive(wait_s)
    body = message.body
    return bytes(body).decode() if isinstance(body, bytes | memoryview) else str(body)


def produce(queue: str, count: int) -> None:
    sender = connection.create_sender(f"/queues/{queue}")
    for number in range(count):
        sender.send(Message(f"value-{number}", properties={"number": number}))


def consume(queue: str, count: int) -> None:
    receiver = connection.create_receiver(f"/queues/{queue}", credit=count)
    for _ in range(count):
        print(taken(receiver))
        receiver.accept()


def select(stream: str, count: int) -> None:
    selector = "number IN (1, 3, 5) OR number > 5 AND number % 2 = 1"
    wanted = Filter(  # both in one: the library writes one set of filters alone
        {
            symbol("rabbitmq:stream-offset-spec"): "first",
            symbol("selector"): Described(symbol("apache.org:selector-filter:string"), selector),
        }
    )
    receiver = connection.create_receiver(stream, credit=count, options=[wanted])
    for _ in range(count // 2):
        print(taken(receiver))


def refused(queue: str, body: str) -> None:
    sender = connection.create_sender(f"/queues/{queue}")
    delivery = sender.send(Message(body.encode(), inferred=True), error_states=[])
    condition = delivery.remote.condition
    print(json.dumps([str(delivery.remote_state), condition.name, condition.description]))


def share(queue: str, count: int) -> None:
    address = f"/queues/{queue}"
    receivers = {
        kind: connection.create_receiver(
            address, credit=count, name=kind, options=[Selector(f"kind = '{kind}'")]
        )
        for kind in "ab"
    }
    sender = connection.create_sender(address)
    for number in range(count):
        sender.send(Message(f"value-{number}", properties={"kind": "abc"[number % 3]}))
    receivers["-"] = connection.create_receiver(address, credit=count, name="-")
    for kind, receiver in receivers.items():
        for _ in range(count // 3):
            print(kind, taken(receiver))
            receiver.accept()
        try:
            print(kind, taken(receiver, 0.1))
        except Timeout:
            print(kind, "null")


def packed(value: Any) -> Any:
    """Bytes as JSON has them."""
    return {"hex": bytes(value).hex()} if isinstance(value, bytes | memoryview) else value


def opened(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def speak(target: str, source: str) -> None:
    sender, receiver = (
        connection.create_sender(target),
        connection.create_receiver(source, credit=1),
    )
    for line in sys.stdin:
        order = json.loads(line).get("send")
        if order is None:
            message = receiver.receive(WAIT_S)
            receiver.accept()
            found = {name: packed(getattr(message, name)) for name in FIELDS}
            found["body"] = packed(message.body)
            found["key"] = (message.annotations or {}).get("x-opt-partition-key")
            found["headers"] = {k: packed(v) for k, v in (message.properties or {}).items()}
            print(json.dumps(found), flush=True)
            continue
        message = Message(opened(order["body"]), inferred=True)
        for name in FIELDS:
            setattr(message, name, order[name])
        message.annotations = {symbol("x-opt-partition-key"): order["key"]}
        message.properties = {name: opened(value) for name, value in order["headers"].items()}
        sender.send(message)
        print("{}", flush=True)


MODES = {"produce": produce, "consume": consume, "select": select, "share": share}
if mode == "speak":
    speak(*words)
elif mode == "refused":
    refused(*words)
else:
    MODES[mode](words[0], int(words[1]))
connection.close()
