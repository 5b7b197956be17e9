"""The `Disk` port on the operating system: one directory, positioned reads and writes, data syncs.

ENOSPC and EDQUOT become DiskFull, every other error of the system DiskFailed. What a failed call
left behind is unknown; deciding about that is the engine's work.
"""

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, final

from dragoman.ports.disk import DiskFailed, DiskFull

BUFFERS_MAX: Final = 1024
"""IOV_MAX of Linux and macOS: how many buffers one write call takes."""

ZEROS_BYTES: Final = 1 << 20
"""Written at once where the file system cannot allocate."""

FILE_MODE: Final = 0o600
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_CANNOT_ALLOCATE: Final = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"{what}: {error.strerror}") from error
        raise DiskFailed(f"{what}: {error.strerror}") from error


def _sync_data(descriptor: int) -> None:
    """What the system offers that really reaches the device."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - macOS only: its fsync does not flush the drive

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(descriptor)


@final
class OsFile:
    """One open file. It closes itself when nobody holds it any more."""

    __slots__ = ("_descriptor", "_name")

    def __init__(self, path: str, name: str, *, create: bool) -> None:
        self._descriptor = -1
        self._name = name
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        with _translated(f"open {name}"):
            self._descriptor = os.open(path, flags, FILE_MODE)

    def size(self) -> int:
        """See `File.size`."""
        with _translated(f"stat {self._name}"):
            return os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """See `File.read`. One pread, save for what a signal or 2 GiB cuts short."""
        with _translated(f"read {self._name}"):
            data = os.pread(self._descriptor, length, offset)
            if len(data) == length or not data:
                return data
            pieces = [data]
            have = len(data)
            while have < length:
                more = os.pread(self._descriptor, length - have, offset + have)
                if not more:
                    break
                pieces.append(more)
                have += len(more)
            return b"".join(pieces)

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        """See `File.write`. One pwritev, save for what IOV_MAX or the system cuts short."""
        with _translated(f"write {self._name}"):
            for start in range(0, len(buffers), BUFFERS_MAX):
                offset += self._write_some(offset, buffers[start : start + BUFFERS_MAX])

    def allocate(self, size: int) -> None:
        """See `File.allocate`."""
        have = self.size()
        with _translated(f"allocate {self._name}"):
            try:
                os.posix_fallocate(self._descriptor, 0, size)
            except AttributeError:  # not offered here (macOS)
                self._write_zeros(have, size)
            except OSError as error:
                if error.errno not in _CANNOT_ALLOCATE:
                    raise
                self._write_zeros(have, size)

    def truncate(self, size: int) -> None:
        """See `File.truncate`."""
        with _translated(f"truncate {self._name}"):
            os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        """See `File.sync`."""
        with _translated(f"sync {self._name}"):
            _sync_data(self._descriptor)

    def close(self) -> None:
        """Let go of the descriptor; what was not synced is not made durable."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with _translated(f"close {self._name}"):
                os.close(descriptor)

    def __del__(self) -> None:
        with contextlib.suppress(DiskFailed):
            self.close()

    def _write_some(self, offset: int, buffers: Sequence[bytes]) -> int:
        total = sum(map(len, buffers))
        written = os.pwritev(self._descriptor, buffers, offset)
        if written < total:
            rest = memoryview(b"".join(buffers))
            while written < total:
                written += os.pwrite(self._descriptor, rest[written:], offset + written)
        return total

    def _write_zeros(self, have: int, size: int) -> None:
        for offset in range(have, size, ZEROS_BYTES):
            self._write_some(offset, [bytes(min(ZEROS_BYTES, size - offset))])


@final
class OsDisk:
    """One directory, which must exist."""

    def __init__(self, path: str) -> None:
        self._path = path

    def open(self, name: str, *, create: bool = False) -> OsFile:
        """See `Disk.open`."""
        return OsFile(self._at(name), name, create=create)

    def names(self) -> list[str]:
        """See `Disk.names`."""
        with _translated("list"):
            return sorted(entry.name for entry in os.scandir(self._path) if entry.is_file())

    def rename(self, source: str, target: str) -> None:
        """See `Disk.rename`."""
        with _translated(f"rename {source}"):
            os.replace(self._at(source), self._at(target))

    def remove(self, name: str) -> None:
        """See `Disk.remove`."""
        with _translated(f"remove {name}"):
            os.unlink(self._at(name))

    def sync_names(self) -> None:
        """See `Disk.sync_names`: an fsync of the directory."""
        with _translated("sync names"):
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def free_bytes(self) -> int:
        """See `Disk.free_bytes`: what an ordinary user may still write."""
        with _translated("free space"):
            return shutil.disk_usage(self._path).free

    def _at(self, name: str) -> str:
        assert "/" not in name, name
        assert name not in {"", ".", ".."}, name
        return f"{self._path}/{name}"
