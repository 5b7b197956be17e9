"""`dragoman stream ...`: streams, whoever reads them."""

from typing import Annotated

from cyclopts import Parameter

from dragoman.app.loop import SystemClock
from dragoman.cli import messages, show
from dragoman.cli.api import USUAL, Api, Where
from dragoman.cli.queues import Settings, publish_to, tail_of
from dragoman.cli.settings import settings_of
from dragoman.cli.things import named, place
from dragoman.kernel.settings import StreamSettings

COLUMNS = ("stream", "partitions", "entries", "bytes", "retention", "level")
MS_A_DAY = 86_400_000


def list_(contains: str = "", *, where: Where = USUAL) -> int:
    """List streams.

    Args:
        contains: Only those whose names contain this.
    """
    api = Api(where)
    found = api.pages("/streams", namespace=where.namespace, contains=contains)
    if where.json:
        show.lines(found)
        return 0
    rows = [
        (
            item["name"],
            len(item["partitions"]),
            sum(part["end"] - part["start"] for part in item["partitions"]),
            sum(part["size_bytes"] for part in item["partitions"]),
            _retention(item["settings"]["retention_ms"]),
            item["settings"]["level"],
        )
        for item in found
    ]
    show.table(COLUMNS, rows)
    return 0


def _retention(ms: int) -> str:
    if ms <= 0:
        return "for ever" if ms else "until read"
    return f"{ms / MS_A_DAY:g} d" if ms >= MS_A_DAY else f"{ms} ms"


def show_(name: str, *, where: Where = USUAL) -> int:
    """Show a stream with all its settings.

    Args:
        name: Which.
    """
    api = Api(where)
    found = named(api, "streams", name, lambda: api.get(place(api, "streams", name)))
    show.document(found, as_json=where.json)
    return 0


def create(name: str, *, set: Settings = None, where: Where = USUAL) -> int:
    """Make a stream.

    Args:
        name: Its name.
        set: A setting of it; see docs/config.md.
    """
    api = Api(where)
    settings = settings_of(set or (), StreamSettings)
    body = {"name": name, "namespace": where.namespace, "settings": settings}
    show.document(api.post("/streams", body), as_json=where.json)
    return 0


def alter(name: str, *, set: Settings = None, where: Where = USUAL) -> int:
    """Change a stream's settings; those not named stay.

    Args:
        name: Which.
        set: A setting of it; see docs/config.md.
    """
    api = Api(where)
    body = {"settings": settings_of(set or (), StreamSettings)}
    found = named(api, "streams", name, lambda: api.patch(place(api, "streams", name), body))
    show.document(found, as_json=where.json)
    return 0


def delete(name: str, *, where: Where = USUAL) -> int:
    """Delete a stream with every reader of it.

    Args:
        name: Which.
    """
    api = Api(where)
    named(api, "streams", name, lambda: api.delete(place(api, "streams", name)))
    return 0


def peek(name: str, *, count: int = 20, offset: int = 0, where: Where = USUAL) -> int:
    """Look at what a stream holds.

    Args:
        name: Which.
        count: How many at most, of each partition.
        offset: From which offset on.
    """
    api = Api(where)
    found = named(api, "streams", name, lambda: api.get(place(api, "streams", name)))
    path = place(api, "streams", name, "messages")
    items = messages.peek(api, path, len(found["partitions"]), count, offset)
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
    """Publish to a stream.

    Args:
        name: Which.
        body: The message; `-` takes each line of standard input for one.
        header: A header.
        field: Any other field: key, group, id, type, subject, content_type, priority, deliver_at_ms ...
        json_lines: Lines are messages as JSON, such as `peek --json` prints.
    """
    return publish_to(Api(where), "streams", name, body, header, field, json_lines=json_lines)


def tail(name: str, *, from_start: bool = False, where: Where = USUAL) -> int:
    """Follow what is published, until interrupted.

    Args:
        name: Which stream.
        from_start: Begin with the oldest message that is still there.
    """
    return tail_of(Api(where), "streams", name, from_start=from_start)
