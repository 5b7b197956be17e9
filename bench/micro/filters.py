"""Microseconds per message of a topic with very many filters, in one process: which subscriptions take it.

    python bench/micro/filters.py

Messages are Service Bus's, with three application-properties. `sql`: 2,000 subscriptions with an SQL filter each that
no look-up can exclude (a range), then with one that a look-up can. `correlation`: 1,000 to 100,000 correlation filters
of 1,000 subscriptions: the cost is that of a message's fields, whatever their number. CPU time, best of several rounds;
to make the last ones takes a minute.
"""

import timeit
from collections.abc import Callable
from time import process_time

from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.servicebus import SEMANTICS, servicebus_filter
from dragoman.kernel.leases.matching import Matching
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import pack_entry, slice_message
from dragoman.wire.amqp10.values import Described, ULong

SUBSCRIPTIONS = 2_000
OWNERS = 1_000
ROUNDS = 5
ENTRY = pack_entry(
    slice_message(
        to_bytes(Properties(message_id="m", subject="order"))
        + encode(Described(ULong(0x74), {"n": 7, "region": "eu", "amount": 12.5}))
        + encode(Described(ULong(0x75), b"x" * 100))
    )
)


def us(work: Callable[[], object], count: int) -> float:
    """The best round, for one message."""
    best = min(timeit.repeat(work, timer=process_time, number=count, repeat=ROUNDS))
    return best / count * 1e6


def takers(matching: Matching) -> Callable[[], object]:
    """What a publish does for each message: fields read anew."""
    translator = FormatTranslator()
    return lambda: matching.takers(translator.fields(AMQP10, ENTRY, 0))


def filled(rules: dict[int, list[dict[str, object]]]) -> Matching:
    """Subscriptions with these rules."""
    matching = Matching()
    for number, each in rules.items():
        named = [{"name": str(at), **rule} for at, rule in enumerate(each)]
        filter_ = compile_filter(servicebus_filter({"rules": named}), SEMANTICS)
        matching.set(number, filter_)
    return matching


def measure() -> None:
    """Print one line for each."""
    for name, text in (("range", "amount > {} AND n < 0"), ("equality", "n = {} AND amount > 3")):
        sql: dict[int, list[dict[str, object]]] = {
            number: [{"kind": "sql", "expression": text.format(number)}]
            for number in range(SUBSCRIPTIONS)
        }
        print(
            f"sql, {SUBSCRIPTIONS} subscriptions, {name:9} {us(takers(filled(sql)), 200):9.1f} us"
        )
    for count in (1_000, 10_000, 100_000):
        rules: dict[int, list[dict[str, object]]] = {number: [] for number in range(OWNERS)}
        for number in range(count):
            fields = {"label": "order", "correlation-id": f"c{number}"}
            properties = {"n": number, "region": "eu"}
            rules[number % OWNERS].append(
                {"kind": "correlation", "fields": fields, "properties": properties}
            )
        print(f"correlation, {count:7} filters  {us(takers(filled(rules)), 2_000):15.1f} us")


if __name__ == "__main__":
    measure()
