"""Dragoman: `dragoman://[USER:PASSWORD@]HOST:PORT/STREAM[?namespace=NAME][&checkpoint=FILE]`, `dragomans://` over TLS.

Its admin API, any of its ports, no library. A reader looks at a stream and takes nothing from it: it begins with the
oldest message, or where `checkpoint` says that the copy before stopped. A writer publishes to the stream. A message
travels as the admin API's JSON, which has all of the envelope but `rest`, what only its own protocol's readers see.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.cli.api import Api, Refused, Where, path_of
from dragoman.cli.copying.checkpoint import Checkpoint
from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import CommandError
from dragoman.console.admin.fields import MessageFields, to_fields, to_message
from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.formats.errors import FormatError
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL
from dragoman.ports.clock import Clock

PAGE: Final = 200
WAIT_MS: Final = 200


def _api(place: Place) -> Api:
    place.only("namespace", "checkpoint")
    scheme = "https" if place.scheme == "dragomans" else "http"
    api = Api(Where(url=f"{scheme}://{place.login}{place.servers}"))
    api.get(_path(place))  # it is there, and we may
    return api


def _path(place: Place, *more: str) -> str:
    name = f"{place.path}/{place.name}" if place.path else place.name
    return path_of("streams", place.options.get("namespace", "default"), name, *more)


class AdminReader:
    """See the module."""

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        self._api = _api(place)
        self._looks = looks
        self._messages = _path(place, "messages")
        self._checkpoint: Final = Checkpoint(place.options.get("checkpoint"))
        partitions = self._api.get(_path(place))["partitions"]
        self._next = [
            max(one["start"], self._checkpoint.offsets.get(str(number), 0))
            for number, one in enumerate(partitions)
        ]
        self._ends: Final = [one["end"] for one in partitions]
        self._turn = 0
        self.expected: int | None = None  # offsets may have gaps

    @property
    def is_done(self) -> bool:
        """Whether every partition was read to where it ended."""
        return all(one >= end for one, end in zip(self._next, self._ends, strict=True))

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """A page of one partition after the other. Raises CommandError."""
        if not count_max:
            return []
        self._turn = (self._turn + 1) % len(self._next)
        partition = self._turn
        page = self._api.get(
            self._messages,
            partition=partition,
            offset=self._next[partition],
            limit=min(count_max, PAGE),
            wait_ms=0 if not self.is_done else min(WAIT_MS, int(wait_s * 1000)),
        )
        items = page["items"]
        self._next[partition] = page["next"] if items else max(
            self._next[partition], self._ends[partition]
        )  # fmt: skip
        return [Taken(_entry(one), (partition, one["offset"])) for one in items]

    def settle(self, taken: Sequence[Taken]) -> None:
        """Write the checkpoint anew. Raises CommandError."""
        if not self._looks:
            self._checkpoint.note(one.token for one in taken)

    def close(self) -> None:
        """Nothing is held."""


def _entry(item: dict[str, Any]) -> Entry:
    """Raises CommandError for a message that the broker itself cannot read."""
    if item["message"] is None:
        raise CommandError(f"offset {item['offset']}: {item['unreadable']}")
    message = to_message(msgspec.convert(item["message"], MessageFields))
    message.stored_at_us = item["stored_ms"] * 1000
    return Entry(CANONICAL, encode(message), item["stored_ms"])


class AdminWriter:
    """A batch is one request, all of it or nothing; one that is refused is sent again message by message."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._api = _api(place)
        self._place = place
        self._path = _path(place, "messages")
        self._clock = clock
        self._is_put_off = False  # some messages come into the stream later

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals = [""] * len(entries)
        ready: list[tuple[int, Any]] = []
        for index, entry in enumerate(entries):
            try:
                message = decode(entry.format, entry.data, 0, entry.stored_ms)
                ready.append((index, msgspec.to_builtins(to_fields(message))))
                if (message.deliver_at_ms or 0) > self._clock.wall_ms():
                    self._is_put_off = True
            except (FormatError, InvalidArgument) as error:
                refusals[index] = str(error)
        if ready:
            self._send(ready, refusals)
        return refusals

    def _send(self, ready: list[tuple[int, Any]], refusals: list[str]) -> None:
        """Raises CommandError."""
        try:
            self._api.post(self._path, {"messages": [fields for _, fields in ready]})
        except Refused as error:
            if len(ready) == 1:
                refusals[ready[0][0]] = str(error)
                return
            for one in ready:
                self._send([one], refusals)

    def count(self) -> int | None:
        """The ends of all partitions, together; None while some messages wait for their time. Raises CommandError."""
        if self._is_put_off:
            return None
        partitions: list[dict[str, int]] = self._api.get(_path(self._place))["partitions"]
        return sum(one["end"] for one in partitions)

    def close(self) -> None:
        """Nothing is under way: `write` waits for every answer."""
