"""From a predicate to one Python function.

A predicate has three outcomes and Python's `and` two, so each node is written twice: as an expression that holds when
the node is true, and as one that holds when it is false. Unknown is when neither does; Not swaps the two. So no third
value exists at run time, and everything short-circuits:

    node       true                    false
    x == 'a'   x == 'a'                x is not M and not x == 'a'
    a && b     true(a) and true(b)     false(a) or false(b)
    !a         false(a)                true(a)

A dialect whose unknown is no match runs `true(root)`; one whose unknown matches runs `not false(root)`.

The source holds no text of any user: names, literals and helpers are bound as globals (`n0`, `c0`, ...) of a function
that has no builtins. Filters of one shape therefore have one source, and its code is compiled once.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from dragoman.kernel.filters.conditions import compile_condition
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Field,
    Header,
    Holds,
    In,
    Item,
    Literal,
    Matches,
    Member,
    Not,
    Operand,
    Or,
    Predicate,
    Reckoned,
    Semantics,
    Some,
    Text,
    TextOp,
    Unknown,
    check,
    fields_of,
)
from dragoman.kernel.filters.patterns import whole
from dragoman.kernel.filters.reckoning import reckon
from dragoman.kernel.filters.text import to_text
from dragoman.kernel.filters.values import (
    MISSING,
    NUMBERS,
    at_most,
    equal,
    items_of,
    key_of,
    less,
    plain,
)
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed
from dragoman.ports.translator import FieldSource

SOURCE_CHARS_MAX: Final = 262_144  # NODES_MAX nodes of the longest kind, written twice
CODES_MAX: Final = 512  # shapes of filters whose code is kept

HELPERS: Final[dict[str, Any]] = {
    "__builtins__": {},
    "M": MISSING,
    "W": Typed,
    "N": NUMBERS,
    "S": str,
    "Y": bytes,
    "B": bool,
    "K": key_of,
    "EQ": equal,
    "LT": less,
    "LE": at_most,
    "L": items_of,
    "R": reckon,
    "any": any,
}
_FLIPPED: Final = {
    CompareOp.EQ: CompareOp.EQ,
    CompareOp.NE: CompareOp.NE,
    CompareOp.LT: CompareOp.GT,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.GE: CompareOp.LE,
}
_TEXT_METHODS: Final = {TextOp.PREFIX: "{0}.startswith({1})", TextOp.SUFFIX: "{0}.endswith({1})"}
_CONTAINS: Final = "{1} in {0}"
ITEM: Final = "item"


class CompiledFilter:
    """A filter ready to run, and what it needs to be told about a message.

    matches      whether the message passes; never raises on any message
    headers      names of the headers it reads; attributes: of the attributes; reads_body: whether the body is read
    """

    __slots__ = ("attributes", "headers", "matches", "predicate", "reads_body", "semantics")

    def __init__(
        self,
        predicate: Predicate,
        semantics: Semantics,
        matches: Callable[[FieldSource], bool],
        fields: list[Field],
    ) -> None:
        self.predicate = predicate
        self.semantics = semantics
        self.matches = matches
        self.headers = frozenset(field.name for field in fields if isinstance(field, Header))
        self.attributes = frozenset(field.name for field in fields if isinstance(field, Attribute))
        self.reads_body = any(isinstance(field, Member) for field in fields)

    @property
    def needs_headers(self) -> bool:
        """Whether headers have to be decoded at all."""
        return bool(self.headers)

    @property
    def needs_fields(self) -> bool:
        """Whether the outcome depends on the message."""
        return bool(self.headers or self.attributes or self.reads_body)

    def __repr__(self) -> str:
        return f"CompiledFilter({to_text(self.predicate)})"


PLAIN: Final = Semantics()


def compile_filter(predicate: Predicate, semantics: Semantics = PLAIN) -> CompiledFilter:
    """Raises InvalidArgument when the predicate passes a bound of `nodes`."""
    check(predicate)
    writer = _Writer()
    strict = semantics.unknown is Unknown.NO_MATCH
    outcome = writer.true(predicate) if strict else f"not {writer.false(predicate)}"
    source = "\n".join([*writer.loads(semantics), f"    return {outcome}", ""])
    if len(source) > SOURCE_CHARS_MAX:
        raise InvalidArgument("the filter is too large")
    exec(_code_of(source), writer.names)  # noqa: S102 - our own source; user text is bound, never written
    return CompiledFilter(predicate, semantics, writer.names["match"], list(fields_of(predicate)))


def compile_value(operand: Operand, semantics: Semantics = PLAIN) -> Callable[[FieldSource], Any]:
    """What an operand comes to for a message; MISSING where that is unknown."""
    writer = _Writer()
    outcome = writer.operand(operand)
    source = "\n".join([*writer.loads(semantics), f"    return {outcome}", ""])
    exec(_code_of(source), writer.names)  # noqa: S102 - as in `compile_filter`
    found: Callable[[FieldSource], Any] = writer.names["match"]
    return found


@lru_cache(maxsize=CODES_MAX)
def _code_of(source: str) -> CodeType:
    return compile(source, "<filter>", "exec")


class _Writer:
    """Writes a predicate's source and gathers what its names stand for."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = dict(HELPERS)
        self.fields: dict[Field, str] = {}
        self._constants_count = 0

    def true(self, node: Predicate) -> str:
        """An expression that holds when `node` is true."""
        match node:
            case And(parts):
                return self._joined(parts, " and ", self.true, "True")
            case Or(parts):
                return self._joined(parts, " or ", self.true, "False")
            case Not(part):
                return self.false(part)
            case Compare():
                return self._compare(node, wanted=True)
            case In(field):
                return self._in(node, field)
            case Text():
                return self._text(node, "")
            case Matches():
                return self._matches(node, "")
            case Exists(field):
                return f"({self._field(field)} is not M)"
            case Some():
                return self._some(node, "")
            case Holds(expression):
                test = self._constant(compile_condition(expression, exact=False))
                return f"({test}(source) is True)"

    def false(self, node: Predicate) -> str:
        """An expression that holds when `node` is false."""
        match node:
            case And(parts):
                return self._joined(parts, " or ", self.false, "False")
            case Or(parts):
                return self._joined(parts, " and ", self.false, "True")
            case Not(part):
                return self.true(part)
            case Compare():
                return self._compare(node, wanted=False)
            case In(field):
                return f"({self._field(field)} is not M and not {self._in(node, field)})"
            case Text():
                return self._text(node, "not ")
            case Matches():
                return self._matches(node, "not ")
            case Exists(field):
                return f"({self._field(field)} is M)"
            case Some():
                return self._some(node, "not ")
            case Holds(expression):
                test = self._constant(compile_condition(expression, exact=True))
                return f"({test}(source) is False)"

    def loads(self, semantics: Semantics) -> list[str]:
        """The function's head: every field it reads, once."""
        lines = ["def match(source):"]
        if any(isinstance(field, Header) for field in self.fields):
            lines.append("    get = source.headers.get")
        for field, local in self.fields.items():
            self.names["n" + local] = field.path if isinstance(field, Member) else field.name
            if isinstance(field, Header):
                lines.append(f"    {local} = get(n{local}, M)")
            elif isinstance(field, Member):
                lines.append(f"    {local} = source.member(n{local})")
            else:
                lines.append(f"    {local} = source.attribute(n{local})")
            if semantics.null_is_missing or not isinstance(field, Header):
                lines.append(f"    if {local} is None: {local} = M")
            lines.append(f"    if {local}.__class__ is W: {local} = {local}.value")
        return lines

    def _joined(
        self,
        parts: tuple[Predicate, ...],
        word: str,
        write: Callable[[Predicate], str],
        empty: str,
    ) -> str:
        if len(parts) == 1:
            return write(parts[0])
        return f"({word.join(map(write, parts))})" if parts else empty

    def _field(self, field: Field | Reckoned) -> str:
        if isinstance(field, Item):
            return ITEM
        if isinstance(field, Reckoned):
            left, right = self.operand(field.left), self.operand(field.right)
            return f"R({self._constant(field.sign)}, {left}, {right})"
        return self.fields.setdefault(field, f"f{len(self.fields)}")

    def _constant(self, value: Any) -> str:
        name = f"c{self._constants_count}"
        self._constants_count += 1
        self.names[name] = value
        return name

    def _compare(self, node: Compare, *, wanted: bool) -> str:
        op, left, right = node.op, node.left, node.right
        if isinstance(left, Literal) and not isinstance(right, Literal):
            op, left, right = _FLIPPED[op], right, left
        if op is CompareOp.NE:
            op, wanted = CompareOp.EQ, not wanted
        if isinstance(right, Literal) and not isinstance(left, Literal):
            return self._compare_literal(op, self._field(left), plain(right.value), wanted=wanted)
        return self._compare_any(op, self.operand(left), self.operand(right), wanted=wanted)

    def operand(self, operand: Operand) -> str:
        """An expression for its value; M where it has none."""
        if isinstance(operand, Literal):
            return self._constant(plain(operand.value))
        return self._field(operand)

    def _compare_any(self, op: CompareOp, left: str, right: str, *, wanted: bool) -> str:
        """The types are known at run time only."""
        if op in (CompareOp.GT, CompareOp.GE):
            left, right = right, left
        helper = {CompareOp.EQ: "EQ", CompareOp.LT: "LT", CompareOp.GT: "LT"}.get(op, "LE")
        return f"({helper}({left}, {right}) is {wanted})"

    def _compare_literal(self, op: CompareOp, local: str, value: Any, *, wanted: bool) -> str:
        """One type is known: the other is asked for by class, or Python's own equality is right as it is."""
        if op is CompareOp.EQ:
            test = self._equal_literal(local, value)
            return test if wanted else f"({local} is not M and not {test})"
        if value.__class__ is str or value.__class__ is bytes:
            of_family = f"{local}.__class__ is {'S' if value.__class__ is str else 'Y'}"
        elif value.__class__ is int or value.__class__ is float:
            of_family = f"{local}.__class__ in N"
        else:  # bool; Decimal, which does not stand being ordered with NaN; what has no order
            return self._compare_any(op, local, self._constant(value), wanted=wanted)
        negation = "" if wanted else "not "
        return f"({of_family} and {negation}{local} {op.value} {self._constant(value)})"

    def _equal_literal(self, local: str, value: Any) -> str:
        if value is None:
            return f"({local} is None)"
        if value.__class__ is bool:
            return f"({local} is {value})"
        if value.__class__ in (list, tuple, dict):
            return f"(K({local}) == {self._constant(key_of(value))})"
        test = f"{local} == {self._constant(value)}"
        if value.__class__ in (int, float, Decimal) and value in (0, 1):
            return f"({test} and {local}.__class__ is not B)"  # Python's True == 1
        return f"({test})"

    def _in(self, node: In, field: Field) -> str:
        local = self._field(field)
        keys = self._constant(frozenset(key_of(value.value) for value in node.values))
        if all(plain(value.value).__class__ is str for value in node.values):
            return f"({local}.__class__ is S and {_folded(local, node)} in {keys})"
        return f"(K({local}) in {keys})"

    def _text(self, node: Text, negation: str) -> str:
        local = self._field(node.field)
        family = "S" if isinstance(node.part, str) else "Y"
        test = _TEXT_METHODS.get(node.op, _CONTAINS).format(
            _folded(local, node), self._constant(node.part)
        )
        return f"({local}.__class__ is {family} and {negation}{test})"

    def _matches(self, node: Matches, negation: str) -> str:
        local = self._field(node.field)
        test = f"{self._constant(whole(node.pattern))}({local})"
        return f"({local}.__class__ is S and {negation}{test})"

    def _some(self, node: Some, negation: str) -> str:
        local = self._field(node.field)
        each = f"any({self.true(node.part)} for {ITEM} in L({local}))"
        return f"({local} is not M and {negation}{each})"


def _folded(local: str, node: In | Text) -> str:
    return f"{local}.lower()" if node.folded else local
