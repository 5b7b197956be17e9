"""The data directory: one owner at a time, one format, and where each part lies.

    DATA/LOCK          locked while a broker runs here; holds its process id, for people
    DATA/FORMAT        "dragoman 2": refused if it names a format we do not know
    DATA/journal/      the journal's files
    DATA/segments/     bodies
    DATA/state.db      the state store

The lock is the kernel's (flock): it goes with the process, however that ends, and a left-over LOCK
file means nothing.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from dragoman.ports.storage import Failed, StorageError, VersionUnknown
from dragoman.storage.files.disk import OsDisk
from dragoman.storage.guard import Guard

FORMAT_NAME: Final = "FORMAT"
FORMAT: Final = b"dragoman 2\n"
FORMAT_BYTES_MAX: Final = 64
LOCK_NAME: Final = "LOCK"
STATE_NAME: Final = "state.db"
DIRECTORY_MODE: Final = 0o700


class DirectoryLocked(StorageError):
    """Another process owns the data directory."""


class DataDirectory:
    """An owned data directory. `close` gives it up."""

    def __init__(self, path: Path) -> None:
        """Makes it if needed.

        Raises DirectoryLocked, VersionUnknown (nothing is changed then), Full, Failed.
        """
        self.path = path
        self._lock = -1
        try:
            path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            self._check_format()  # before anything is written into somebody else's directory
            self._lock = _lock(path)
            with Guard(f"data directory {path}"):
                self._make_format()
        except OSError as error:
            self.close()
            raise Failed(f"data directory {path}: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def disk(self, name: str) -> OsDisk:
        """The directory of one part ("journal", "segments"), made if needed. Raises Failed."""
        part = self.path / name
        try:
            part.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        except OSError as error:
            raise Failed(f"data directory {part}: {error.strerror}") from error
        with Guard(f"data directory {part}"):
            OsDisk(str(self.path)).sync_names()
        return OsDisk(str(part))

    @property
    def state_path(self) -> str:
        """Where the state store's database lies."""
        return str(self.path / STATE_NAME)

    def close(self) -> None:
        """Give the directory up; a second call does nothing."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _check_format(self) -> bool:
        """Whether a format is there; raises VersionUnknown if it is not ours."""
        try:
            with (self.path / FORMAT_NAME).open("rb") as file:
                found = file.read(FORMAT_BYTES_MAX)
        except FileNotFoundError:
            return False
        if found != FORMAT:
            raise VersionUnknown(
                f"{self.path} holds {found!r}; this release knows {FORMAT!r} and changes nothing"
            )
        return True

    def _make_format(self) -> None:
        if self._check_format():
            return
        disk = OsDisk(str(self.path))
        file = disk.open(FORMAT_NAME + ".new", create=True)
        file.truncate(0)
        file.write(0, [FORMAT])
        file.sync()
        file.close()
        disk.rename(FORMAT_NAME + ".new", FORMAT_NAME)
        disk.sync_names()


def _lock(path: Path) -> int:
    """The descriptor that holds the lock of `path`. Raises DirectoryLocked."""
    descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise DirectoryLocked(f"{path} is in use by process {owner}") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor
