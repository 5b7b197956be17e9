"""What the journal costs on this disk.

    python bench/micro/journal.py [DIRECTORY]        default: a temporary directory

Prints: fdatasync of the disk itself, append + sync per frame size, append alone, and the recovery scan. New files are
measured apart from recycled ones.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dragoman.storage.files import OsDisk
from dragoman.storage.journal import Journal

SYNCS = 1_500
FILE_BYTES = 64 * 1024 * 1024
SCAN_BYTES = 256 * 1024 * 1024


class SystemEntropy:
    """Random enough to make a log id."""

    def token(self, size_bytes: int) -> bytes:
        return os.urandom(size_bytes)


def percentiles(call: Callable[[], object], count: int) -> str:
    """p50 and p99 of `count` calls, in microseconds."""
    times = []
    for _ in range(count):
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    cut = statistics.quantiles(times, n=100)
    return f"p50 {cut[49] / 1000:7.0f} us   p99 {cut[98] / 1000:7.0f} us"


def made(path: Path) -> Journal:
    path.mkdir(exist_ok=True)
    journal = Journal(OsDisk(str(path)), SystemEntropy(), file_bytes=FILE_BYTES)
    journal.open()
    return journal


def append_and_sync(journal: Journal, payload: list[bytes]) -> None:
    journal.append(journal.position, payload)
    journal.sync()


def measure_disk(path: Path) -> None:
    path.mkdir(exist_ok=True)
    file = OsDisk(str(path)).open("plain", create=True)
    file.write(0, [bytes(16 * 1024 * 1024)])
    file.sync()
    offsets = iter(range(0, SYNCS * 4096, 4096))

    def write_and_sync() -> None:
        file.write(next(offsets), [bytes(4096)])
        file.sync()

    print(
        f"disk     4 KiB pwrite + fdatasync, file written before   {percentiles(write_and_sync, SYNCS)}"
    )


def measure_syncs(path: Path) -> None:
    for size_kib in (4, 256):
        count = SYNCS if size_kib == 4 else SYNCS // 5
        payload = [os.urandom(1024)] * size_kib
        journal = made(path / f"sync-{size_kib}")
        for life in ("new files", "recycled"):
            result = percentiles(partial(append_and_sync, journal, payload), count)
            print(f"journal  {size_kib:3d} KiB append + sync, {life:9}                 {result}")
            recycle(journal, path / f"sync-{size_kib}")
        journal.close()


def recycle(journal: Journal, path: Path) -> None:
    """Go on in a file that was written before."""

    def spares() -> list[Path]:
        return list(path.glob("journal-spare-*"))

    while not spares():
        append_and_sync(journal, [bytes(1 << 20)])
        journal.trim(journal.position)
    while spares():
        append_and_sync(journal, [bytes(1 << 20)])


def measure_appends(path: Path) -> None:
    for size_kib in (4, 64, 256):
        payload = [os.urandom(1024)] * size_kib
        journal = made(path / f"append-{size_kib}")
        count = SCAN_BYTES // (size_kib * 1024)
        start = time.perf_counter()
        cpu = time.process_time()
        for position in range(count):
            journal.append(position, payload)
        seconds = time.perf_counter() - start
        cpu = time.process_time() - cpu
        rate = SCAN_BYTES / seconds / 1e6
        print(
            f"journal  {size_kib:3d} KiB append only   {rate:7.0f} MB/s   {cpu / count * 1e6:5.0f} us CPU per frame"
        )
        journal.close()
        start = time.perf_counter()
        made(path / f"append-{size_kib}").close()
        seconds = time.perf_counter() - start
        print(f"journal  {size_kib:3d} KiB recovery scan {SCAN_BYTES / seconds / 1e6:7.0f} MB/s")


def main() -> None:
    base = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=base) as name:
        path = Path(name)
        measure_disk(path / "disk")
        measure_syncs(path)
        measure_appends(path)


if __name__ == "__main__":
    main()
