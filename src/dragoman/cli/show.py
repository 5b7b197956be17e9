"""How commands print: tables for people, JSON lines for programs. Standard output is data only."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

WIDTH_MAX: Final = 400  # of a table that nobody looks at on a terminal
BODY_SHOWN: Final = 80


def lines(items: Iterable[Any]) -> None:
    """JSON, a line each."""
    for item in items:
        sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Numbers to the right; as wide as it needs to be where it is piped."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - programs ask for JSON, and a broker for neither
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    found = [list(row) for row in rows]
    console = Console(width=None if sys.stdout.isatty() else WIDTH_MAX, highlight=False)
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in found) and bool(found)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in found:
        made.add_row(*map(_cell, row))
    console.print(made)


def _cell(value: Any) -> str:
    from rich.markup import escape  # noqa: PLC0415

    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape("" if value is None else str(value))


def document(value: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing, all of it."""
    if as_json:
        lines([value])
        return
    table(("what", "value"), _flat(value))


def _flat(value: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{before}{name}.")
        elif isinstance(item, list | dict):
            yield before + name, plain(item)
        else:
            yield before + name, _cell(item)


def plain(value: Any) -> str:
    """What is no scalar, in one line; nothing where there is nothing in it."""
    return json.dumps(value, ensure_ascii=False) if value else ""


def age(ms: int, now_ms: int) -> str:
    """How long ago: 12 s, 3 min, 5 h, 2 d; nothing for never."""
    if not ms:
        return ""
    seconds = max(now_ms - ms, 0) // 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def excerpt(message: Mapping[str, Any] | None) -> str:
    """The beginning of a body."""
    if message is None:
        return "(unreadable)"
    text = message.get("body")
    if text is None:
        encoded = message.get("body_base64")
        text = "(none)" if encoded is None else f"base64:{encoded}"
    first = " ".join(text.split())
    return first if len(first) <= BODY_SHOWN else first[: BODY_SHOWN - 1] + "…"


def talk(text: str) -> None:
    """To people only."""
    sys.stderr.write(text + "\n")
