"""Batches: the rules that all of them share, and results entry by entry."""

import re
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

from msgspec import UNSET, UnsetType

from dragoman.doors.sqs.errors import (
    BATCH_ENTRY_IDS_NOT_DISTINCT,
    EMPTY_BATCH_REQUEST,
    INVALID_BATCH_ENTRY_ID,
    TOO_MANY_ENTRIES,
    Refused,
    refusal_of,
)
from dragoman.wire.aws.shapes import FailedEntry

ENTRIES_MAX: Final = 10
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)

T = TypeVar("T")


def check_batch(name: str, entries: Sequence[Any]) -> None:
    """Raises Refused unless there are one to ten entries with ids of their own."""
    if not entries:
        raise Refused(EMPTY_BATCH_REQUEST, f"There should be at least one {name} in the request.")
    if len(entries) > ENTRIES_MAX:
        raise Refused(
            TOO_MANY_ENTRIES,
            f"Maximum number of entries per request are {ENTRIES_MAX}. You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        if not entry.id or not _ID.fullmatch(entry.id):
            raise Refused(
                INVALID_BATCH_ENTRY_ID,
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most"
                " 80 letters long.",
            )
        if entry.id in seen:
            raise Refused(BATCH_ENTRY_IDS_NOT_DISTINCT, f"Id {entry.id} repeated.")
        seen.add(entry.id)


class Batch(Generic[T]):
    """What became of each entry."""

    __slots__ = ("_failed", "_successful", "ids")

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self._successful: dict[int, T] = {}
        self._failed: dict[int, FailedEntry] = {}

    def succeed(self, index: int, result: T) -> None:
        """The entry was done."""
        self._successful[index] = result

    def fail(self, index: int, error: Exception) -> None:
        """The entry was refused."""
        refused = refusal_of(error)
        self._failed[index] = FailedEntry(
            self.ids[index], refused.error.is_senders, refused.error.code, refused.text
        )

    def halves(self) -> tuple[list[T] | UnsetType, list[FailedEntry] | UnsetType]:
        """(successful, failed) in the order of the request, each left out where it is empty."""
        successful = [self._successful[index] for index in sorted(self._successful)]
        failed = [self._failed[index] for index in sorted(self._failed)]
        return successful or UNSET, failed or UNSET
