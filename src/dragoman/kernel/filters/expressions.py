"""An expression as data: what a rule reckons, typed as far as can be known before there is a message.

    Constant   a value of the text                      Name      `msg`, `raw`, `h`, `m`, or a loop's variable
    Select     of.name                                  Has       whether of.name is there
    Call       a function or an operator, its operands  Choice    condition ? then : otherwise
    AllOf, Any   && and ||: any number of parts           Deny      !
    ListOf     [a, b]                                   MapOf     {k: v}
    Loop       all, exists, exists_one, map, filter     Known     whether something can be told, and is not null

`nodes.Holds` makes a condition of one. What values are is CEL's:

    type        Python            type       Python                   type        Python
    int         int               string     str                      timestamp   times.Timestamp
    uint        UInt              bytes      bytes                    duration    times.Duration
    double      float             list       list, tuple              type        TypeValue
    bool        bool              map        dict, keys as `map_key`  null_type   None

What cannot be told is an error: an exception where it is reckoned, unknown where it is a condition.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class UInt(int):
    """A number without sign, which CEL tells from one with."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: what `type(x)` is."""

    name: str


@dataclass(frozen=True, slots=True)
class Type:
    """The type of an expression: `dyn` is not known, and `of` what is inside of lists and maps."""

    name: str
    of: tuple["Type", ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.of))})" if self.of else self.name


DYN: Final = Type("dyn")
NULL: Final = Type("null_type")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
TIMESTAMP: Final = Type("timestamp")
DURATION: Final = Type("duration")
TYPE: Final = Type("type")
LIST: Final = Type("list", (DYN,))
MAP: Final = Type("map", (DYN, DYN))
NUMERIC: Final = frozenset({"int", "uint", "double"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    at: int = field(default=0, compare=False)  # where in the text
    type: Type = DYN


@dataclass(frozen=True, slots=True)
class Constant(_Node):
    """A value that the text says."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(_Node):
    """What a message offers, or a variable of a loop. `is_local` tells which."""

    name: str
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Select(_Node):
    """A member of a map."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Has(_Node):
    """Whether a map has the member."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Known(_Node):
    """True where the expression can be told and is not null; else false, never an error."""

    of: "Expression"


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function by name; operators as CEL's abstract syntax calls them: `_+_`, `@in`, `_[_]`."""

    function: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Choice(_Node):
    """One of two."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf(_Node):
    """False if any part is, whatever the errors of others; else an error if any is one."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf(_Node):
    """True if any part is, whatever the errors of others; else an error if any is one."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Deny(_Node):
    """The other truth value."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class ListOf(_Node):
    """A list."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MapOf(_Node):
    """A map."""

    entries: tuple[tuple["Expression", "Expression"], ...]


class LoopKind(StrEnum):
    """What becomes of the items."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    MAP = "map"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Loop(_Node):
    """Over the items of a list or the keys of a map. `condition` is the test, of `map` the one that may be left out;
    `result` is `map`'s.
    """

    kind: LoopKind
    variable: str
    over: "Expression"
    condition: "Expression | None"
    result: "Expression | None" = None


Expression = (
    Constant
    | Name
    | Select
    | Has
    | Known
    | Call
    | Choice
    | AllOf
    | AnyOf
    | Deny
    | ListOf
    | MapOf
    | Loop
)


def inside(node: Expression) -> tuple[Expression, ...]:
    """The expressions that stand directly in it."""
    match node:
        case Constant() | Name():
            return ()
        case Select(of=of) | Has(of=of) | Known(of=of):
            return (of,)
        case Call(operands=parts) | AllOf(parts=parts) | AnyOf(parts=parts) | ListOf(items=parts):
            return parts
        case Choice():
            return (node.condition, node.then, node.otherwise)
        case Deny(part=part):
            return (part,)
        case MapOf(entries=entries):
            return tuple(each for entry in entries for each in entry)
        case Loop():
            found = (node.over, node.condition, node.result)
            return tuple(each for each in found if each is not None)


def terms_of(node: Expression) -> int:
    """How many expressions it is made of."""
    return 1 + sum(map(terms_of, inside(node)))


def reads(node: Expression) -> set[tuple[str, str]]:
    """What of a message it reads: (`h` or `m`, name), ("msg", ""), ("raw", ""), and ("h", "") for all headers."""
    match node:
        case Select(of=Name(name="h" | "m" as of, is_local=False), name=name):
            return {(of, name)}
        case Has(of=Name(name="h" | "m" as of, is_local=False), name=name):
            return {(of, name)}
        case Call(
            function="@in", operands=(Constant(value=str() as name), Name(name="h", is_local=False))
        ):
            return {("h", name)}
        case Name(name=name, is_local=False):
            return {(name, "")}
        case _:
            pass
    found: set[tuple[str, str]] = set()
    for each in inside(node):
        found |= reads(each)
    return found
