"""Where a copy from something that keeps its messages has stopped: offsets by partition, in a file, or nowhere."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from dragoman.cli.errors import CommandError


class Checkpoint:
    """`offsets` are of the next message, as they were found; `note` writes others."""

    def __init__(self, file: str | None) -> None:
        """Raises CommandError for a file that is no checkpoint's."""
        self._file: Final = Path(file) if file else None
        self.offsets: Final = self._load()

    def _load(self) -> dict[str, int]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            found: dict[str, int] = msgspec.json.decode(
                self._file.read_bytes(), type=dict[str, int]
            )
        except (OSError, msgspec.DecodeError) as error:
            raise CommandError(f"{self._file}: {error}") from error
        return found

    def note(self, taken: Iterable[tuple[int, int]]) -> None:
        """(partition, offset) of messages that were written elsewhere. Raises CommandError."""
        if self._file is None:
            return
        for partition, offset in taken:
            self.offsets[str(partition)] = offset + 1
        beside = self._file.with_name(self._file.name + ".new")
        try:
            beside.write_text(json.dumps(self.offsets))
            beside.replace(self._file)
        except OSError as error:
            raise CommandError(f"{self._file}: {error}") from error
