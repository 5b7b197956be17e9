"""A broker's definitions with everything in them, and what of them can be compared."""

import json
from typing import Any, Final

from tests_other.rabbitmq.asked import Asker, Request

VHOST: Final = "carried"
USER: Final = "carrier"
PARTS: Final = (
    "users",
    "vhosts",
    "permissions",
    "topic_permissions",
    "parameters",
    "global_parameters",
    "policies",
    "queues",
    "exchanges",
    "bindings",
)
MADE: Final[tuple[tuple[str, Any], ...]] = (
    (f"vhosts/{VHOST}", {}),
    (f"users/{USER}", {"password": "secret", "tags": "management,policymaker"}),
    (f"permissions/{VHOST}/{USER}", {"configure": "^q", "write": ".*", "read": ""}),
    (
        f"topic-permissions/{VHOST}/{USER}",
        {"exchange": "amq.topic", "write": "^{username}", "read": ".*"},
    ),
    (f"vhost-limits/{VHOST}/max-queues", {"value": 50}),
    (f"user-limits/{USER}/max-channels", {"value": 9}),
    (
        f"policies/{VHOST}/p",
        {"pattern": "^q", "definition": {"max-length": 5}, "priority": 3, "apply-to": "queues"},
    ),
    (
        f"operator-policies/{VHOST}/o",
        {"pattern": ".*", "definition": {"message-ttl": 60000}, "apply-to": "queues"},
    ),
    ("global-parameters/carried", {"value": {"of": ["a", 1, True]}}),
    (f"queues/{VHOST}/q", {"durable": True, "arguments": {"x-max-priority": 5}}),
    (f"queues/{VHOST}/quorum", {"durable": True, "arguments": {"x-queue-type": "quorum"}}),
    (f"queues/{VHOST}/stream", {"durable": True, "arguments": {"x-queue-type": "stream"}}),
    (f"queues/{VHOST}/brief", {"durable": False}),
    (
        f"exchanges/{VHOST}/e",
        {"type": "topic", "durable": True, "arguments": {"alternate-exchange": "amq.fanout"}},
    ),
    (f"exchanges/{VHOST}/inner", {"type": "headers", "durable": True, "internal": True}),
)
BOUND: Final = (
    (f"bindings/{VHOST}/e/e/q/q", {"routing_key": "a.#"}),
    (f"bindings/{VHOST}/e/e/e/inner", {"routing_key": "b", "arguments": {"x-match": "any"}}),
    (f"bindings/{VHOST}/e/inner/q/quorum", {"arguments": {"x-match": "all", "k": 1}}),
)


def made(asker: Asker) -> dict[str, Any]:
    """The definitions of a broker that has one of everything. Raises AssertionError where it is refused."""
    for method, some in (("PUT", MADE), ("POST", BOUND)):
        for path, body in some:
            status = asker.ask(Request(method, path, json.dumps(body))).status
            assert status in {201, 204}, path
    return of(asker)


def of(asker: Asker, like: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a broker tells of, in an order of its own: of what was made here, and with the versions of `like`."""
    told = asker.ask(Request("GET", "definitions")).body
    found = {part: sorted(filter(_is_ours, told[part]), key=_rank) for part in PARTS}
    return {**{name: (like or told)[name] for name in ("rabbit_version",)}, **found}


def _rank(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)


def _is_ours(item: dict[str, Any]) -> bool:
    return item.get("vhost", VHOST) == VHOST and item.get("name") not in {
        "/",
        "guest",
        "internal_cluster_id",
    }


def forget(asker: Asker) -> None:
    """Nothing of it is left."""
    for path in (f"users/{USER}", f"vhosts/{VHOST}", "global-parameters/carried"):
        asker.ask(Request("DELETE", path))
    asker.keep()
