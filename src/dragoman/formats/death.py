"""The history of a dead letter, as RabbitMQ writes it: `x-death`, `x-first-death-*`, `x-last-death-*`.

`x-death` is a list of tables, youngest first, one per (queue, reason) with a count. A message that comes back to a queue
it died in, without a reader having rejected it on the way, goes in a circle that would never end: such queues are named
so that it is not routed there again.
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.ports.translator import Death
from dragoman.wire.amqp091.fieldtable import Field, FieldTable

X_DEATH: Final = "x-death"
DEATHS_MAX: Final = 64  # entries kept; longer chains lose their oldest
_EVENT_KEYS: Final = ("reason", "queue", "exchange")


def with_death(
    headers: FieldTable, death: Death, exchange: bytes, key: bytes, expiration: str | None
) -> FieldTable:
    """`headers` with this death noted."""
    changed = dict(headers)
    entries = [entry for entry in _entries(headers) if not _is(entry, death)]
    known = [entry for entry in _entries(headers) if _is(entry, death)]
    entry = _counted(known[0]) if known else _entry(death, exchange, key, expiration)
    changed[X_DEATH] = Field("A", [Field("F", one) for one in [entry, *entries][:DEATHS_MAX]])
    event = {"reason": death.reason.encode(), "queue": death.queue.encode(), "exchange": exchange}
    for name in _EVENT_KEYS:
        changed.setdefault(f"x-first-death-{name}", Field("S", event[name]))
        changed[f"x-last-death-{name}"] = Field("S", event[name])
    return changed


def cycle_of(headers: FieldTable, reason: str) -> frozenset[str]:
    """Queues that this message died in since a reader last rejected it: to be avoided unless it is rejected now."""
    if reason == "rejected":
        return frozenset()
    queues: set[str] = set()
    for entry in _entries(headers):
        if _text(entry, "reason") == "rejected":
            break
        queues.add(_text(entry, "queue"))
    return frozenset(queues)


def _entries(headers: FieldTable) -> list[Mapping[str, Field]]:
    """The entries of x-death; what a client made of it that is none is left out."""
    found = headers.get(X_DEATH)
    if found is None or found.letter != "A":
        return []
    return [item.value for item in found.value if item.letter == "F"]


def _text(entry: Mapping[str, Field], name: str) -> str:
    field = entry.get(name)
    value: Any = b"" if field is None else field.value
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _is(entry: Mapping[str, Field], death: Death) -> bool:
    return _text(entry, "queue") == death.queue and _text(entry, "reason") == death.reason


def _counted(entry: Mapping[str, Field]) -> dict[str, Field]:
    count = entry.get("count")
    before = count.value if count is not None and isinstance(count.value, int) else 0
    return {**entry, "count": Field("l", min(before + 1, (1 << 63) - 1))}


def _entry(death: Death, exchange: bytes, key: bytes, expiration: str | None) -> dict[str, Field]:
    entry = {
        "count": Field("l", 1),
        "exchange": Field("S", exchange),
        "queue": Field("S", death.queue.encode()),
        "reason": Field("S", death.reason.encode()),
        "routing-keys": Field("A", [Field("S", key)]),
        "time": Field("T", death.at_ms // 1000),
    }
    if expiration is not None:
        entry["original-expiration"] = Field("S", expiration.encode(errors="surrogateescape"))
    return entry
