"""Writes an expression as Python's statements.

Each node becomes statements that leave its value in a local, so that errors are exceptions where they arise and `&&`,
`||` and the loops absorb those of their parts:

    a && b      error = None
                try: t = a
                except Exception as x: error, t = x, True
                if t: t = b
                if t and error is not None: raise error

What is known of types is made use of: `msg.n > 5` asks for the class and compares; what is not known calls a helper of
`evaluation`. `conditions` makes functions of the statements.

As with `compiler`, no text of any user gets into the source: names and literals are bound as globals.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from dragoman.kernel.filters import evaluation as ev
from dragoman.kernel.filters.conversions import CONVERSIONS
from dragoman.kernel.filters.expressions import (
    DOUBLE,
    INT,
    NUMERIC,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Constant,
    Deny,
    Expression,
    Has,
    Known,
    ListOf,
    Loop,
    LoopKind,
    MapOf,
    Name,
    Select,
    UInt,
    terms_of,
)
from dragoman.kernel.filters.message import HELPERS as MESSAGE_HELPERS
from dragoman.kernel.filters.message import TIMES, is_name_of
from dragoman.kernel.filters.output import bounded
from dragoman.kernel.filters.patterns import anywhere
from dragoman.model.errors import InvalidArgument

BLOCKS_MAX: Final = 16  # tries and loops inside each other: Python has 20
HELPERS: Final[dict[str, Any]] = {
    "__builtins__": {},
    **MESSAGE_HELPERS,
    "Budget": ev.Budget,
    "OutOfBudget": ev.OutOfBudget,
    "Exception": Exception,
    "ANY_ERROR": (Exception, ev.OutOfBudget),
    "spent": ev.spent,
    "N": ev.NUMBERS,
    "S": str,
    "B": bool,
    "F": float,
    "D": dict,
    "L": list,
    "len": len,
    "bounded": bounded,
    "no": ev.no_overload,
    "failed": ev.failed,
    "boolean": ev.boolean,
    "items": ev.items,
    "has": ev.has,
    "size": ev.size,
    "new_key": ev.new_key,
    "subtract": ev.subtract,
    "multiply": ev.multiply,
    "divide": ev.divide,
    "remainder": ev.remainder,
    "negate": ev.negate,
    "deny": ev.deny,
    "INT_MIN": ev.INT_MIN,
    "INT_MAX": ev.INT_MAX,
    "OVERFLOW": "integer overflow",
    "TWICE": "a key twice in a map",
}
_FLIPPED: Final = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
_ARITHMETIC: Final = {
    "_-_": "subtract",
    "_*_": "multiply",
    "_/_": "divide",
    "_%_": "remainder",
}
_BOUNDED: Final = frozenset({"int", "uint", "double", "bool", "timestamp", "duration"})
"""Conversions that read no long texts."""
_FAMILIES: Final[dict[type, str]] = {str: "is S", int: "in N", UInt: "in N", float: "in N"}
_SIMPLE_TYPES: Final = frozenset({*NUMERIC, "bool", "timestamp", "duration"})


class Writer:
    """Writes statements, and gathers what their names stand for."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = dict(HELPERS)
        self.lines: list[str] = []
        self._indent = ""
        self._blocks = 1
        self._loops = 0
        self._locals = 0
        self._uses: dict[str, str] = {}  # what is loaded once, and how
        self._scope: dict[str, str] = {}

    def head(self) -> list[str]:
        """What is loaded before all else."""
        return list(self._uses.values())

    def write(self, line: str) -> None:
        """A statement."""
        self.lines.append(self._indent + line)

    def _local(self) -> str:
        self._locals += 1
        return f"t{self._locals}"

    def _set(self, value: str) -> str:
        """A local that holds it."""
        name = self._local()
        self.write(f"{name} = {value}")
        return name

    def _bind(self, value: Any) -> str:
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def _budget(self) -> str:
        self._uses["budget"] = "b = Budget()"
        return "b"

    def _block(self, opening: str, write: Callable[[], None], *, counts: bool = False) -> None:
        """Statements under one that opens a block. Raises InvalidArgument past BLOCKS_MAX."""
        self.write(opening)
        self._blocks += counts
        if self._blocks > BLOCKS_MAX:
            raise InvalidArgument(f"CEL: more than {BLOCKS_MAX} conditions and loops in each other")
        before, self._indent = self._indent, self._indent + "  "
        write()
        self._indent = before
        self._blocks -= counts

    # values

    def value(self, node: Expression) -> str:
        """What holds the value once the statements written so far are done."""
        return self._WRITERS[type(node)](self, node)

    def condition(self, node: Expression) -> str:
        """The same, and a truth value."""
        found = self.value(node)
        if node.type.name == "bool":
            return found
        return self._set(f"{found} if {found} is True or {found} is False else boolean({found})")

    def _constant(self, node: Constant) -> str:
        value = node.value
        if value is None or value is True or value is False:
            return str(value)
        return self._bind(value)

    def _name(self, node: Name) -> str:
        if node.is_local:
            return self._scope[node.name]
        if node.name == "msg":
            self._uses["msg"] = "msg = source.member(NO_PATH)"
        elif node.name == "raw":
            self._uses["raw"] = "raw = source.attribute(BODY)"
        else:
            assert node.name == "h", "`m` has members only"
            self._uses["h"] = "h = all_headers(source.headers)"
        return node.name

    def _header(self, name: str) -> str:
        self._uses["get"] = "get = source.headers.get"
        return f"get({self._bind(name)}, M)"

    def _select(self, node: Select) -> str:
        if is_name_of(node.of, "h"):
            found = self._set(self._header(node.name))
            self.write(f"if {found}.__class__ in ODD: {found} = plain_value({found})")
            return found
        if is_name_of(node.of, "m"):
            found = self._set(f"source.attribute({self._bind(node.name)})")
            self.write(f"{found} = {'instant' if node.name in TIMES else 'present'}({found})")
            return found
        return self._set(f"{self.value(node.of)}[{self._bind(node.name)}]")

    def _has(self, node: Has) -> str:
        if is_name_of(node.of, "h"):
            return self._set(f"{self._header(node.name)} is not M")
        if is_name_of(node.of, "m"):
            return self._set(f"source.attribute({self._bind(node.name)}) is not None")
        name, of = self._bind(node.name), self.value(node.of)
        return self._set(f"{name} in {of} if {of}.__class__ is D else has({of}, {name})")

    def _known(self, node: Known) -> str:
        found = self._local()
        self._tried(lambda: self.write(f"{found} = {self.value(node.of)} is not None"))
        self.write(f"except Exception: {found} = False{self._spent()}")
        return found

    def _tried(self, write: Callable[[], None]) -> None:
        self._block("try:", write, counts=True)

    def _choice(self, node: Choice) -> str:
        found = self._local()
        self._block(
            f"if {self.condition(node.condition)}:",
            lambda: self.write(f"{found} = {self.value(node.then)}"),
        )
        self._block("else:", lambda: self.write(f"{found} = {self.value(node.otherwise)}"))
        return found

    def _deny(self, node: Deny) -> str:
        return self._set(f"not {self.condition(node.part)}")

    def _list(self, node: ListOf) -> str:
        return self._set(f"[{', '.join([self.value(each) for each in node.items])}]")

    def _joined(self, node: AllOf | AnyOf) -> str:
        """`&&` and `||`, see above. The last part may raise: nothing comes that could make up for it."""
        parts, is_all = node.parts, isinstance(node, AllOf)
        found, error = self._local(), self._local()
        goes_on = found if is_all else f"not {found}"
        may_fail = not all(map(_is_safe, parts[:-1]))
        self.write(f"{found} = {is_all}{f'; {error} = None' if may_fail else ''}")
        for part in parts[:-1]:
            write = partial(self._absorbing, part, found, error, is_all)
            self._block(f"if {goes_on}:", write)
        self._block(f"if {goes_on}:", partial(self._hold, found, parts[-1]))
        if may_fail:
            self.write(f"if {error} is not None and {goes_on}: raise {error}")
        return found

    def _hold(self, found: str, part: Expression) -> None:
        self.write(f"{found} = {self.condition(part)}")

    def _spent(self) -> str:
        """In a loop, which asks for what is left in each turn."""
        return f"; b.left -= {ev.ERROR_STEPS}" if self._loops else ""

    def _absorbing(self, part: Expression, found: str, error: str, is_all: bool) -> None:
        if _is_safe(part):
            self._hold(found, part)
            return
        self._tried(partial(self._hold, found, part))
        self.write(f"except Exception as x: {error} = x; {found} = {is_all}{self._spent()}")

    # functions

    def _call(self, node: Call) -> str:
        special = self._CALLS.get(node.function)
        if special is not None:
            return special(self, node)
        values = [self.value(each) for each in node.operands]
        if node.function == "dyn":
            return values[0]
        if node.function == "-_":
            return self._set(f"negate({values[0]})")
        if node.function == "size":
            known = node.operands[0].type.name in {"string", "bytes", "list", "map"}
            return self._set(f"{'len' if known else 'size'}({values[0]})")
        called, inside = self._bind(CONVERSIONS[node.function]), ", ".join(values)
        if node.function in _BOUNDED:
            self.write(f"{self._budget()}.left -= {_steps(node)}")
            return self._set(f"{called}({inside})")
        return self._set(f"{self._budget()}.call({_steps(node)}, {called}, {inside})")

    def _text(self, node: Call) -> str:
        function, part = node.function, node.operands[1]
        text, said = map(self.value, node.operands)
        helper = f"{self._budget()}.text_operator({self._bind(function)}, {text}, {said})"
        if isinstance(part, Constant) and part.type.name == "string" and function != "contains":
            method = function.lower()
            return self._set(f"{text}.{method}({said}) if {text}.__class__ is S else {helper}")
        return self._set(helper)

    def _compared(self, node: Call) -> str:
        found = self._equal(*node.operands)
        return found if node.function == "_==_" else self._set(f"not {found}")

    def _equal(self, left: Expression, right: Expression) -> str:
        if isinstance(left, Constant):
            left, right = right, left
        found = self.value(left)
        if isinstance(right, Constant) and _is_plain(right.value):
            return self._set(_literal_test(found, right.value, self.value(right)))
        other = self.value(right)
        if left.type == right.type and left.type.name in _SIMPLE_TYPES:
            return self._set(f"{found} == {other}")
        return self._set(f"{self._budget()}.equal({found}, {other})")

    def _ordered(self, node: Call) -> str:
        function, (left, right) = node.function, node.operands
        if isinstance(left, Constant):
            left, right, function = right, left, _FLIPPED[function]
        sign = function[1:-1]
        found, other = self.value(left), self.value(right)
        if left.type == right.type and left.type.name in _SIMPLE_TYPES:
            if sign.startswith(">"):
                found, other, sign = other, found, "<" + sign[1:]
            return self._set(f"{found} {sign} {other}")
        if isinstance(right, Constant) and _is_plain(right.value):
            family = _FAMILIES.get(right.value.__class__)
            if family is not None:
                refused = f"no({self._bind(sign)}, {found}, {other})"
                return self._set(
                    f"{found} {sign} {other} if {found}.__class__ {family} else {refused}"
                )
        if sign.startswith(">"):
            found, other = other, found
        helper = "at_most" if sign.endswith("=") else "less"
        return self._set(f"{self._budget()}.{helper}({found}, {other})")

    def _arithmetic(self, node: Call) -> str:
        left, right = node.operands
        one, other = self.value(left), self.value(right)
        if left.type == right.type == INT and node.function in {"_+_", "_-_", "_*_"}:
            found = self._set(f"{one} {node.function[1]} {other}")
            self.write(f"if not INT_MIN <= {found} <= INT_MAX: failed(OVERFLOW)")
            return found
        if left.type == right.type == DOUBLE and node.function in {"_+_", "_-_", "_*_"}:
            return self._set(f"{one} {node.function[1]} {other}")
        if node.function == "_+_":
            return self._set(f"{self._budget()}.add({one}, {other})")
        helper = f"{_ARITHMETIC[node.function]}({one}, {other})"
        if node.function == "_*_":
            both = f"{one}.__class__ is F and {other}.__class__ is F"
            return self._set(f"{one} * {other} if {both} else {helper}")
        return self._set(helper)

    def _in(self, node: Call) -> str:
        item, within = node.operands
        if is_name_of(within, "h") and isinstance(item, Constant) and isinstance(item.value, str):
            return self._set(f"{self._header(item.value)} is not M")
        found = self.value(item)
        if isinstance(within, Constant) and all(each.__class__ is str for each in within.value):
            return self._set(
                f"{found}.__class__ is S and {found} in {self._bind(frozenset(within.value))}"
            )
        return self._set(f"{self._budget()}.contains({found}, {self.value(within)})")

    def _index(self, node: Call) -> str:
        of, key = node.operands
        found = self.value(of)
        if isinstance(key, Constant) and key.value.__class__ is int and key.value >= 0:
            number = self._bind(key.value)
            helper = f"{self._budget()}.index({found}, {number})"
            return self._set(f"{found}[{number}] if {found}.__class__ is L else {helper}")
        return self._set(f"{self._budget()}.index({found}, {self.value(key)})")

    def _matches(self, node: Call) -> str:
        text, pattern = node.operands
        found = self.value(text)
        if isinstance(pattern, Constant):
            return self._set(
                f"{self._budget()}.matches({found}, {self._bind(anywhere(pattern.value))})"
            )
        return self._set(f"{self._budget()}.matches_new({found}, {self.value(pattern)})")

    # maps and loops

    def _map(self, node: MapOf) -> str:
        keys = [key.value for key, _ in node.entries if isinstance(key, Constant)]
        if len({key for key in keys if isinstance(key, str)}) == len(node.entries):
            values = [self.value(value) for _, value in node.entries]
            inside = (
                f"{self._bind(key)}: {value}" for key, value in zip(keys, values, strict=True)
            )
            return self._set(f"{{{', '.join(inside)}}}")
        found = self._set("{}")
        for key, value in node.entries:
            made = self._set(f"new_key({self.value(key)})")
            self.write(f"if {made} in {found}: failed(TWICE)")
            self.write(f"{found}[{made}] = {self.value(value)}")
        return found

    def _loop(self, node: Loop) -> str:
        over = self._set(f"items({self.value(node.over)})")
        found, error = self._local(), self._local()
        start = {LoopKind.ALL: "True", LoopKind.EXISTS: "False", LoopKind.EXISTS_ONE: "0"}
        self.write(f"{found} = {start.get(node.kind, '[]')}; {error} = None")
        variable = self._local()
        hidden = self._scope.get(node.variable)
        self._scope[node.variable] = variable

        def turn() -> None:
            self.write(f"{self._budget()}.left -= {1 + terms_of(node) // ev.TERMS_PER_STEP}")
            self.write("if b.left < 0: spent()")
            if node.kind in {LoopKind.ALL, LoopKind.EXISTS}:
                self._quantified(node, found, error)
            else:
                self._gathered(node, found, variable)

        self._loops += 1
        self._block(f"for {variable} in {over}:", turn, counts=True)
        self._loops -= 1
        if hidden is None:
            del self._scope[node.variable]
        else:
            self._scope[node.variable] = hidden
        if node.kind is LoopKind.EXISTS_ONE:
            return self._set(f"{found} == 1")
        if node.kind in {LoopKind.ALL, LoopKind.EXISTS}:
            undecided = found if node.kind is LoopKind.ALL else f"not {found}"
            self.write(f"if {error} is not None and {undecided}: raise {error}")
        return found

    def _quantified(self, node: Loop, found: str, error: str) -> None:
        assert node.condition is not None
        condition, held = node.condition, self._local()
        self._tried(lambda: self.write(f"{held} = {self.condition(condition)}"))
        self.write(f"except Exception as x: {error} = x{self._spent()}; continue")
        if node.kind is LoopKind.ALL:
            self.write(f"if not {held}: {found} = False; break")
        else:
            self.write(f"if {held}: {found} = True; break")

    def _gathered(self, node: Loop, found: str, variable: str) -> None:
        if node.condition is not None:
            self.write(f"if not {self.condition(node.condition)}: continue")
        if node.kind is LoopKind.EXISTS_ONE:
            self.write(f"{found} += 1")
        else:
            result = variable if node.result is None else self.value(node.result)
            self.write(f"{found}.append({result})")

    _CALLS: ClassVar[dict[str, Callable[[Any, Call], str]]] = {
        "_==_": _compared,
        "_!=_": _compared,
        **dict.fromkeys(_FLIPPED, _ordered),
        **dict.fromkeys(("_+_", *_ARITHMETIC), _arithmetic),
        **dict.fromkeys(("startsWith", "endsWith", "contains"), _text),
        "@in": _in,
        "_[_]": _index,
        "matches": _matches,
    }
    _WRITERS: ClassVar[dict[type, Callable[[Any, Any], str]]] = {
        Constant: _constant,
        Name: _name,
        Select: _select,
        Has: _has,
        Known: _known,
        Call: _call,
        Choice: _choice,
        AllOf: _joined,
        AnyOf: _joined,
        Deny: _deny,
        ListOf: _list,
        MapOf: _map,
        Loop: _loop,
    }


def _steps(node: Call) -> int:
    kinds = {node.type.name, *(each.type.name for each in node.operands)}
    if len(node.operands) > 1 and not isinstance(node.operands[1], Constant):
        return ev.ZONE_STEPS
    return ev.TIME_STEPS if kinds & {"timestamp", "duration", "dyn"} else ev.CALL_STEPS


def _is_plain(value: Any) -> bool:
    """Whether Python's own comparison with it is CEL's, asked with care."""
    kind = value.__class__
    if kind is int or kind is UInt or kind is float:
        return bool(-ev.EXACT_MAX < value < ev.EXACT_MAX)
    return value is None or kind is bool or kind is str or kind is bytes


def _literal_test(found: str, value: Any, bound: str) -> str:
    if value is None or value.__class__ is bool:
        return f"{found} is {value}"
    if value.__class__ in (int, UInt, float) and value in (0, 1):
        return f"({found} == {bound} and {found}.__class__ is not B)"  # Python's True == 1
    return f"{found} == {bound}"


def _is_safe(node: Expression) -> bool:
    """Whether no message makes an error of it."""
    match node:
        case Constant(value=value):
            return value is True or value is False
        case Known():
            return True
        case Has(of=of):
            return is_name_of(of, "h") or is_name_of(of, "m")
        case Deny(part=part):
            return _is_safe(part)
        case _:
            return False
