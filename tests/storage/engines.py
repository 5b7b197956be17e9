"""The engines of each storage port, made the same way for the conformance suites.

A bench opens its engine, and opens it again as the next start of the process would.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from tests.sim.disk import SeededEntropy, SimDisk, SimState

from dragoman.ports.disk import Disk
from dragoman.ports.storage import LogStore, Segments, StateStore
from dragoman.storage.files import OsDisk
from dragoman.storage.journal import Journal
from dragoman.storage.memory import MemoryLog, MemorySegments, MemoryState
from dragoman.storage.segments import SegmentStore
from dragoman.storage.state import SqliteState

FILE_BYTES = 4096

Port = TypeVar("Port")


class Bench(ABC, Generic[Port]):
    """`port` is open; `reopen` closes it and opens what the next start would find."""

    def __init__(self) -> None:
        self.port = self.make()

    @abstractmethod
    def make(self) -> Port: ...

    @abstractmethod
    def reopen(self) -> Port: ...


class _Remade(Bench[Port]):
    """An engine that is made anew over what outlives it."""

    def __init__(self, make: Callable[[], Port], close: Callable[[Port], None]) -> None:
        self._make = make
        self._close = close
        super().__init__()

    def make(self) -> Port:
        return self._make()

    def reopen(self) -> Port:
        self._close(self.port)
        self.port = self._make()
        return self.port


def log_bench(engine: str, path: Path) -> Bench[LogStore]:
    if engine == "memory":
        log = MemoryLog()
        return _Remade(lambda: log, lambda port: port.close())
    disk = _disk(engine, path)
    entropy = SeededEntropy.from_seed(1)
    return _Remade(lambda: Journal(disk, entropy, file_bytes=FILE_BYTES), lambda port: port.close())


def segments_bench(engine: str, path: Path) -> Bench[Segments]:
    if engine == "memory":
        segments = MemorySegments()
        return _Remade(lambda: segments, lambda port: port.close())
    disk = _disk(engine, path)
    return _Remade(lambda: SegmentStore(disk), lambda port: port.close())


def state_bench(engine: str, path: Path) -> Bench[StateStore]:
    if engine == "sqlite":
        return _Remade(lambda: SqliteState(str(path / "state.db")), lambda port: port.close())
    state = MemoryState() if engine == "memory" else SimState()
    return _Remade(lambda: state, lambda port: port.close())


def _disk(engine: str, path: Path) -> Disk:
    return OsDisk(str(path)) if engine == "files" else SimDisk(1)
