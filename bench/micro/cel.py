"""Microseconds of rules in CEL for one message, beside other engines that are installed.

    python bench/micro/cel.py

`headers`: a filter that never opens the body; `body`: one on a JSON body of 1 KB that was parsed already, and the parse
by itself; `transform`: from that JSON to another, bytes to bytes. `cel-expr-python` is with the packages of tests;
`jsonata-python` and `jq` are asked where they are. CPU time, best of several rounds.
"""

import importlib
import json
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from time import process_time
from typing import Any

import msgspec

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.cel.filter import cel_filter
from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.conditions import compile_expression

ROUNDS = 7
NUMBER = 5_000
ORDER = {
    "id": "o-12345", "customer": {"name": "Ada", "tier": "gold", "region": "eu-west-1"}, "total": 149.9,
    "items": [
        {"sku": f"sku-{number:06}", "qty": number % 5 + 1, "price": 9.5 + number, "note": "x" * 30}
        for number in range(8)
    ],
    "address": {"street": "Main Street 1", "city": "Springfield", "zip": "12345", "country": "DE"}, "paid": True,
}  # fmt: skip
BODY = json.dumps(ORDER).encode()
HEADERS_FILTER = 'h.tier == "gold" && h.region.startsWith("eu") && h.n > 3'
BODY_FILTER = 'msg.total > 100.0 && msg.customer.region == "eu-west-1" && msg.paid'
TRANSFORM = """{"order": msg.id, "who": msg.customer.name, "net": msg.total * 0.8, "city": msg.address.city,
  "lines": msg.items.filter(i, i.qty > 2).map(i, {"sku": i.sku, "sum": i.price * double(i.qty)})}"""


class Message:
    """Its fields, decoded already."""

    headers: Mapping[str, object] = {"tier": "gold", "region": "eu-west-1", "n": 7, "trace": "abc"}

    def attribute(self, name: str) -> object:
        return None

    def member(self, path: tuple[str, ...]) -> object:
        return ORDER


def us(work: Callable[[], object], number: int = NUMBER) -> float:
    """The best round, for one message."""
    return min(timeit.repeat(work, timer=process_time, number=number, repeat=ROUNDS)) / number * 1e6


def line(name: str, value: float) -> None:
    """Print it."""
    print(f"{name:44} {value:9.2f} us")


def ours() -> None:
    """Ours."""
    message = Message()
    for name, text in (("headers", HEADERS_FILTER), ("body, parsed", BODY_FILTER)):
        matches = compile_filter(cel_filter({"expression": text})).matches
        assert matches(message)
        line(f"dragoman, {name}", us(partial(matches, message)))
    line(f"msgspec, parse of {len(BODY)} bytes", us(lambda: msgspec.json.decode(BODY)))
    evaluate = compile_expression(expression_of(TRANSFORM))
    line("dragoman, transform of what was parsed", us(lambda: evaluate(message)))
    encoder = msgspec.json.Encoder()

    class Parsing(Message):
        def member(self, path: tuple[str, ...]) -> object:
            return msgspec.json.decode(BODY)

    line("dragoman, transform, bytes to bytes", us(lambda: encoder.encode(evaluate(Parsing()))))
    line(
        "dragoman, compile", us(lambda: compile_filter(cel_filter({"expression": BODY_FILTER})), 50)
    )


def _evaluated(compiled: Any, data: Any) -> Any:
    return compiled.eval(data=data).plain_value()


def official() -> None:
    """The C++ implementation, which is given what was parsed."""
    cel = importlib.import_module("cel_expr_python.cel")
    kind = cel.Type.DYN
    environment = cel.NewEnv(variables={"msg": kind, "h": kind})
    data = {"msg": ORDER, "h": dict(Message.headers)}
    for name, text in (
        ("headers", HEADERS_FILTER),
        ("body, parsed", BODY_FILTER),
        ("transform of what was parsed", TRANSFORM),
    ):
        compiled = environment.compile(text)
        line(f"cel-expr-python, {name}", us(partial(_evaluated, compiled, data), 500))
    line("cel-expr-python, compile", us(lambda: environment.compile(BODY_FILTER), 50))


def optional(name: str, work: Callable[[Any], Callable[[], object]]) -> None:
    """An engine that may not be installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        print(f"{name:44} not installed")
        return
    line(f"{name}, transform", us(work(module), 200))


def _jsonata(module: Any) -> Callable[[], object]:
    text = """{"order": id, "who": customer.name, "net": total * 0.8, "city": address.city,
      "lines": items[qty > 2].{"sku": sku, "sum": price * qty}}"""
    compiled = module.Jsonata(text)
    return lambda: json.dumps(compiled.evaluate(json.loads(BODY)))


def _jq(module: Any) -> Callable[[], object]:
    text = """{order: .id, who: .customer.name, net: (.total * 0.8), city: .address.city,
      lines: [.items[] | select(.qty > 2) | {sku, sum: (.price * .qty)}]}"""
    compiled = module.compile(text)
    return lambda: compiled.input_text(BODY.decode()).text()


if __name__ == "__main__":
    ours()
    official()
    optional("jsonata", _jsonata)
    optional("jq", _jq)
