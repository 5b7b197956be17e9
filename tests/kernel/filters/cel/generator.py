"""Random expressions of CEL, mostly of fitting types, and random documents that they are about."""

from collections.abc import Callable
from random import Random
from typing import Any

Scope = dict[str, str]

INTS = ("0", "1", "-1", "2", "3", "7", "-5", "10", "9007199254740993", "9223372036854775807")
LITERALS: dict[str, tuple[str, ...]] = {
    "int": INTS,
    "uint": ("0u", "1u", "2u", "7u", "18446744073709551615u"),
    "double": ("0.0", "1.0", "-1.5", "2.5", "1e3", "1e-7", "1.5e300", "123456789.25"),
    "bool": ("true", "false"),
    "string": ('""', '"a"', "'abc'", '"é😀"', "'1'", "'true'", "'2020-01-02T03:04:05Z'", "'90s'"),
    "bytes": ("b''", "b'abc'", "b'\\xff'"),
    "timestamp": (
        "timestamp('2020-02-29T23:59:59.5Z')",
        "timestamp('1969-12-31T00:00:00+02:00')",
        "timestamp(1700000000)",
    ),
    "duration": ("duration('1h30m')", "duration('-1.5s')", "duration('0')", "duration('10ms')"),
    "list": ("[]", "[1, 2, 3]", "[1.0, 2u]", "['a', 'abc']", "[[1], [2]]", "[null, true]"),
    "map": ("{}", "{'a': 1}", "{'abc': [1], 'a': {'b': null}}", "{1: 2}", "{true: 'x'}"),
    "null": ("null",),
    "type": ("int", "string", "list", "null_type", "google.protobuf.Duration"),
}
MEMBERS: dict[str, tuple[str, ...]] = {
    "int": ("msg.i", "msg.j", "msg.m.i", "msg['i']", "msg.l[0]", "msg.z", "msg.m.zz.y"),
    "double": ("msg.d", "msg.e", "msg.m.d"),
    "bool": ("msg.b", "msg.m.b"),
    "string": ("msg.s", "msg.t", "msg.m.s", "msg.ls[1]"),
    "list": ("msg.l", "msg.ls", "msg.lm"),
    "map": ("msg.m", "msg", "msg.lm[0]"),
    "null": ("msg.n",),
}
TYPES = tuple(LITERALS)
PARTS = "getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds"
ZONES = ("", "'UTC'", "'+02:00'", "'-05:30'", "'America/New_York'", "'Nowhere/Land'")


class Generator:
    """Expressions from a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made: dict[str, tuple[Callable[[int, Scope], str], ...]] = {
            "int": (self._arithmetic_int, self._size, self._converted, self._part),
            "uint": (self._arithmetic_uint, self._converted),
            "double": (self._arithmetic_double, self._converted),
            "bool": (
                self._joined, self._joined, self._compared, self._compared, self._mixed, self._denied,
                self._has, self._within, self._text, self._loop, self._loop, self._matched,
            ),
            "string": (self._concatenated, self._converted),
            "bytes": (self._converted,),
            "list": (self._listed, self._mapped, self._mapped, self._appended),
            "map": (self._entries,),
            "timestamp": (self._moved,),
            "duration": (self._span,),
            "type": (self._type_of,),
            "null": (self._null,),
        }  # fmt: skip

    def pick(self, these: tuple[str, ...]) -> str:
        return self._random.choice(these)

    def any(self, depth: int, scope: Scope) -> str:
        return self.of(self.pick(TYPES), depth, scope)

    def of(self, kind: str, depth: int, scope: Scope) -> str:
        """Mostly of this type; sometimes of another, sometimes one that is told only at run time."""
        chance = self._random.random()
        if chance < 0.04:
            kind = self.pick(TYPES)
        if chance > 0.93:
            return f"dyn({self.of(kind, depth - 1, scope)})"
        if depth <= 0 or chance > 0.85:
            return self._leaf(kind, scope)
        if chance > 0.8:
            one, two = self.of(kind, depth - 1, scope), self.of(kind, depth - 1, scope)
            return f"({self.of('bool', depth - 1, scope)} ? {one} : {two})"
        return self._random.choice(self._made[kind])(depth - 1, scope)

    def _leaf(self, kind: str, scope: Scope) -> str:
        names = tuple(name for name, known in scope.items() if known in (kind, "dyn"))
        if names and self._random.random() < 0.5:
            return self.pick(names)
        if kind in MEMBERS and self._random.random() < 0.6:
            return self.pick(MEMBERS[kind])
        return self.pick(LITERALS[kind])

    def _arithmetic_int(self, depth: int, scope: Scope) -> str:
        if self._random.random() < 0.1:
            return f"-({self.of('int', depth, scope)})"
        sign = self.pick(("+", "-", "*", "/", "%"))
        return f"({self.of('int', depth, scope)} {sign} {self.of('int', depth, scope)})"

    def _arithmetic_uint(self, depth: int, scope: Scope) -> str:
        sign = self.pick(("+", "-", "*", "/", "%"))
        return f"({self.of('uint', depth, scope)} {sign} {self.of('uint', depth, scope)})"

    def _arithmetic_double(self, depth: int, scope: Scope) -> str:
        sign = self.pick(("+", "-", "*", "/"))
        return f"({self.of('double', depth, scope)} {sign} {self.of('double', depth, scope)})"

    def _size(self, depth: int, scope: Scope) -> str:
        of = self.of(self.pick(("string", "bytes", "list", "map")), depth, scope)
        return f"size({of})" if self._random.random() < 0.5 else f"{of}.size()"

    def _converted(self, depth: int, scope: Scope) -> str:
        to, of = self._random.choice(
            [
                ("int", "double"), ("int", "string"), ("int", "uint"), ("int", "timestamp"), ("uint", "int"),
                ("uint", "double"), ("double", "int"), ("double", "string"), ("double", "uint"), ("string", "int"),
                ("string", "double"), ("string", "bool"), ("string", "bytes"), ("string", "timestamp"),
                ("string", "duration"), ("bytes", "string"), ("bool", "string"),
            ]
        )  # fmt: skip
        return f"{to}({self.of(of, depth, scope)})"

    def _part(self, depth: int, scope: Scope) -> str:
        if self._random.random() < 0.3:
            part = self.pick(("getHours", "getMinutes", "getSeconds", "getMilliseconds"))
            return f"{self.of('duration', depth, scope)}.{part}()"
        part = self.pick((*PARTS.split(), "getMilliseconds"))
        return f"{self.of('timestamp', depth, scope)}.{part}({self.pick(ZONES)})"

    def _joined(self, depth: int, scope: Scope) -> str:
        parts = [self.of("bool", depth, scope) for _ in range(self._random.choice((2, 2, 3)))]
        return f"({self.pick((' && ', ' || ')).join(parts)})"

    def _compared(self, depth: int, scope: Scope) -> str:
        kind = self.pick(TYPES)
        sign = self.pick(("==", "!=", "<", "<=", ">", ">="))
        return f"({self.of(kind, depth, scope)} {sign} {self.of(kind, depth, scope)})"

    def _mixed(self, depth: int, scope: Scope) -> str:
        sign = self.pick(("==", "!=", "<", "<=", ">", ">="))
        kinds = ("int", "uint", "double", *TYPES)
        one, two = self.of(self.pick(kinds), depth, scope), self.of(self.pick(kinds), depth, scope)
        return f"(dyn({one}) {sign} {two})"

    def _denied(self, depth: int, scope: Scope) -> str:
        return f"!({self.of('bool', depth, scope)})"

    def _has(self, depth: int, scope: Scope) -> str:
        name = self.pick(("i", "s", "z", "m", "a"))
        return f"has({self.of('map', depth, scope)}.{name})"

    def _within(self, depth: int, scope: Scope) -> str:
        return f"({self.any(depth, scope)} in {self.of(self.pick(('list', 'map')), depth, scope)})"

    def _text(self, depth: int, scope: Scope) -> str:
        function = self.pick(("startsWith", "endsWith", "contains"))
        text = self.of("string", depth, scope)
        return f"({text}).{function}({self.of('string', depth, scope)})"

    def _matched(self, depth: int, scope: Scope) -> str:
        pattern = self.pick(("'a.c'", "'^[a-z]+$'", "'é'", "''", "'.{2,3}'", "'('", "msg.s"))
        return f"({self.of('string', depth, scope)}).matches({pattern})"

    def _over(self, depth: int, scope: Scope) -> tuple[str, str, Scope]:
        name = self.pick(("x", "y", "k"))
        over = self.of(self.pick(("list", "list", "map")), depth, scope)
        return name, f"({over})", scope | {name: "dyn"}

    def _loop(self, depth: int, scope: Scope) -> str:
        name, over, inner = self._over(depth, scope)
        kind = self.pick(("all", "exists", "exists_one"))
        return f"{over}.{kind}({name}, {self.of('bool', depth, inner)})"

    def _mapped(self, depth: int, scope: Scope) -> str:
        """Over a list: maps have an order of their own in each implementation."""
        name, _, inner = self._over(depth, scope)
        over = self._listed(depth, scope) if self._random.random() < 0.3 else self._leaf("list", {})
        condition = self.of("bool", depth, inner)
        if self._random.random() < 0.4:
            return f"{over}.filter({name}, {condition})"
        result = self.any(depth, inner)
        if self._random.random() < 0.4:
            return f"{over}.map({name}, {condition}, {result})"
        return f"{over}.map({name}, {result})"

    def _concatenated(self, depth: int, scope: Scope) -> str:
        return f"({self.of('string', depth, scope)} + {self.of('string', depth, scope)})"

    def _appended(self, depth: int, scope: Scope) -> str:
        return f"({self.of('list', depth, scope)} + {self.of('list', depth, scope)})"

    def _listed(self, depth: int, scope: Scope) -> str:
        count = self._random.randrange(4)
        return f"[{', '.join(self.any(depth, scope) for _ in range(count))}]"

    def _entries(self, depth: int, scope: Scope) -> str:
        keys = self._random.sample(
            ["'a'", "'i'", "'s'", "string(msg.s)", self.pick(("1", "true"))], k=2
        )
        return f"{{{', '.join(f'{key}: {self.any(depth, scope)}' for key in keys)}}}"

    def _moved(self, depth: int, scope: Scope) -> str:
        if self._random.random() < 0.3:
            return f"timestamp({self.of(self.pick(('string', 'timestamp')), depth, scope)})"
        at, span = self.of("timestamp", depth, scope), self.of("duration", depth, scope)
        return f"({at} {self.pick(('+', '-'))} {span})"

    def _span(self, depth: int, scope: Scope) -> str:
        if self._random.random() < 0.3:
            return f"duration({self.of(self.pick(('string', 'duration')), depth, scope)})"
        kind = self.pick(("duration", "timestamp"))
        sign = "-" if kind == "timestamp" else self.pick(("+", "-"))
        return f"({self.of(kind, depth, scope)} {sign} {self.of(kind, depth, scope)})"

    def _type_of(self, depth: int, scope: Scope) -> str:
        return f"type({self.any(depth, scope)})"

    def _null(self, depth: int, scope: Scope) -> str:
        return "msg.n"


def document(random: Random) -> dict[str, Any]:
    """What JSON can say, most members of the type that their name tells."""
    ints = [0, 1, 2, -1, 7, 1 << 62, 9007199254740993]
    doubles = [0.0, 0.5, -1.5, 1.0, 1e18]
    texts = ["", "a", "abc", "é😀", "1", "-7", "2.5", "true", "2020-01-02T03:04:05Z", "5m"]
    found: dict[str, Any] = {
        "i": random.choice(ints),
        "j": random.choice(ints),
        "d": random.choice(doubles),
        "e": random.choice(doubles),
        "b": random.random() < 0.5,
        "s": random.choice(texts),
        "t": random.choice(texts),
        "n": None,
        "l": [random.choice(ints) for _ in range(random.randrange(4))],
        "ls": [random.choice(texts) for _ in range(random.randrange(4))],
        "lm": [{"i": random.choice(ints), "s": "a"} for _ in range(random.randrange(3))],
        "m": {"i": random.choice(ints), "s": random.choice(texts), "b": True, "d": 0.25},
    }
    for name in [name for name in found if random.random() < 0.08]:
        del found[name]
    for name in [name for name in found if random.random() < 0.05]:
        found[name] = random.choice([None, 1, 1.5, "abc", True, [1], {"i": 2}])
    return found
