"""The operating system's disk, and the data directory."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dragoman.ports.disk import DiskFailed, DiskFull
from dragoman.ports.storage import Failed, VersionUnknown
from dragoman.storage.files import DataDirectory, DirectoryLocked, OsDisk


@pytest.fixture
def disk(tmp_path: Path) -> OsDisk:
    return OsDisk(str(tmp_path))


def test_a_file_holds_what_was_written_where_it_was_written(disk: OsDisk) -> None:
    file = disk.open("f", create=True)
    file.write(3, [b"abc", b"", b"def"])
    file.sync()
    assert file.size() == 9
    assert file.read(0, 100) == b"\0\0\0abcdef"
    assert file.read(4, 3) == b"bcd"
    assert file.read(9, 5) == b""
    file.truncate(5)
    assert disk.open("f").read(0, 9) == b"\0\0\0ab"


def test_more_buffers_than_one_call_takes_are_written_in_order(disk: OsDisk) -> None:
    file = disk.open("f", create=True)
    buffers = [b"%05d" % number for number in range(3_000)]
    file.write(0, buffers)
    assert file.read(0, 15_000) == b"".join(buffers)


def test_a_write_cut_short_by_the_system_is_finished(
    disk: OsDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, b, at: real(fd, [b[0][:2]], at))
    file = disk.open("f", create=True)
    file.write(0, [b"hello", b" world"])
    assert file.read(0, 20) == b"hello world"


def test_allocation_makes_zeros_also_where_the_file_system_cannot(
    disk: OsDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fd: int, _offset: int, _size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "not here")

    for name in ("allocated", "written"):
        file = disk.open(name, create=True)
        file.write(0, [b"kept"])
        file.allocate(10_000)
        assert file.size() == 10_000
        assert file.read(0, 10_000) == b"kept" + bytes(9_996)
        file.allocate(5)
        assert file.size() == 10_000
        monkeypatch.setattr(os, "posix_fallocate", refuse)


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, DiskFailed)],
)
def test_errors_of_the_system_become_the_ports(
    disk: OsDisk, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    file = disk.open("f", create=True)
    for call in ("pwritev", "fdatasync", "pread", "ftruncate"):
        monkeypatch.setattr(os, call, fail)
    for attempt in (
        lambda: file.write(0, [b"x"]),
        file.sync,
        lambda: file.read(0, 1),
        lambda: file.truncate(0),
    ):
        with pytest.raises(error):
            attempt()


def test_names_are_created_renamed_and_removed(disk: OsDisk) -> None:
    disk.open("a", create=True).close()
    disk.open("b", create=True).close()
    disk.rename("a", "c")
    disk.remove("b")
    disk.sync_names()
    assert disk.names() == ["c"]
    with pytest.raises(FileNotFoundError):
        disk.open("a")
    assert disk.free_bytes() > 0


def test_a_file_nobody_holds_is_closed(disk: OsDisk) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(20):
        disk.open("f", create=True)
    assert descriptors() == before


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    owner = DataDirectory(tmp_path / "data")
    with pytest.raises(DirectoryLocked, match=f"in use by process {os.getpid()}"):
        DataDirectory(tmp_path / "data")
    owner.close()
    owner.close()
    DataDirectory(tmp_path / "data").close()


def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from dragoman.storage.files import DataDirectory; "
        "kept = DataDirectory(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    assert subprocess.run(command, check=False, env={"PYTHONPATH": "src"}).returncode == -9
    assert (tmp_path / "LOCK").exists()
    DataDirectory(tmp_path).close()


def test_a_directory_of_a_later_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "FORMAT").write_bytes(b"dragoman 3\n")
    with pytest.raises(VersionUnknown, match="dragoman 2"):
        DataDirectory(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["FORMAT"]


def test_the_parts_lie_where_the_format_says(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "deep" / "data")
    directory.disk("journal").open("f", create=True).close()
    assert (tmp_path / "deep/data/journal/f").exists()
    assert (tmp_path / "deep/data/FORMAT").read_bytes() == b"dragoman 2\n"
    assert directory.state_path == str(tmp_path / "deep/data/state.db")
    directory.close()


def test_a_place_that_cannot_be_a_directory_is_a_clear_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Failed, match="data directory"):
        DataDirectory(tmp_path / "file")
