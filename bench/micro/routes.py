"""What matching costs: `python -m bench.micro.routes [bindings]` prints one line per case, ns per call, best of rounds.

Topic bindings are of the shapes people use: all literal, one `*`, a trailing `#`, a leading `#`. Keys hit some of them.
"""

import sys
from collections.abc import Callable
from random import Random
from time import perf_counter_ns

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.nodes import And, Compare, CompareOp, Header, Literal, equals
from dragoman.kernel.routes.graph import resolve
from dragoman.kernel.routes.route import Route
from dragoman.kernel.routes.topic import Topic

BINDINGS = 10_000
ROUNDS = 5
KEYS = 2_000
REGIONS = 50
KINDS = 40


class Source:
    """A message's fields, decoded."""

    def __init__(self, headers: dict[str, object]) -> None:
        self.headers = headers

    def attribute(self, name: str) -> object:
        return None

    def member(self, path: tuple[str, ...]) -> object:
        return None


def best_ns(call: Callable[[], object], calls: int) -> float:
    """Of `ROUNDS` runs of `call`, each making `calls` of what is measured, the fastest, per call."""
    runs = []
    for _ in range(ROUNDS):
        start = perf_counter_ns()
        call()
        runs.append((perf_counter_ns() - start) / calls)
    return min(runs)


def topic_patterns(count: int, chance: Random, *, wide: bool) -> list[str]:
    """Patterns `orders.<region>.<kind>.<number>` with wildcards; `wide` adds some that begin with `#`."""
    patterns = []
    for number in range(count):
        words = [
            "orders",
            f"r{chance.randrange(REGIONS)}",
            f"k{chance.randrange(KINDS)}",
            f"n{number}",
        ]
        shape = number % 10
        if shape < 3:
            words[1] = "*"
        elif shape < 5:
            words = [*words[:2], f"c{number}", "#"]
        elif shape == 5 and wide and number % 100 == 5:
            words = ["#", words[2], words[3]]
        patterns.append(".".join(words))
    return patterns


def measure_topic(count: int, *, wide: bool) -> None:
    chance = Random(1)
    route = Route("topic")
    patterns = topic_patterns(count, chance, wide=wide)
    for number, pattern in enumerate(patterns):
        route.bind(number, pattern)
    topic = route.matcher
    assert isinstance(topic, Topic)
    keys = [chance.choice(patterns).replace("*", "r1").replace("#", "a.b") for _ in range(KEYS)]
    found = sum(len(topic.match_uncached(key)) for key in keys) / KEYS
    uncached = best_ns(lambda: [topic.match_uncached(key) for key in keys], KEYS)
    cached = best_ns(lambda: [topic.match(key, None, 0) for key in keys], KEYS)
    name = f"topic, {count} bindings{', some begin with #' if wide else ''}"
    print(f"{name:50} uncached {uncached:8.0f} ns   cached {cached:6.0f} ns   {found:.2f} found")


def measure_direct(count: int) -> None:
    route = Route("direct")
    for number in range(count):
        route.bind(number, f"key-{number}")
    keys = [f"key-{number % count}" for number in range(KEYS)]
    matcher = route.matcher
    cost = best_ns(lambda: [matcher.match(key, None, 0) for key in keys], KEYS)
    print(f"{f'direct, {count} bindings':50} {cost:17.0f} ns")
    graph = {"x": route}
    cost = best_ns(lambda: [resolve(graph, "x", key) for key in keys], KEYS)
    print(f"{'  resolved through the graph':50} {cost:17.0f} ns")


def measure_headers(count: int) -> None:
    route = Route("headers")
    for number in range(count):
        route.bind(number, "", {"customer": number, "tier": "gold"})
    messages = [Source({"customer": n % count, "tier": "gold", "n": n}) for n in range(KEYS)]
    matcher = route.matcher
    cost = best_ns(lambda: [matcher.match("", message, 0) for message in messages], KEYS)
    print(f"{f'headers x-match=all, {count} bindings':50} {cost:17.0f} ns")


def measure_filter() -> None:
    predicate = And(
        (equals(Header("tier"), "gold"), Compare(CompareOp.GT, Header("n"), Literal(5)))
    )
    matches = compile_filter(predicate).matches
    messages = [Source({"tier": "gold", "n": n}) for n in range(KEYS)]
    cost = best_ns(lambda: [matches(message) for message in messages], KEYS)
    print(f"{'filter: h.tier == gold && h.n > 5':50} {cost:17.0f} ns")
    cost = best_ns(lambda: [compile_filter(predicate) for _ in range(KEYS)], KEYS)
    print(f"{'  compiled, of a known shape':50} {cost:17.0f} ns")


def measure_hash(count: int) -> None:
    for kind in ("consistent-hash", "modulus-hash", "random"):
        route = Route(kind)
        for number in range(count):
            route.bind(number, "1")
        matcher = route.matcher
        cost = best_ns(lambda m=matcher: [m.match(f"k{n}", None, n) for n in range(KEYS)], KEYS)  # type: ignore[misc]
        print(f"{f'{kind}, {count} bindings':50} {cost:17.0f} ns")


def main() -> None:
    """Print all figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else BINDINGS
    measure_topic(count, wide=False)
    measure_topic(count, wide=True)
    measure_direct(count)
    measure_headers(count)
    measure_filter()
    measure_hash(8)


if __name__ == "__main__":
    main()
