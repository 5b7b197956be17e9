"""`dragoman dead ...`: the queues that dead letters go to, and what is in them."""

from collections.abc import Iterator
from typing import Any

from dragoman.app.loop import SystemClock
from dragoman.cli import queues, show
from dragoman.cli.api import USUAL, Api, Where


def list_(*, where: Where = USUAL) -> int:
    """List the queues that others name as their dead-letter queue.

    Those reached through a route are not known by it: look at the route's bindings.
    """
    api = Api(where)
    found = list(_dead(api))
    if where.json:
        show.lines({**item, "dead_letters_of": sources} for item, sources in found)
        return 0
    now_ms = SystemClock().wall_ms()
    rows = [
        (item["name"], ", ".join(sources), item["ready"], show.age(item["oldest_ms"], now_ms))
        for item, sources in found
    ]
    show.table(("queue", "dead letters of", "ready", "oldest"), rows)
    return 0


def _dead(api: Api) -> Iterator[tuple[dict[str, Any], list[str]]]:
    sources: dict[str, list[str]] = {}
    known: dict[str, dict[str, Any]] = {}
    for item in api.pages("/queues", namespace=api.where.namespace):
        known[item["name"]] = item
        address = item["settings"]["dead_letter"]
        if address is not None and not address.get("is_route"):
            sources.setdefault(address["name"], []).append(item["name"])
    for name, named in sorted(sources.items()):
        if name in known:
            yield known[name], named


def peek(
    name: str,
    *,
    count: int = 20,
    offset: int = 0,
    where: Where = USUAL,
) -> int:
    """Look at dead letters.

    Args:
        name: Which queue of them.
        count: How many at most.
        offset: From which offset on.
    """
    return queues.peek(name, count=count, offset=offset, where=where)


def redrive(
    name: str,
    target: str = "",
    *,
    rate: int = 0,
    where: Where = USUAL,
) -> int:
    """Carry dead letters back to where they died, or to a target.

    Args:
        name: Which queue of them.
        target: Where to; without it each goes to the queue in which it died. A topic's subscriptions need one.
        rate: Messages per second, 0 as fast as it goes.
    """
    return queues.redrive(name, target, rate=rate, where=where)


def purge(name: str, *, where: Where = USUAL) -> int:
    """Drop dead letters.

    Args:
        name: Which queue of them.
    """
    return queues.purge(name, where=where)
