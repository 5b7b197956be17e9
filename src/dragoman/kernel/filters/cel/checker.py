"""From CEL's syntax to a typed expression: names are looked up, macros opened, operands judged as far as their types
are known. Whatever could only be an error is refused, with where it stands.

    has(a.b)        known(a)        x.all(v, p)  x.exists(v, p)  x.exists_one(v, p)  x.filter(v, p)  x.map(v, [p,] r)

Ours are `known(a)`, whether `a` can be told and is not null, `x.lower()` of all letters, and `reckon(a, "+", b)`, the
arithmetic of SQL (see `reckoning`); `lowerAscii` and `upperAscii` are others' extensions, too.
"""

from collections.abc import Callable
from typing import Any, Final

from dragoman.kernel.filters.cel import syntax
from dragoman.kernel.filters.cel.functions import (
    FOLDED,
    FUNCTIONS,
    METHODS,
    OPERATORS,
    agree,
    fits,
    joined,
    resolve,
)
from dragoman.kernel.filters.cel.parser import parse
from dragoman.kernel.filters.conversions import CONVERSIONS
from dragoman.kernel.filters.evaluation import TYPE_NAMES, EvaluationError
from dragoman.kernel.filters.expressions import (
    BOOL,
    DYN,
    NULL,
    STRING,
    TYPE,
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
    Type,
    TypeValue,
)
from dragoman.kernel.filters.message import EVENT, MEMBERS, VARIABLES
from dragoman.kernel.filters.patterns import anywhere
from dragoman.kernel.filters.times import TIMESTAMP_PARTS, read_zone
from dragoman.model.errors import InvalidArgument

KEY_TYPES: Final = frozenset({"int", "uint", "bool", "string", "dyn"})
MACROS: Final = {each.value: each for each in LoopKind}


def expression_of(text: str) -> Expression:
    """Raises InvalidArgument, which says where and why."""
    return _Checker(text).check(parse(text))


class _Checker:
    def __init__(self, text: str) -> None:
        self._text = text
        self._scope: dict[str, Type] = {}

    def _wrong(self, node: syntax.Node, said: str) -> InvalidArgument:
        return syntax.wrong(self._text, node.at, said)

    def check(self, node: syntax.Node) -> Expression:
        """Raises InvalidArgument."""
        match node:
            case syntax.Literal(at, kind, value):
                return Constant(at=at, type=Type(kind.value), value=value)
            case syntax.Identifier():
                return self._identifier(node)
            case syntax.Member():
                return self._member(node)
            case syntax.Items(at, items):
                return self._list(at, [self.check(each) for each in items])
            case syntax.Entries():
                return self._map(node)
            case syntax.Call(_, "_&&_" | "_||_"):
                return self._joined(node)
            case syntax.Call(_, "_?_:_"):
                return self._choice(node)
            case syntax.Call(_, "has" | "known", (of,), None):
                return self._asked(node, of)
            case syntax.Call(_, name, _, target) if target is not None and name in MACROS:
                return self._loop(node, target)
            case syntax.Call():
                return self._call(node)

    # names

    def _identifier(self, node: syntax.Identifier) -> Expression:
        name = node.name
        if name in self._scope:
            return Name(at=node.at, type=self._scope[name], name=name, is_local=True)
        if name in VARIABLES:
            if name == "m":
                raise self._wrong(node, "m is asked for its members, as m.subject")
            return Name(at=node.at, type=VARIABLES[name], name=name)
        if name in TYPE_NAMES:
            return Constant(at=node.at, type=TYPE, value=TypeValue(name))
        raise self._wrong(node, f"{name} is neither msg, raw, h, m nor a loop's variable")

    def _member(self, node: syntax.Member) -> Expression:
        qualified = _dotted(node)
        if qualified in TYPE_NAMES:
            return Constant(at=node.at, type=TYPE, value=TypeValue(qualified))
        return self._selected(node, node.of, node.name)

    def _selected(self, node: syntax.Node, of_node: syntax.Node, name: str) -> Expression:
        of, kind = self._of(node, of_node, name)
        return Select(at=node.at, type=kind, of=of, name=name)

    def _of(self, node: syntax.Node, of_node: syntax.Node, name: str) -> tuple[Expression, Type]:
        """What is asked for a member, and the member's type."""
        if of_node == syntax.Identifier(of_node.at, "m") and "m" not in self._scope:
            if name not in MEMBERS and not name.startswith(EVENT):
                raise self._wrong(node, f"m has no {name}, but {', '.join(sorted(MEMBERS))}")
            return Name(at=of_node.at, name="m"), MEMBERS.get(name, DYN)
        of = self.check(of_node)
        if of.type != DYN and of.type.name != "map":
            raise self._wrong(node, f"{of.type} has no members")
        return of, of.type.of[1] if of.type.of else DYN

    @staticmethod
    def _key_fits(of: Type, key: Type) -> bool:
        return of.name != "map" or not of.of or agree(of.of[0], key)

    def _asked(self, node: syntax.Call, of: syntax.Node) -> Expression:
        if node.name == "known":
            return Known(at=node.at, type=BOOL, of=self.check(of))
        if isinstance(of, syntax.Call) and of.name == "_[_]" and _is_text(of.operands[1]):
            name = of.operands[1]
            assert isinstance(name, syntax.Literal)
            if of.operands[0] == syntax.Identifier(of.operands[0].at, "m"):
                found, _ = self._of(of, of.operands[0], name.value)
                return Has(at=node.at, type=BOOL, of=found, name=name.value)
        if not isinstance(of, syntax.Member):
            raise self._wrong(of, "has() is asked of a member, as has(a.b)")
        found, _ = self._of(of, of.of, of.name)
        return Has(at=node.at, type=BOOL, of=found, name=of.name)

    # lists and maps

    def _list(self, at: int, items: list[Expression]) -> Expression:
        kind = Type("list", (joined([each.type for each in items]),))
        values = tuple(each.value for each in items if isinstance(each, Constant))
        if items and len(values) == len(items):
            return Constant(at=at, type=kind, value=list(values))
        return ListOf(at=at, type=kind, items=tuple(items))

    def _map(self, node: syntax.Entries) -> Expression:
        entries = tuple((self.check(key), self.check(value)) for key, value in node.entries)
        seen: set[tuple[str, object]] = set()
        for key, _ in entries:
            if key.type.name not in KEY_TYPES:
                raise syntax.wrong(self._text, key.at, f"no key of a map is a {key.type}")
            if isinstance(key, Constant):
                if (key.type.name, key.value) in seen:
                    raise syntax.wrong(self._text, key.at, "a key twice in a map")
                seen.add((key.type.name, key.value))
        keys = joined([key.type for key, _ in entries])
        values = joined([value.type for _, value in entries])
        return MapOf(at=node.at, type=Type("map", (keys, values)), entries=entries)

    # conditions

    def _condition(self, node: syntax.Node, where: str) -> Expression:
        found = self.check(node)
        if not fits(found.type, BOOL):
            raise self._wrong(node, f"{where} wants a bool, not {found.type}")
        return found

    def _joined(self, node: syntax.Call) -> Expression:
        sign = node.name.strip("_")
        kind = AllOf if sign == "&&" else AnyOf
        parts: list[Expression] = []
        for each in node.operands:
            found = self._condition(each, sign)
            parts.extend(found.parts if isinstance(found, kind) else (found,))
        return kind(at=node.at, type=BOOL, parts=tuple(parts))

    def _choice(self, node: syntax.Call) -> Expression:
        condition = self._condition(node.operands[0], "?")
        then, otherwise = map(self.check, node.operands[1:])
        if not fits(then.type, otherwise.type) and NULL not in {then.type, otherwise.type}:
            raise self._wrong(
                node, f"one of {then.type} and {otherwise.type}: dyn() around one allows it"
            )
        kind = joined([then.type, otherwise.type])
        return Choice(at=node.at, type=kind, condition=condition, then=then, otherwise=otherwise)

    # loops

    def _loop(self, node: syntax.Call, target: syntax.Node) -> Expression:
        kind, operands = MACROS[node.name], node.operands
        if len(operands) != 2 and not (kind is LoopKind.MAP and len(operands) == 3):
            raise self._wrong(node, f"{node.name}(v, ...) has another number of operands")
        variable = operands[0]
        if not isinstance(variable, syntax.Identifier):
            raise self._wrong(variable, f"{node.name}'s first operand is the name of a variable")
        over = self.check(target)
        if over.type.name not in {"list", "map", "dyn"}:
            raise self._wrong(node, f"a loop is over a list or a map, not {over.type}")
        before = dict(self._scope)
        self._scope[variable.name] = over.type.of[0] if over.type.of else DYN
        item = self._scope[variable.name]
        condition = result = None
        if kind is not LoopKind.MAP or len(operands) == 3:
            condition = self._condition(operands[1], node.name)
        if kind is LoopKind.MAP:
            result = self.check(operands[-1])
        self._scope = before
        types = {LoopKind.EXISTS: BOOL, LoopKind.ALL: BOOL, LoopKind.EXISTS_ONE: BOOL}
        made = types.get(kind) or Type("list", (item if result is None else result.type,))
        return Loop(
            at=node.at,
            type=made,
            kind=kind,
            variable=variable.name,
            over=over,
            condition=condition,
            result=result,
        )

    # functions and operators

    def _call(self, node: syntax.Call) -> Expression:
        if node.name == "!_":
            return Deny(at=node.at, type=BOOL, part=self._condition(node.operands[0], "!"))
        if (
            node.name == "_[_]"
            and _is_text(node.operands[1])
            and _is_m(node.operands[0], self._scope)
        ):
            name = node.operands[1]
            assert isinstance(name, syntax.Literal)
            return self._selected(node, node.operands[0], name.value)
        known = FUNCTIONS | OPERATORS if node.target is None else METHODS
        given = node.operands if node.target is None else (node.target, *node.operands)
        if node.name not in known and node.name not in {"_==_", "_!=_"}:
            raise self._wrong(node, f"there is no function {node.name}")
        operands = tuple(self.check(each) for each in given)
        kind = self._kind(node, known, operands)
        if node.name == "_[_]" and isinstance(operands[1], Constant) and operands[1].type == STRING:
            return Select(at=node.at, type=kind, of=operands[0], name=operands[1].value)
        return self._folded(
            node, Call(at=node.at, type=kind, function=node.name, operands=operands)
        )

    def _kind(
        self, node: syntax.Call, known: dict[str, str], operands: tuple[Expression, ...]
    ) -> Type:
        types = [each.type for each in operands]
        name = node.name
        found: Type | None = BOOL
        if name in known:
            found = resolve(known[name], types)
        elif not agree(*types):
            found = None
        if name == "@in" and not _may_be_in(*types):
            found = None
        if name == "_[_]" and not self._key_fits(types[0], types[1]):
            found = None
        if found is None:
            said = ", ".join(map(str, types))
            raise self._wrong(node, f"no {name.strip('_@')} for ({said})")
        return found

    def _folded(self, node: syntax.Call, call: Call) -> Expression:
        first, last = call.operands[0], call.operands[-1]
        if isinstance(last, Constant) and len(call.operands) == 2:
            if call.function == "matches":
                self._checked(node, anywhere, last.value)
            elif call.function in TIMESTAMP_PARTS:
                self._checked(node, read_zone, last.value)
        if call.function not in FOLDED or not isinstance(first, Constant):
            return call
        value = self._checked(node, CONVERSIONS[call.function], first.value)
        return Constant(at=call.at, type=call.type, value=value)

    def _checked(self, node: syntax.Call, read: Callable[[Any], Any], value: object) -> Any:
        """What is read of a constant. Raises InvalidArgument."""
        try:
            return read(value)
        except (EvaluationError, InvalidArgument, ValueError) as error:
            raise self._wrong(node, str(error)) from None


def _dotted(node: syntax.Node) -> str:
    match node:
        case syntax.Identifier(_, name):
            return name
        case syntax.Member(_, of, name):
            inside = _dotted(of)
            return f"{inside}.{name}" if inside else ""
        case _:
            return ""


def _is_text(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Literal) and isinstance(node.value, str)


def _is_m(node: syntax.Node, scope: dict[str, Type]) -> bool:
    return isinstance(node, syntax.Identifier) and node.name == "m" and "m" not in scope


def _may_be_in(item: Type, within: Type) -> bool:
    return not within.of or agree(item, within.of[0])
