"""Requests of the right shape with values nobody would send: made from the API's own description, by a seed.

Whatever is asked is done or refused; nothing is a fault of the broker, and nothing ends it.
"""

import random
from typing import Any
from urllib.parse import quote

import pytest
from tests.console.admin.client import Admin

from dragoman.kernel.api import DeclareQueue, StreamSettings
from dragoman.model.levels import APPLIED

TEXTS = ("", "a", "q", "é", "\0", "x" * 300, "amq.topic", "((", "a{1000000}", "P1D", "header:", ":")
NUMBERS = (0, 1, 2, 5, 1_000, 1 << 31, (1 << 63) - 1)
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 1.5, 1 << 63, 1 << 70, 1e308, [], {}, [1, "a"], {"a": {"b": [None]}}),
    *TEXTS,
    *NUMBERS,
)
QUERIES = ("", "0", "1", "-1", "x", "9" * 20, "true", "%00")
WRONG = 0.1  # how often a value is of another kind
GIVEN = 0.4  # how often what may be left out is not
DEPTH_MAX = 5


class Hostile:
    """Requests from a seed."""

    def __init__(self, seed: int, description: dict[str, Any]) -> None:
        self.chance = random.Random(seed)
        self.schemas = description["components"]["schemas"]
        self.calls = [
            (method.upper(), path, call)
            for path, calls in description["paths"].items()
            for method, call in calls.items()
        ]

    def request(self) -> tuple[str, str, Any]:
        """Method, path with query, body."""
        method, path, call = self.chance.choice(self.calls)
        pairs = []
        for each in call.get("parameters", []):
            if each["in"] == "path":
                name = self.chance.choice(("default", "q", "e", *TEXTS[1:6]))
                path = path.replace("{" + each["name"] + "}", quote(name, safe=""))
            elif self.chance.random() < GIVEN:
                pairs.append(f"{each['name']}={self.chance.choice(QUERIES)}")
        content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = self.value(content["schema"], 0) if "schema" in content else None
        return method, path.removeprefix("/admin/v1") + "?" + "&".join(pairs), body

    def value(self, schema: dict[str, Any], depth: int) -> Any:
        """One of that schema, mostly."""
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        if depth > DEPTH_MAX or self.chance.random() < WRONG:
            return self.chance.choice(VALUES)
        if "anyOf" in schema:
            return self.value(self.chance.choice(schema["anyOf"]), depth + 1)
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object" and "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            items = schema.get("items") or {}
            return [self.value(items, depth + 1) for _ in range(self.chance.randrange(3))]
        known = {"string": TEXTS, "integer": NUMBERS, "boolean": (True, False), "null": (None,)}
        return self.chance.choice(known.get(kind or "", VALUES))

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        return {
            name: self.value(each, depth + 1)
            for name, each in schema["properties"].items()
            if name in needed or self.chance.random() < GIVEN
        }


def populated() -> Admin:
    admin = Admin()
    brief = StreamSettings(durable=False, level=APPLIED)
    admin.client.session.submit(DeclareQueue(name="q", stream=brief))
    for body in ({"name": "e", "settings": {"kind": "topic"}}, {"name": "a"}):
        admin.post("/routes", body, 201)
    return admin


def provoke(seed: int, count: int) -> None:
    admin = populated()
    hostile = Hostile(seed, admin.get("/openapi.json"))
    statuses = set()
    for _ in range(count):
        method, path, body = hostile.request()
        try:
            status = admin.ask(method, path, body)
        except ValueError:
            continue  # parked: a long poll
        assert status < 500, (method, path, body, admin.last)
        statuses.add(status)
    assert {200, 201, 400, 404} <= statuses


def test_nothing_that_is_asked_is_a_fault() -> None:
    provoke(1, 300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_nothing_that_is_asked_is_a_fault_many_times_over(seed: int) -> None:
    provoke(seed, 2_000)
