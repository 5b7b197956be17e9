"""A disk that loses, tears and reorders what was not synced, and fails on demand; from a seed.

    write --> cached sectors, each with its unsynced versions      sync --> durable
    crash --> every unsynced sector takes one of its versions, or the durable one, by itself; every
    unsynced size and
              every unsynced creation, rename and removal happened or did not, by itself

`SimDisk` is the `Disk` port. Faults are chosen before or between calls:

    disk.faults.budget_bytes = 10_000        DiskFull once the files together would be longer
    disk.faults.full_write_at = 2            the second write from now raises DiskFull halfway
    disk.faults.fail_sync_at = 3             the third sync from now fails (so write, read)
    disk.faults.power_lost_at = 7            the seventh change from now raises PowerLost
    disk.flip_bit("journal-...", bit)        rot

After a failed sync the pages count as clean: some reached the disk, the others never will, and
later syncs say nothing of it. `SimState` is the `StateStore` port with the same idea: a commit
happens whole or not at all, and the power may go before or after it.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dragoman.ports.disk import DiskFailed, DiskFull
from dragoman.ports.storage import Failed, Full
from dragoman.storage.memory import MemoryState

SECTOR_BYTES: Final = 512
VERSIONS_MAX: Final = 8
"""Unsynced versions of one sector that may still reach the disk; older ones are forgotten."""


class PowerLost(Exception):
    """The machine is off. Only `crash` leads on."""


@dataclass(slots=True)
class Faults:
    """What goes wrong, and when. Counters count down to the call that fails; 0 means never."""

    budget_bytes: int | None = None
    fail_sync_at: int = 0
    fail_write_at: int = 0
    fail_read_at: int = 0
    full_write_at: int = 0
    power_lost_at: int = 0

    def strikes(self, name: str) -> bool:
        """Count one call down; whether it is the one."""
        count: int = getattr(self, name)
        if count == 0:
            return False
        setattr(self, name, count - 1)
        return count == 1


class _Inode:
    """A file's bytes: `durable` as on the platters, `cached` as every reader sees them."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = bytearray(durable)
        self.cached = bytearray(durable)
        self.versions: dict[int, list[bytes]] = {}  # unsynced, per sector, oldest first
        self.sizes: list[int] = []  # unsynced, oldest first

    def touch(self, start: int, end: int) -> None:
        """Remember what the sectors of [start, end) now hold."""
        for sector in range(start // SECTOR_BYTES, (end + SECTOR_BYTES - 1) // SECTOR_BYTES):
            at = sector * SECTOR_BYTES
            versions = self.versions.setdefault(sector, [])
            versions.append(bytes(self.cached[at : at + SECTOR_BYTES]))
            del versions[:-VERSIONS_MAX]

    def write(self, offset: int, data: bytes) -> None:
        self.resize(max(len(self.cached), offset + len(data)))
        self.cached[offset : offset + len(data)] = data
        self.touch(offset, offset + len(data))

    def resize(self, size: int) -> None:
        before = len(self.cached)
        if size == before:
            return
        if size < before:
            # What is cut off is zero from now on, should the file grow again.
            self.cached[size:] = bytes(before - size)
            self.touch(size, before)
            del self.cached[size:]
        else:
            self.cached += bytes(size - before)
        self.sizes.append(size)

    def sync(self) -> None:
        """Dirty sectors and the size reach the platters; sectors counted as clean are not looked at."""
        size = len(self.cached)
        self.durable = self.durable[:size] + bytes(max(size - len(self.durable), 0))
        for sector, versions in self.versions.items():
            at = sector * SECTOR_BYTES
            newest = versions[-1][: max(size - at, 0)]
            self.durable[at : at + len(newest)] = newest
        self.versions.clear()
        self.sizes.clear()

    def sync_failed(self, chance: random.Random) -> None:
        """Some sectors got through; all count as clean, so the others are lost for good."""
        self.durable = self.survivor(chance)
        self.versions.clear()
        self.sizes.clear()

    def survivor(self, chance: random.Random) -> bytearray:
        """What a reader finds after the power came back."""
        size = chance.choice([len(self.durable), *self.sizes])
        content = bytearray(self.durable[:size])
        content += bytes(size - len(content))
        for sector, versions in sorted(self.versions.items()):
            at = sector * SECTOR_BYTES
            if at < size and chance.random() < 0.5:
                version = chance.choice(versions)[: size - at]
                content[at : at + len(version)] = version
        return content


class SimFile:
    """The `File` port over one inode."""

    def __init__(self, disk: "SimDisk", inode: _Inode) -> None:
        self._disk = disk
        self._inode = inode
        self._open = True

    def size(self) -> int:
        self._check()
        return len(self._inode.cached)

    def read(self, offset: int, length: int) -> bytes:
        self._check()
        if self._disk.faults.strikes("fail_read_at"):
            raise DiskFailed("read: simulated")
        return bytes(self._inode.cached[offset : offset + length])

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        self._check()
        assert all(type(buffer) is bytes for buffer in buffers), "a buffer could still change"
        data = b"".join(buffers)
        if self._disk.faults.strikes("fail_write_at"):
            self._inode.write(offset, data[: self._disk.chance.randrange(len(data) + 1)])
            raise DiskFailed("write: simulated")
        if self._disk.faults.strikes("full_write_at"):
            self._inode.write(offset, data[: self._disk.chance.randrange(len(data))])
            raise DiskFull("write: simulated")
        room = self._disk.room_for(self._inode, offset + len(data))
        if room < offset + len(data):
            self._inode.write(offset, data[: max(room - offset, 0)])
            raise DiskFull("write: simulated")
        self._inode.write(offset, data)
        self._disk.changed()

    def allocate(self, size: int) -> None:
        self._check()
        room = self._disk.room_for(self._inode, size)
        if room < size:
            raise DiskFull("allocate: simulated")
        self._inode.resize(max(len(self._inode.cached), size))
        self._disk.changed()

    def truncate(self, size: int) -> None:
        self._check()
        self._inode.resize(size)
        self._disk.changed()

    def sync(self) -> None:
        self._check()
        self._disk.changed()
        if self._disk.faults.strikes("fail_sync_at"):
            self._inode.sync_failed(self._disk.chance)
            raise DiskFailed("sync: simulated")
        self._inode.sync()

    def close(self) -> None:
        self._open = False

    def _check(self) -> None:
        assert self._open, "the file is closed"
        self._disk.check_power()


class SimDisk:
    """The `Disk` port. `crash` is the only way to see what the platters hold."""

    def __init__(self, seed: int, *, generation: int = 0) -> None:
        self.chance = random.Random(f"{seed} {generation}")
        self.faults = Faults()
        self._seed = seed
        self._generation = generation
        self._durable_names: dict[str, _Inode] = {}
        self._names: dict[str, _Inode] = {}
        self._pending: list[tuple[str, str, str, _Inode]] = []
        self._powered = True

    # The port

    def open(self, name: str, *, create: bool = False) -> SimFile:
        self.check_power()
        if name not in self._names:
            if not create:
                raise FileNotFoundError(name)
            self._apply(self._names, ("link", name, "", _Inode()), pending=True)
        return SimFile(self, self._names[name])

    def names(self) -> list[str]:
        self.check_power()
        return sorted(self._names)

    def rename(self, source: str, target: str) -> None:
        self.check_power()
        inode = self._names[source]
        self._apply(self._names, ("rename", source, target, inode), pending=True)

    def remove(self, name: str) -> None:
        self.check_power()
        self._apply(self._names, ("remove", name, "", self._names[name]), pending=True)

    def sync_names(self) -> None:
        self.check_power()
        self.changed()
        self._durable_names = dict(self._names)
        self._pending.clear()

    def free_bytes(self) -> int:
        self.check_power()
        if self.faults.budget_bytes is None:
            return 1 << 40
        return max(self.faults.budget_bytes - self._used_bytes(), 0)

    # The world outside

    def crash(self) -> "SimDisk":
        """Lose the power; the disk as the next start finds it."""
        self._powered = False
        names = dict(self._durable_names)
        for operation in self._pending:
            if self.chance.random() < 0.5:
                self._apply(names, operation, pending=False)
        after = SimDisk(self._seed, generation=self._generation + 1)
        for name, inode in sorted(names.items()):
            after._names[name] = _Inode(bytes(inode.survivor(self.chance)))
        after._durable_names = dict(after._names)
        return after

    def kill(self) -> "SimDisk":
        """Kill the process: everything written stays as written, and is as unsynced as it was."""
        self._powered = False
        after = SimDisk(self._seed, generation=self._generation + 1)
        after._names, after._durable_names = self._names, self._durable_names
        after._pending = self._pending
        return after

    def flip_bit(self, name: str, bit: int) -> None:
        """Rot: one bit of a file changes where it lies, in the cache as well."""
        inode = self._names[name]
        for content in (inode.cached, inode.durable):
            if bit // 8 < len(content):
                content[bit // 8] ^= 1 << bit % 8

    def fingerprint(self) -> str:
        """The whole disk as a reader sees it, in a few letters."""
        digest = hashlib.sha256()
        for name, inode in sorted(self._names.items()):
            digest.update(f"{name} {len(inode.cached)} ".encode() + inode.cached)
        return digest.hexdigest()

    # For its files

    def check_power(self) -> None:
        if not self._powered:
            raise PowerLost

    def changed(self) -> None:
        """One changing call was made; the power may go right here."""
        if self.faults.strikes("power_lost_at"):
            self._powered = False
            raise PowerLost

    def room_for(self, inode: _Inode, size: int) -> int:
        """How long `inode` may become, at most `size`."""
        growth = max(size - len(inode.cached), 0)
        return size - max(growth - self.free_bytes(), 0)

    def _used_bytes(self) -> int:
        return sum(len(inode.cached) for inode in self._names.values())

    def _apply(
        self, names: dict[str, _Inode], operation: tuple[str, str, str, _Inode], *, pending: bool
    ) -> None:
        verb, name, target, inode = operation
        if verb == "link":
            names[name] = inode
        elif names.get(name) is inode:  # else its creation was lost, and this with it
            del names[name]
            if verb == "rename":
                names[target] = inode
        if pending:
            self._pending.append(operation)
            self.changed()


class SimState:
    """The `StateStore` port: commits are whole; the power may go before or after one."""

    def __init__(self) -> None:
        self._store = MemoryState()
        self._powered = True
        self.power_lost_before = 0
        self.power_lost_after = 0
        self.full_at = 0
        self.fail_at = 0
        self._failed = False

    def scan(
        self, table: str, start: str = "", end: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        self._check()
        return self._store.scan(table, start, end)

    def get(self, table: str, key: str) -> bytes | None:
        self._check()
        return self._store.get(table, key)

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        self._check()
        if self._strikes("full_at"):
            raise Full("commit: simulated")
        if self._strikes("fail_at"):
            self._failed = True
            raise Failed("commit: simulated")
        if self._strikes("power_lost_before"):
            self._powered = False
            raise PowerLost
        self._store.commit(changes)
        if self._strikes("power_lost_after"):
            self._powered = False
            raise PowerLost

    def close(self) -> None:
        """Every commit is durable already."""

    def crash(self) -> "SimState":
        """The store as the next start finds it."""
        self._powered = False
        after = SimState()
        after._store = self._store
        return after

    def _strikes(self, name: str) -> bool:
        count: int = getattr(self, name)
        setattr(self, name, max(count - 1, 0))
        return count == 1

    def _check(self) -> None:
        if not self._powered:
            raise PowerLost
        if self._failed:
            raise Failed("failed before: simulated")


@dataclass(slots=True)
class SeededEntropy:
    """The `Entropy` port from a seed."""

    chance: random.Random

    @classmethod
    def from_seed(cls, seed: int) -> "SeededEntropy":
        return cls(random.Random(seed))

    def token(self, size_bytes: int) -> bytes:
        return self.chance.randbytes(size_bytes)
