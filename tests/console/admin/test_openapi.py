"""The description against the handlers: nothing is served that it does not tell, and answers are what it says."""

import json
import re
from typing import Any

import pytest
from tests.console.admin.client import Admin

from dragoman.console.admin.face import ENDPOINTS, AdminFace
from dragoman.console.admin.openapi import document

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(ENDPOINTS)))


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
    return found


def matches(value: Any, told: dict[str, Any]) -> bool:
    """Whether a value is of a schema: as much of JSON Schema as the description uses."""
    if "$ref" in told:
        told = schema(told["$ref"].rpartition("/")[2])
    if "anyOf" in told:
        return any(matches(value, one) for one in told["anyOf"])
    if "enum" in told and "type" not in told:
        return value in told["enum"]
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    kind = told.get("type")
    if kind is None:
        return True
    if not isinstance(value, kinds[kind]):
        return False
    if kind == "array":
        item = told.get("items", {})
        return item is False or all(matches(one, item) for one in value)
    if kind == "object":
        known = told.get("properties", {})
        return set(told.get("required", ())) <= set(value) and all(
            matches(one, known[name]) for name, one in value.items() if name in known
        )
    return True


def test_it_is_served() -> None:
    assert Admin().get("/openapi.json") == DOCUMENT


def test_it_tells_every_route_and_no_other() -> None:
    told = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    access: Any = None
    assert told == {(route.method, route.template) for route in AdminFace(access).routes()}


def test_operations_have_names_of_their_own() -> None:
    names = [endpoint.name for endpoint in ENDPOINTS]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r"#/(?:components/schemas|\$defs)/(\w+)", json.dumps(DOCUMENT)))
    assert names <= DOCUMENT["components"]["schemas"].keys()
    assert "$defs" not in json.dumps(DOCUMENT)


def test_what_is_hidden_is_not_told() -> None:
    assert "notes" not in schema("StreamSettings")["properties"]
    assert schema("StreamSettings")["properties"]["level"]["enum"] == [
        "applied",
        "written",
        "synced",
    ]


def busy() -> Admin:
    """A broker with one of everything."""
    admin = Admin()
    admin.queue("q", dead_letter={"name": "d"})
    admin.post("/streams", {"name": "log"}, 201)
    admin.post("/streams/default/log/subscriptions", {"name": "s"}, 201)
    admin.post("/routes", {"name": "r"}, 201)
    admin.post("/bindings", {"route": "r", "target": "q"}, 201)
    admin.post("/rules", {"name": "c", "settings": {"check": "true"}}, 201)
    settings = {"targets": [{"name": "q"}]}
    admin.post("/pumps", {"name": "p", "source": "log", "settings": settings}, 201)
    admin.post("/queues/default/q/messages", {"messages": [{"body": "x", "headers": [["a", 1]]}]})
    return admin


@pytest.mark.parametrize(
    "endpoint", [e for e in ENDPOINTS if e.method == "GET"], ids=lambda e: e.name
)
def test_answers_are_what_it_says(endpoint: Any) -> None:
    admin = busy()
    names = {"queues": "q", "streams": "log", "routes": "r", "pumps": "p", "rules": "c"}
    kind = endpoint.template.split("/")[3] if endpoint.template.count("/") > 2 else ""
    path = endpoint.template.replace("{namespace}", "default").replace("{subscription}", "s")
    path = path.replace("{name}", names.get(kind, ""))
    answer = admin.get(path.removeprefix("/admin/v1"))
    told = DOCUMENT["paths"][endpoint.template]["get"]["responses"]["200"]["content"]
    assert matches(answer, told["application/json"]["schema"])
    assert not matches([], told["application/json"]["schema"])
