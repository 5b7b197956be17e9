"""One table for all services: method and path to a handler and its face.

    plain paths      one dictionary look-up of the bytes as sent
    `*`              routes that take any path: those whose guard holds come first
    templates        a tree of segments; at each the literal wins over `{name}:verb`, that over `{name}`, that over
                     `{name+}`; where a choice leads nowhere the next is tried

Segments are compared and handed on percent-decoded; a slash that is spelled %2F does not part them. HEAD goes where GET
goes. Several routes may share a method and path: the first whose guard holds serves.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from dragoman.doors.shared.rest.call import BODY_BYTES_MAX, Face, Request, Response, Route
from dragoman.doors.shared.rest.problem import problem

_NOTHING: Final[Mapping[str, str]] = {}
ANYWHERE: Final = "*"
SEGMENTS_MAX: Final = 64  # of a path; ARM's longest have 15
_HOLE: Final = re.compile(r"\{(\w+)(\+?)\}(:[\w.-]+)?")

Choice = tuple[Route, Face, tuple[str, ...]]
"""A route, whose it is, and what it calls the holes of its template."""
Methods = dict[str, list[Choice]]


class Found:
    """Where method and path lead, and what stands in the holes on the way. Kept for plain paths: never changed.

    body_bytes_max  the largest that the routes take; a usual one where 404 or 405 comes next
    """

    __slots__ = ("body_bytes_max", "choices", "methods", "values")

    def __init__(self, methods: Methods, method: str, values: Sequence[str]) -> None:
        self.methods = methods
        self.values = values
        choices = methods.get(method)
        if choices is None and method == "HEAD":
            choices = methods.get("GET")
        self.choices: Sequence[Choice] = choices or ()
        sizes = [choice[0].body_bytes_max for choice in self.choices]
        self.body_bytes_max = max(sizes, default=BODY_BYTES_MAX)

    def choose(self, request: Request) -> Choice | None:
        """Now that the request is whole: whose it is, if anybody's."""
        for choice in self.choices:
            guard = choice[0].guard
            if guard is None or guard(request):
                return choice
        return None

    def parameters(self, choice: Choice) -> Mapping[str, str]:
        """What stands in the holes, by the names that the route has for them."""
        names = choice[2]
        return dict(zip(names, self.values, strict=True)) if names else _NOTHING


class Node:
    """Where one segment more leads."""

    __slots__ = ("any", "literals", "methods", "rest", "verbs")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.verbs: dict[str, Node] = {}  # `{name}:verb`, by verb
        self.any: Node | None = None  # `{name}`
        self.rest: Node | None = None  # `{name+}`
        self.methods: Methods = {}  # of templates that end here


class Table:
    """All routes of all faces."""

    def __init__(self, faces: Sequence[Face]) -> None:
        """Raises ValueError for a template that is none."""
        self.faces = faces
        self._plain: dict[bytes, Methods] = {}
        self._kept: dict[
            tuple[str, bytes], Found
        ] = {}  # one for each route of a plain path at most
        self._root = Node()
        self._first: list[tuple[Callable[[Request], bool], Found]] = []
        for face in faces:
            for route in face.routes():
                self._add(route, face)

    def _add(self, route: Route, face: Face) -> None:
        if route.template == ANYWHERE:
            assert route.guard is not None, "it would take everything"
            choices: Methods = {route.method: [(route, face, ())]}
            self._first.append((route.guard, Found(choices, route.method, ())))
            return
        if not route.template.startswith("/"):
            raise ValueError(f"{route.template}: a template begins with /")
        names: list[str] = []
        if "{" in route.template:
            methods = self._node(route.template, names).methods
        else:
            methods = self._plain.setdefault(route.template.encode(), {})
        methods.setdefault(route.method, []).append((route, face, tuple(names)))

    def _node(self, template: str, names: list[str]) -> Node:
        node = self._root
        for segment in template[1:].split("/"):
            hole = _HOLE.fullmatch(segment)
            if hole is not None:
                names.append(hole[1])
                node = _below(node, is_rest=bool(hole[2]), verb=hole[3])
            elif "{" in segment:
                raise ValueError(f"{template}: {segment} is no segment")
            else:
                node = node.literals.setdefault(segment, Node())
        return node

    def find(self, request: Request) -> Found | None:
        """Where a path leads, its routes for the request's method chosen; None when nowhere."""
        for guard, anywhere in self._first:
            if guard(request):
                return anywhere
        where = (request.method, request.path)
        found = self._kept.get(where)
        if found is not None:
            return found
        methods = self._plain.get(request.path)
        if methods is None:
            return self._match(request)
        found = Found(methods, request.method, ())
        if found.choices:
            self._kept[where] = found
        return found

    def refuse(self, request: Request, found: Found | None) -> Response:
        """404 or 405, as the face says it that the request looks meant for."""
        methods = allowed(found.methods) if found is not None and not found.choices else ()
        for face in self.faces:
            response = face.not_found(request, methods)
            if response is not None:
                break
        else:
            path = request.path.decode(errors="replace")
            code = (405, "method-not-allowed") if methods else (404, "not-found")
            response = problem(*code, f"{request.method} {path}")
        if response.status == 405 and all(name != b"allow" for name, _ in response.headers):
            allow = (b"allow", ", ".join(methods).encode())
            response.headers = (*response.headers, allow)
        return response

    def _match(self, request: Request) -> Found | None:
        raw = request.path[1:].split(b"/", SEGMENTS_MAX)
        if len(raw) > SEGMENTS_MAX:
            return None
        try:
            segments = [unquote(part.decode(), errors="strict") for part in raw]
        except UnicodeDecodeError:
            return None
        values: list[str] = []
        node = _walk(self._root, segments, 0, values)
        return None if node is None else Found(node.methods, request.method, values)

    def templates(self) -> list[tuple[str, str]]:
        """(method, template) of every route, for documents and tests."""
        return [(route.method, route.template) for face in self.faces for route in face.routes()]


def allowed(methods: Methods) -> list[str]:
    """What 405 tells in `Allow`."""
    names = set(methods)
    return sorted(names | {"HEAD"} if "GET" in names else names)


def _below(node: Node, *, is_rest: bool, verb: str | None) -> Node:
    if is_rest:
        node.rest = node.rest or Node()
        return node.rest
    if verb:
        return node.verbs.setdefault(verb[1:], Node())
    node.any = node.any or Node()
    return node.any


def _walk(node: Node, segments: list[str], at: int, values: list[str]) -> Node | None:
    """The node that all segments lead to; `values` fills the holes on the way."""
    if at == len(segments):
        return node if node.methods else None
    segment = segments[at]
    below = node.literals.get(segment)
    if below is not None:
        found = _walk(below, segments, at + 1, values)
        if found is not None:
            return found
    for below, value in _holes(node, segment):
        values.append(value)
        found = _walk(below, segments, at + 1, values)
        if found is not None:
            return found
        values.pop()
    if node.rest is not None and segment:
        values.append("/".join(segments[at:]))
        return node.rest
    return None


def _holes(node: Node, segment: str) -> list[tuple[Node, str]]:
    """Where a segment leads that is a value, the narrower first."""
    found: list[tuple[Node, str]] = []
    name, colon, verb = segment.rpartition(":")
    if colon and name and verb in node.verbs:
        found.append((node.verbs[verb], name))
    if node.any is not None and segment:
        found.append((node.any, segment))
    return found
