"""Microseconds that rules cost one message, in one process; engines of expressions stand side by side in `cel.py`.

    python -m bench.micro.rules [--json]

`schema`: a JSON Schema on a parsed JSON body of 1 KB; `publish`: all that a message costs from its stored bytes on, and
what a check, a schema and a small transform add; `batch`: 100 records of Kafka's where no rule stands on their stream,
with none in the broker and with some elsewhere; `bindings`: a fanout route with 10 to 10,000 of them, each with an
equality on one header. CPU time, best of several rounds.
"""

import json
import sys
import timeit
from collections.abc import Callable
from functools import partial
from time import process_time

from bench.micro.order import BODY, ORDER

from dragoman.formats import canonical
from dragoman.formats.schemas.jsondata import JsonJudge
from dragoman.formats.schemas.jsondoc import read_json_schema
from dragoman.formats.schemas.languages import Languages
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import (
    Address,
    CreateStream,
    Publish,
    PutRule,
    RegisterSchema,
    RuleSettings,
    StreamSettings,
)
from dragoman.kernel.filters.cel.filter import cel_filter
from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routes.graph import resolve
from dragoman.kernel.routes.route import Route
from dragoman.kernel.routing import Routing
from dragoman.model.levels import CANONICAL, KAFKA
from dragoman.model.message import Message
from dragoman.ports.schemas import Source
from dragoman.wire.kafka.records import BatchBuilder

ROUNDS = 7
NS = "default"
SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["id", "customer", "total", "items"],
        "properties": {
            "id": {"type": "string", "pattern": "^o-[0-9]+$"},
            "customer": {
                "type": "object",
                "required": ["name"],
                "properties": {"tier": {"enum": ["gold", "tin"]}, "name": {"type": "string"}},
            },
            "total": {"type": "number", "minimum": 0},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["sku", "qty"],
                    "properties": {"qty": {"type": "integer"}, "price": {"type": "number"}},
                },
            },
        },
    }
)
CHECK = "msg.total > 100.0 && size(msg.items) > 0"
CUT = {"body": '{"order": msg.id, "who": msg.customer.name, "city": msg.address.city}'}


def us(work: Callable[[], object], number: int) -> float:
    """The best round, for one turn."""
    return min(timeit.repeat(work, timer=process_time, number=number, repeat=ROUNDS)) / number * 1e6


def judged() -> float:
    """Judging alone, of what was parsed."""
    judge = JsonJudge(read_json_schema(Source(SCHEMA)))
    return us(lambda: judge(BODY, lambda: ORDER), 5_000)


def kernel() -> Kernel:
    """With streams `plain` and `ruled`."""
    made = Kernel(FormatTranslator(), Routing(), lambda _: 0, bytes)
    made.state.languages = Languages()
    made.begin(1)
    for name in ("plain", "ruled"):
        made.submit(CreateStream(name=name, settings=StreamSettings(retention_ms=-1)), 0)
    schema = RegisterSchema(subject="order", kind="json", text=SCHEMA, revision="1")
    made.submit(schema, 0)
    return made


def published(rules: RuleSettings | None) -> float:
    """One message of 1 KB."""
    made = kernel()
    if rules is not None:
        made.submit(PutRule(name="r", settings=rules), 0)
    message = Message()
    message.body = BODY
    body = canonical.encode(message)
    return _cost(made, lambda: Publish(NS, Address("ruled"), CANONICAL, [body]), 500)


def batch(rules: RuleSettings | None, stream: str) -> float:
    """100 records of Kafka's."""
    made = kernel()
    if rules is not None:
        made.submit(PutRule(name="r", settings=rules), 0)
    builder = BatchBuilder()
    for _ in range(100):
        builder.add(b"k", BODY, 5, [])
    raw = builder.build()

    def command() -> Publish:
        found = Publish(NS, Address(stream), KAFKA, [raw])
        found.packed, found.partition = 100, 0
        return found

    return _cost(made, command, 100)


def _cost(made: Kernel, command: Callable[[], Publish], number: int) -> float:
    def work() -> None:
        made.publish(command())
        made.drain_records()

    return us(work, number)


class Header:
    """A message with one header."""

    headers = {"region": "r7"}  # noqa: RUF012

    def attribute(self, name: str) -> object:
        """None."""

    def member(self, path: tuple[str, ...]) -> object:
        """None."""


def bound(count: int) -> float:
    """A message through so many bindings, one of which takes it."""
    route = Route("fanout")
    for number in range(count):
        expression = {"expression": f"h.region == 'r{number}'"}
        route.bind(number, "", filter_=compile_filter(cel_filter(expression)))
    graph = {"x": route}
    assert resolve(graph, "x", "", Header()).targets == (7,)
    return us(partial(resolve, graph, "x", "", Header()), 2_000)


BOUND = (10, 1_000, 10_000)


def measure() -> dict[str, float]:
    """All figures, by name."""
    on = ("ruled",)
    found = {"schema_us": judged(), "publish_us": published(None)}
    for name, settings in (
        ("check", RuleSettings(on=on, check=CHECK)),
        ("schema", RuleSettings(on=on, schema="order")),
        ("transform", RuleSettings(on=on, set=CUT)),
    ):
        found[f"publish_{name}_us"] = published(settings) - found["publish_us"]
    alone, beside = batch(None, "plain"), batch(RuleSettings(on=on, check=CHECK), "plain")
    found["batch_us"], found["batch_beside_rules_us"] = alone, beside
    found["batch_ratio"] = beside / alone
    found["record_check_us"] = (batch(RuleSettings(on=on, check=CHECK), "ruled") - alone) / 100
    found |= {f"bindings_{count}_us": bound(count) for count in BOUND}
    found["bindings_ratio"] = found["bindings_1000_us"] / found["bindings_10_us"]
    return found


if __name__ == "__main__":
    figures = measure()
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(figures))
    else:
        for figure, value in figures.items():
            print(f"{figure:28} {value:9.3f}")
