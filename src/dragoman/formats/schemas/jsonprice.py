"""What a JSON Schema makes of a value, at most: so that it is known before anything is judged, as it cannot be stopped.

    levels[k]   checks of one value that lies k levels below the whole: those of every subschema that it may meet
    grows       whether that goes on growing with the depth

Subschemas meet a value in place (allOf, anyOf, $ref, ...), or what is in it (properties, items, ...); where several
meet the same place their checks add up, so that a few lines may ask for more checks than there are atoms. A schema that
leads back to itself in place never ends, and is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dragoman.formats.schemas.limits import DEPTH_MAX
from dragoman.model.errors import SchemaInvalid

CHECKS_MAX: Final = 1 << 40  # counted no further
STEPS_MAX: Final = 12_000  # subschemas times levels that are looked at
PATTERN_CHECKS: Final = 20  # what one pattern costs for one name
ENUM_PER_CHECK: Final = 10
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SINGLES: Final = ("not", "if", "then", "else")
_DEPENDENT: Final = ("dependentSchemas", "dependencies")
_OTHERS: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_ITEMS: Final = ("items", "prefixItems", "additionalItems", "contains", "unevaluatedItems")
_LEFT_OVER: Final = ("unevaluatedProperties", "unevaluatedItems")
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_LEADING: Final = frozenset(
    ("enum", "patternProperties", "properties", *_LISTS, *_SINGLES, *_DEPENDENT)
).union(_OTHERS, _ITEMS, _REFERENCES)
"""What makes of a subschema more than one check."""


class Price:
    """See the module."""

    __slots__ = ("grows", "levels")

    def __init__(self, levels: list[int], *, grows: bool) -> None:
        self.levels = levels
        self.grows = grows

    def checks(self, values: int, depth: int) -> int:
        """Of a value that has so many within it, none deeper than that."""
        below = self.levels[1 : depth + 1] if self.grows else self.levels[1:]
        return self.levels[0] + values * max(below, default=0)


class _Node:
    """A subschema: `inside` are those that meet it in place, `places` those that meet one place within it together."""

    __slots__ = ("inside", "own", "per_child", "places")

    def __init__(self, own: int) -> None:
        self.own = own
        self.inside: list[int] = []
        self.places: list[list[int]] = []
        self.per_child = 0


def price_of(declared: Any, others: Mapping[str, Any]) -> Price:
    """Raises SchemaInvalid."""
    reader = _Reader(declared, others)
    root = reader.node(declared)
    reader.read_all()
    order = _ordered(reader.nodes)
    before = [0] * len(reader.nodes)
    levels: list[int] = []
    for depth in range(DEPTH_MAX + 1):
        if depth * len(order) > STEPS_MAX:
            raise SchemaInvalid("the schema is too entangled to be judged by")
        found = _level(reader.nodes, order, before, depth)
        levels.append(found[root])
        if depth and found == before and max(found) < CHECKS_MAX:
            return Price(levels, grows=False)
        before = found
    return Price(levels, grows=True)


def _level(nodes: list[_Node], order: list[int], before: list[int], depth: int) -> list[int]:
    """Checks of one value `depth` levels below each node's, given those one level less deep."""
    found = [0] * len(nodes)
    for number in order:
        node = nodes[number]
        total = node.own if depth == 0 else 0
        if depth:
            total = max((sum([before[each] for each in place]) for place in node.places), default=0)
        if depth == 1:
            total += node.per_child
        total += sum([found[each] for each in node.inside])
        found[number] = min(total, CHECKS_MAX)
    return found


def _ordered(nodes: list[_Node]) -> list[int]:
    """Each behind those that it meets in place. Raises SchemaInvalid for a circle."""
    done = [0] * len(nodes)  # 1 open, 2 done
    order: list[int] = []
    for start in range(len(nodes)):
        stack = [start]
        while stack:
            number = stack[-1]
            if done[number] == 0:
                done[number] = 1
                for each in nodes[number].inside:
                    if done[each] == 1:
                        raise SchemaInvalid("the schema refers to itself without looking deeper")
                    if done[each] == 0:
                        stack.append(each)
                continue
            stack.pop()
            if done[number] == 1:
                done[number] = 2
                order.append(number)
    return order


class _Reader:
    """Finds subschemas, and what they refer to."""

    def __init__(self, declared: Any, others: Mapping[str, Any]) -> None:
        self.nodes: list[_Node] = []
        self._root = declared
        self._others = others
        self._numbers: dict[int, int] = {}
        self._left: list[tuple[int, Any]] = []
        self._kept: list[Any] = []  # so that identities stay what they are
        self._names: dict[str, Any] | None = None

    @property
    def _named(self) -> dict[str, Any]:
        """Subschemas by what they are called; few schemas ask."""
        found = self._names
        if found is None:
            found = self._names = dict(_named(self._root))
            for name, other in self._others.items():
                found.setdefault(name, other)
                found.update(_named(other))
        return found

    def node(self, schema: Any) -> int:
        """The number of a subschema."""
        number = self._numbers.get(id(schema)) if isinstance(schema, dict) else None
        if number is None:
            number = len(self.nodes)
            self.nodes.append(_Node(1))
            if isinstance(schema, dict):
                self._numbers[id(schema)] = number
                self._kept.append(schema)
                self._left.append((number, schema))
        return number

    def read_all(self) -> None:
        """Until every subschema is known. Raises SchemaInvalid."""
        while self._left:
            number, schema = self._left.pop()
            self._read(self.nodes[number], schema)

    def _read(self, node: _Node, schema: dict[str, Any]) -> None:
        if _LEADING.isdisjoint(schema):
            return
        enum = schema.get("enum")
        if isinstance(enum, list):
            node.own += len(enum) // ENUM_PER_CHECK
        node.inside = [self.node(each) for each in _in_place(schema)]
        for word in _REFERENCES:
            if isinstance(schema.get(word), str):
                node.inside.append(self.node(self._target(schema[word])))
        self._read_places(node, schema)

    def _read_places(self, node: _Node, schema: dict[str, Any]) -> None:
        patterns = list(_values(schema.get("patternProperties")))
        meets_all = [self.node(each) for each in patterns]
        others = [self.node(schema[word]) for word in _OTHERS if _is_schema(schema.get(word))]
        named = [self.node(each) for each in _values(schema.get("properties"))]
        node.places = [[each, *meets_all, *others[-1:]] for each in named]
        node.places.append([*meets_all, *others])
        items: list[Any] = []
        for word in _ITEMS:
            value = schema.get(word)
            items += value if isinstance(value, list) else [value]
        node.places.append([self.node(each) for each in items if _is_schema(each)])
        node.per_child = PATTERN_CHECKS * len(patterns)
        if any(word in schema for word in _LEFT_OVER):
            node.per_child += len(node.inside) + 1

    def _target(self, reference: str) -> Any:
        """What a reference means. Raises SchemaInvalid."""
        place, _, fragment = reference.partition("#")
        base = self._root
        if place:
            base = self._named.get(place, self._named.get(place.rpartition("/")[2]))
        if base is not None and fragment and not fragment.startswith("/"):
            base = self._named.get("#" + fragment)
        elif base is not None and fragment:
            base = _pointed(base, fragment)
        if not _is_schema(base):
            raise SchemaInvalid(f"a rule cannot follow the reference {reference:.200}")
        return base


def _named(declared: Any) -> Iterator[tuple[str, Any]]:
    """Subschemas by `$id` and its last part, and by `#anchor`."""
    left = [declared]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            for word in ("$id", "id"):
                if isinstance(value.get(word), str):
                    name = value[word].rstrip("#")
                    yield name, value
                    yield name.rpartition("/")[2], value
            for word in ("$anchor", "$dynamicAnchor"):
                if isinstance(value.get(word), str):
                    yield "#" + value[word], value
            left += value.values()


def _pointed(base: Any, pointer: str) -> Any:
    """By a JSON Pointer; None where nothing is."""
    from urllib.parse import unquote  # noqa: PLC0415 - few need it

    value = base
    for part in unquote(pointer).split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _in_place(schema: dict[str, Any]) -> Iterator[Any]:
    for word in _LISTS:
        value = schema.get(word)
        if isinstance(value, list):
            yield from value
    for word in _SINGLES:
        if _is_schema(schema.get(word)):
            yield schema[word]
    for word in _DEPENDENT:
        yield from _values(schema.get(word))


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            if _is_schema(each):
                yield each


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)
