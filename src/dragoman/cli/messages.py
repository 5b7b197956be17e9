"""Looking at messages, following them, publishing: the same for queues, streams and routes."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from dragoman.app.config import nearest
from dragoman.cli import show
from dragoman.cli.api import Api
from dragoman.cli.errors import CommandError
from dragoman.cli.settings import value_of
from dragoman.console.admin.fields import MessageFields

PAGE: Final = 200  # looked at with one request
BATCH: Final = 100  # published with one
WAIT_MS: Final = 20_000
SHORT_WAIT_MS: Final = 250  # where there are other partitions to look after
COLUMNS: Final = ("offset", "state", "tries", "stored", "format", "size", "body")


def peek(
    api: Api, path: str, partitions: int, count: int, offset: int, **query: Any
) -> Iterator[dict[str, Any]]:
    """At most `count` messages of each partition, from an offset on."""
    for partition in range(partitions):
        left, at = count, offset
        while left > 0:
            limit = min(left, PAGE)
            page = api.get(path, partition=partition, offset=at, limit=limit, **query)
            yield from page["items"]
            if not page["items"]:
                break
            left -= len(page["items"])
            at = page["next"]


def print_messages(items: Iterable[dict[str, Any]], *, as_json: bool, now_ms: int) -> None:
    """A table, or a line each."""
    if as_json:
        show.lines(items)
        return
    rows = [
        (
            item["offset"],
            item["state"].lower(),
            item["tries"],
            show.age(item["stored_ms"], now_ms),
            item["format"],
            item["size"],
            show.excerpt(item["message"]),
        )
        for item in items
    ]
    show.table(COLUMNS, rows)


def follow(api: Api, path: str, ends: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Messages as they come, from these offsets of the partitions on. Never ends by itself."""
    nexts = list(ends)
    only = len(nexts) == 1
    while True:
        for partition, offset in enumerate(nexts):
            wait_ms = WAIT_MS if only else SHORT_WAIT_MS
            page = api.get(path, partition=partition, offset=offset, limit=PAGE, wait_ms=wait_ms)
            nexts[partition] = page["next"]
            yield from page["items"]


def print_followed(items: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    """Each as it comes."""
    for item in items:
        if as_json:
            show.lines([item])
        else:
            sys.stdout.write(f"{item['offset']:>8}  {show.excerpt(item['message'])}\n")
            sys.stdout.flush()


def fields_of(pairs: Iterable[str], headers: Iterable[str]) -> dict[str, Any]:
    """Fields of a message from NAME=VALUE. Raises CommandError."""
    known = [name for name in MessageFields.__struct_fields__ if name != "headers"]
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.replace("-", "_")
        if not equals:
            raise CommandError(f"--field {pair}: expected NAME=VALUE")
        if name not in known:
            raise CommandError(f"no field {name}{nearest(name, known)}")
        found[name] = text if name.startswith(("body", "key")) else value_of(text)
    given = [header.partition("=") for header in headers]
    if not all(equals for _, equals, _ in given):
        raise CommandError("--header: expected NAME=VALUE")
    if given:
        found["headers"] = [[name, text] for name, _, text in given]
    return found


def bodies_of(body: str, *, json_lines: bool) -> Iterator[dict[str, Any]]:
    """Messages from the command line, or (`-`) from standard input, a line each. Raises CommandError."""
    if body != "-" and not json_lines:
        yield {"body": body}
        return
    source: Iterable[str] = sys.stdin if body == "-" else [body]
    for number, line in enumerate(source, 1):
        text = line.rstrip("\n")
        if not json_lines:
            yield {"body": text}
        elif text.strip():
            yield _line(text, number)


def _line(text: str, number: int) -> dict[str, Any]:
    """A message's fields, or what `peek --json` and `tail --json` print of one."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"line {number}: {error}") from error
    if isinstance(found, dict) and "offset" in found and "message" in found:
        found = found["message"]
    if not isinstance(found, dict):
        raise CommandError(f"line {number}: not a message")
    return found


def publish(
    api: Api, path: str, messages: Iterable[Mapping[str, Any]], fields: Mapping[str, Any], key: str
) -> tuple[int, int]:
    """How many were published, and how many streams the last of them reached. Raises CommandError."""
    count = routed = 0
    batch: list[dict[str, Any]] = []

    def send() -> None:
        nonlocal count, routed
        routed = api.post(path, {"messages": batch, "key": key})["routed"]
        count += len(batch)
        batch.clear()

    for message in messages:
        batch.append({**message, **fields})
        if len(batch) == BATCH:
            send()
    if batch:
        send()
    return count, routed
