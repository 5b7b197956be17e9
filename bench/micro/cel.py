"""Microseconds of CPU that expressions in CEL take of one message: ours, and the official implementation's in C++.

    python -m bench.micro.cel              ours beside the official one
    python -m bench.micro.cel ours         one of them, as JSON; the other is `official`

`headers`: a filter that never opens the body; `body`: one on a JSON body of 1 KB that was parsed already, and the parse
by itself; `transform`: from that JSON to another, bytes to bytes. CPU time, best of several rounds. Other languages are
measured beside it by `python -m bench --only life/rules`.
"""

import importlib
import json
import sys
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from time import process_time
from typing import Any

from bench.micro.order import BODY, CEL, HEADERS, ORDER, RESULT

ROUNDS = 7
NUMBER = 5_000
Figures = dict[str, float]


def us(work: Callable[[], object], number: int = NUMBER) -> float:
    """The best round, for one message."""
    return min(timeit.repeat(work, timer=process_time, number=number, repeat=ROUNDS)) / number * 1e6


def ours() -> Figures:
    """Ours."""
    import msgspec  # noqa: PLC0415 - of the one that is measured

    from dragoman.kernel.filters.cel.checker import expression_of  # noqa: PLC0415
    from dragoman.kernel.filters.cel.filter import cel_filter  # noqa: PLC0415
    from dragoman.kernel.filters.compiler import compile_filter  # noqa: PLC0415
    from dragoman.kernel.filters.conditions import compile_expression  # noqa: PLC0415

    class Message:
        """Its fields, decoded already. Whoever looks at `headers` alone asks for no member."""

        headers: Mapping[str, object] = HEADERS

        def __init__(self, parse: Callable[[], object] | None) -> None:
            self._parse = parse

        def attribute(self, name: str) -> object:
            return None

        def member(self, path: tuple[str, ...]) -> object:
            assert self._parse is not None, "a filter of headers opened the body"
            return self._parse()

    found: Figures = {}
    for name, parse in (("headers", None), ("body", lambda: ORDER)):
        matches, message = (
            compile_filter(cel_filter({"expression": CEL[name]})).matches,
            Message(parse),
        )
        assert matches(message)
        found[f"{name}_us"] = us(partial(matches, message))
    decode, encoder = msgspec.json.decode, msgspec.json.Encoder()
    evaluate = compile_expression(expression_of(CEL["transform"]))
    assert json.loads(encoder.encode(evaluate(Message(lambda: ORDER)))) == RESULT
    found["parse_us"] = us(lambda: decode(BODY))
    found["transform_us"] = us(lambda: encoder.encode(evaluate(Message(lambda: decode(BODY)))))
    found["compile_us"] = us(lambda: compile_filter(cel_filter({"expression": CEL["body"]})), 50)
    return found


def official() -> Figures:
    """The C++ implementation, which is given what was parsed."""
    cel = importlib.import_module("cel_expr_python.cel")
    environment = cel.NewEnv(variables={"msg": cel.Type.DYN, "h": cel.Type.DYN})
    compiled = {name: environment.compile(text) for name, text in CEL.items()}

    def value(name: str, parsed: object) -> Any:
        return compiled[name].eval(data={"msg": parsed, "h": HEADERS}).plain_value()

    assert value("transform", ORDER) == RESULT
    return {
        "headers_us": us(lambda: value("headers", ORDER), 500),
        "body_us": us(lambda: value("body", ORDER), 500),
        "transform_us": us(lambda: json.dumps(value("transform", json.loads(BODY))), 500),
        "compile_us": us(lambda: environment.compile(CEL["body"]), 50),
    }


if __name__ == "__main__":
    engines = {"ours": ours, "official": official}
    if len(sys.argv) > 1:
        print(json.dumps(engines[sys.argv[1]]()))
    else:
        for engine, measure in engines.items():
            for figure, value in measure().items():
                print(f"{engine:10} {figure:16} {value:9.2f}")
