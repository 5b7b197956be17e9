"""The description of the API (OpenAPI 3.1), made from the endpoints that serve it. Cold; made once, when asked for."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

import dragoman
from dragoman.console.admin.endpoint import Endpoint
from dragoman.console.admin.options import HIDDEN, KINDS
from dragoman.kernel.api import StreamSettings
from dragoman.model.levels import LEVELS

_HOLE: Final = re.compile(r"\{(\w+)\}")
_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_PROBLEM: Final = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; for programs"},
        "detail": {"type": "string", "description": "For people"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole of it."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.template, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dragoman admin API", "version": dragoman.__version__},
        "security": [{"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(endpoints),
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": {
            str(endpoint.status): _answer(endpoint),
            "default": {
                "description": "A refusal",
                "content": {"application/problem+json": {"schema": {"$ref": _ref("Problem")}}},
            },
        },
    }
    if endpoint.body is not None:
        content = {_JSON: {"schema": {"$ref": _ref(endpoint.body.__name__)}}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _ref(name: str) -> str:
    return _REF.format(name=name)


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answer is None:
        return {"description": "Done"}
    schema: dict[str, Any] = {"type": "object"}
    if endpoint.answer is not dict:
        schema = {"$ref": _ref(endpoint.answer.__name__)}
    return {"description": endpoint.summary, "content": {_JSON: {"schema": schema}}}


def _path_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in _HOLE.findall(endpoint.template):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    found, known = msgspec.json.schema_components([endpoint.query])
    kind = known[endpoint.query.__name__]
    assert found
    for name, schema in kind["properties"].items():
        yield {"name": name, "in": "query", "required": False, "schema": schema}


def _schemas(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    types: list[Any] = [*KINDS]
    for endpoint in endpoints:
        types += [kind for kind in (endpoint.body, endpoint.answer) if kind not in (None, dict)]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for kind in KINDS:
        for name in HIDDEN:
            schemas[kind.__name__]["properties"].pop(name, None)
    level = {"enum": list(LEVELS), "default": "written"}
    schemas[StreamSettings.__name__]["properties"]["level"] = level
    return {**schemas, "Problem": _PROBLEM}
