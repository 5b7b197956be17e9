"""`dragoman queue ...`: queues and what is in them."""

from typing import Annotated, Any

from cyclopts import Parameter

from dragoman.app.loop import SystemClock
from dragoman.cli import messages, show
from dragoman.cli.api import USUAL, Api, Where
from dragoman.cli.settings import settings_of
from dragoman.cli.things import named, place
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings

Settings = Annotated[
    list[str] | None,
    Parameter(negative="", consume_multiple=False, help="NAME=VALUE, several times."),
]
COLUMNS = ("queue", "ready", "leased", "waiting", "delayed", "dead", "consumers", "oldest")


def row(item: dict[str, Any], now_ms: int) -> tuple[Any, ...]:
    """A line of the table."""
    return (
        item["name"],
        item["ready"],
        item["leased"],
        item["waiting"],
        item["delayed"],
        item["dead"],
        item["consumers"],
        show.age(item["oldest_ms"], now_ms),
    )


def list_(contains: str = "", *, where: Where = USUAL) -> int:
    """List queues.

    Args:
        contains: Only those whose names contain this.
    """
    api = Api(where)
    found = api.pages("/queues", namespace=where.namespace, contains=contains)
    if where.json:
        show.lines(found)
        return 0
    now_ms = SystemClock().wall_ms()
    show.table(COLUMNS, [row(item, now_ms) for item in found])
    return 0


def show_(name: str, *, where: Where = USUAL) -> int:
    """Show a queue with all its settings.

    Args:
        name: Which.
    """
    api = Api(where)
    found = named(api, "queues", name, lambda: api.get(place(api, "queues", name)))
    show.document(found, as_json=where.json)
    return 0


def create(
    name: str,
    *,
    set: Settings = None,
    stream: Settings = None,
    where: Where = USUAL,
) -> int:
    """Make a queue.

    Args:
        name: Its name.
        set: A setting of it; see docs/config.md.
        stream: A setting of its stream, where that is not there yet.
    """
    api = Api(where)
    body = {
        "name": name,
        "namespace": where.namespace,
        "settings": settings_of(set or (), SubscriptionSettings),
        "stream": settings_of(stream or (), StreamSettings),
    }
    show.document(api.post("/queues", body), as_json=where.json)
    return 0


def alter(name: str, *, set: Settings = None, where: Where = USUAL) -> int:
    """Change a queue's settings; those not named stay.

    Args:
        name: Which.
        set: A setting of it; see docs/config.md.
    """
    api = Api(where)
    body = {"settings": settings_of(set or (), SubscriptionSettings)}
    found = named(api, "queues", name, lambda: api.patch(place(api, "queues", name), body))
    show.document(found, as_json=where.json)
    return 0


def delete(
    name: str,
    *,
    if_empty: bool = False,
    if_unused: bool = False,
    where: Where = USUAL,
) -> int:
    """Delete a queue, and its stream unless something else reads it.

    Args:
        name: Which.
        if_empty: Only if nothing is in it.
        if_unused: Only if nobody reads it.
    """
    api = Api(where)
    path = place(api, "queues", name)
    named(api, "queues", name, lambda: api.delete(path, if_empty=if_empty, if_unused=if_unused))
    return 0


def peek(
    name: str,
    *,
    count: int = 20,
    offset: int = 0,
    state: str = "",
    where: Where = USUAL,
) -> int:
    """Look at messages that are not done. Nothing is leased, nothing changes.

    Args:
        name: Which queue.
        count: How many at most, of each partition.
        offset: From which offset on.
        state: Only those: ready, returned, leased, waiting, delayed, deferred, pending, dead; with commas between.
    """
    api = Api(where)
    found = named(api, "queues", name, lambda: api.get(place(api, "streams", name)))
    path = place(api, "queues", name, "messages")
    items = messages.peek(api, path, len(found["partitions"]), count, offset, state=state)
    messages.print_messages(items, as_json=where.json, now_ms=SystemClock().wall_ms())
    return 0


def publish(
    name: str,
    body: str = "-",
    *,
    header: Settings = None,
    field: Settings = None,
    json_lines: Annotated[bool, Parameter(negative="")] = False,
    where: Where = USUAL,
) -> int:
    """Publish to a queue.

    Args:
        name: Which.
        body: The message; `-` takes each line of standard input for one.
        header: A header.
        field: Any other field: key, group, id, type, subject, content_type, priority, deliver_at_ms ...
        json_lines: Lines are messages as JSON, such as `peek --json` prints.
    """
    return publish_to(Api(where), "queues", name, body, header, field, json_lines=json_lines)


def publish_to(
    api: Api,
    kind: str,
    name: str,
    body: str,
    header: list[str] | None,
    field: list[str] | None,
    *,
    json_lines: bool,
    key: str = "",
) -> int:
    """The same for queues, streams and routes."""
    fields = messages.fields_of(field or (), header or ())
    given = messages.bodies_of(body, json_lines=json_lines)
    path = place(api, kind, name, "messages")
    count, routed = named(api, kind, name, lambda: messages.publish(api, path, given, fields, key))
    if api.where.json:
        show.lines([{"published": count, "routed": routed}])
    else:
        reach = "" if kind != "routes" else f", the last to {routed} streams"
        show.talk(f"{count} published{reach}")
    return 0


def tail(name: str, *, from_start: bool = False, where: Where = USUAL) -> int:
    """Follow what is published, until interrupted. Nothing is taken from anybody.

    Args:
        name: Which queue.
        from_start: Begin with the oldest message that is still there.
    """
    return tail_of(Api(where), "queues", name, from_start=from_start)


def tail_of(api: Api, kind: str, name: str, *, from_start: bool) -> int:
    """The same for queues and streams."""
    found = named(api, kind, name, lambda: api.get(place(api, "streams", name)))
    ends = [0 if from_start else part["committed"] for part in found["partitions"]]
    items = messages.follow(api, place(api, "streams", name, "messages"), ends)
    messages.print_followed(items, as_json=api.where.json)
    return 0


def purge(
    name: str,
    *,
    all: Annotated[bool, Parameter(negative="")] = False,
    where: Where = USUAL,
) -> int:
    """Drop the messages that are ready.

    Args:
        name: Which queue.
        all: Those that somebody holds or that wait, too.
    """
    api = Api(where)
    path = place(api, "queues", name, "purge")
    mode = "all" if all else "ready"
    found = named(api, "queues", name, lambda: api.post(path, {"mode": mode}))
    _told(found, f"{found['dropped']} dropped", where)
    return 0


def redrive(
    name: str,
    target: str = "",
    *,
    rate: int = 0,
    where: Where = USUAL,
) -> int:
    """Carry the messages of a dead-letter queue back to where they died, or to a target.

    Args:
        name: Which queue.
        target: Where to; without it each goes to the queue in which it died. A topic's subscriptions need one.
        rate: Messages per second, 0 as fast as it goes.
    """
    api = Api(where)
    path = place(api, "queues", name, "redrive")
    body = {"target": target, "rate_max": rate}
    found = named(api, "queues", name, lambda: api.post(path, body))
    _told(found, f"pump {found['name']} carries {found['left']} messages", where)
    return 0


def pause(name: str, *, where: Where = USUAL) -> int:
    """Hand nothing out, keep everything.

    Args:
        name: Which queue.
    """
    api = Api(where)
    path = place(api, "queues", name, "pause")
    found = named(api, "queues", name, lambda: api.post(path))
    _told(found, f"{name} is paused with {found['ready']} messages ready", where)
    return 0


def resume(name: str, *, where: Where = USUAL) -> int:
    """Hand out again.

    Args:
        name: Which queue.
    """
    api = Api(where)
    path = place(api, "queues", name, "resume")
    found = named(api, "queues", name, lambda: api.post(path))
    _told(found, f"{name} is handed out again", where)
    return 0


def _told(found: dict[str, Any], text: str, where: Where) -> None:
    if where.json:
        show.lines([found])
    else:
        show.talk(text)
