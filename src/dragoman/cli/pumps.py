"""`dragoman pump ...`: pumps, which carry the messages of one stream on to others."""

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli import show
from dragoman.cli.api import USUAL, Api, Where
from dragoman.cli.queues import Settings
from dragoman.cli.settings import settings_of
from dragoman.cli.things import named, place
from dragoman.kernel.settings import PumpSettings

COLUMNS = ("pump", "source", "targets", "state", "left", "carried", "dropped", "trouble")


def list_(
    *,
    source: str = "",
    ended: Annotated[bool, Parameter(negative="")] = False,
    where: Where = USUAL,
) -> int:
    """List pumps.

    Args:
        source: Only those that carry from this stream.
        ended: Those that ended, too: redrives that are done.
    """
    found = Api(where).get("/pumps", namespace=where.namespace, source=source, ended=ended)["items"]
    if where.json:
        show.lines(found)
        return 0
    rows = [
        (
            item["name"],
            item["source"],
            ", ".join(target["name"] for target in item["settings"]["targets"]) or "their origin",
            item["state"],
            item["left"],
            item["carried"],
            item["dropped"],
            item["trouble"],
        )
        for item in found
    ]
    show.table(COLUMNS, rows)
    return 0


def show_(name: str, *, where: Where = USUAL) -> int:
    """Show a pump with all its settings.

    Args:
        name: Which.
    """
    api = Api(where)
    found = named(api, "pumps", name, lambda: api.get(place(api, "pumps", name)))
    show.document(found, as_json=where.json)
    return 0


def create(
    name: str,
    source: str,
    *targets: str,
    subscription: str = "",
    set: Settings = None,
    where: Where = USUAL,
) -> int:
    """Carry the messages of a stream on to others, each exactly once.

    Args:
        name: Its name.
        source: The stream that it reads.
        targets: The streams that it carries to.
        subscription: Take from this leased subscription instead of reading; a queue's has the queue's name.
        set: A setting of it; see docs/config.md.
    """
    settings = settings_of(set or (), PumpSettings)
    if targets:
        settings["targets"] = [{"name": target} for target in targets]
    body = {
        "name": name,
        "namespace": where.namespace,
        "source": source,
        "subscription": subscription,
        "settings": settings,
    }
    show.document(Api(where).post("/pumps", body), as_json=where.json)
    return 0


def delete(name: str, *, where: Where = USUAL) -> int:
    """Stop a pump; what it carried stays carried.

    Args:
        name: Which.
    """
    api = Api(where)
    named(api, "pumps", name, lambda: api.delete(place(api, "pumps", name)))
    return 0
