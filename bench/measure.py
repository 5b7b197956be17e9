"""What a process tree costs, read from /proc: CPU seconds, resident memory, its peak.

Holds no opinion on who is measured: a broker is a tree (RabbitMQ starts from a shell and has
small children), a generator is a tree. CPU is user + system in ticks of 10 ms, so a figure per
message needs a second or more of load. The time of children that died and were waited for is
kept by their parent (cutime, cstime), so the sum over a tree never falls.

Refuses to guess: a process that vanished while it was read counts as nothing, never as an error.
"""

import os
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
KIB_IN_MB = 1024 / 1e6
CORES = len(os.sched_getaffinity(0))

QUIET_WINDOW_S = 0.15

# Fields of /proc/PID/stat after the closing parenthesis of the name (proc(5), counted from 3).
_STAT_PPID = 4 - 3
_STAT_UTIME = 14 - 3
_STAT_CSTIME = 17 - 3

_CLEAR_PEAK = "5"  # proc(5), clear_refs: reset the peak resident set size


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU of a tree, of the whole machine, and the clock, at one moment."""

    at_s: float
    cpu_s: float
    machine_busy_s: float

    def since(self, earlier: "Usage") -> "Usage":
        """The difference to an earlier reading."""
        return Usage(
            self.at_s - earlier.at_s,
            self.cpu_s - earlier.cpu_s,
            self.machine_busy_s - earlier.machine_busy_s,
        )


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def process_tree(roots: Iterable[int]) -> list[int]:
    """The given processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        fields = stat_fields(int(entry.name)) if entry.name.isdigit() else []
        if fields:
            children.setdefault(int(fields[_STAT_PPID]), []).append(int(entry.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.append(pid)
            waiting.extend(children.get(pid, ()))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of their dead children."""
    ticks = 0
    for pid in pids:
        fields = stat_fields(pid)
        ticks += sum(int(field) for field in fields[_STAT_UTIME : _STAT_CSTIME + 1])
    return ticks * TICK_S


def machine_busy_seconds() -> float:
    """All CPU time the machine spent on anything but idling, since boot."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) * TICK_S


def usage(roots: Iterable[int]) -> Usage:
    """CPU used so far by the trees under `roots`."""
    return Usage(time.monotonic(), cpu_seconds(process_tree(roots)), machine_busy_seconds())


def wait_quiet(*, busy_share_max: float, patience_s: float) -> None:
    """Wait until the machine is nearly idle for a moment, or patience ends."""
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        busy, at_s = machine_busy_seconds(), time.monotonic()
        time.sleep(QUIET_WINDOW_S)
        share = (machine_busy_seconds() - busy) / ((time.monotonic() - at_s) * CORES)
        if share <= busy_share_max:
            return


def _status_kib(pid: int, field: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0


def rss_mb(roots: Iterable[int]) -> float:
    """Resident memory of the trees now (shared pages counted once per process)."""
    return sum(_status_kib(pid, "VmRSS:") for pid in process_tree(roots)) * KIB_IN_MB


def rss_peak_mb(roots: Iterable[int]) -> float:
    """Sum of each process's peak since `rss_peak_reset`: an upper bound of the tree's peak."""
    return sum(_status_kib(pid, "VmHWM:") for pid in process_tree(roots)) * KIB_IN_MB


def rss_peak_reset(roots: Iterable[int]) -> None:
    """Start a new peak at the present size."""
    for pid in process_tree(roots):
        try:
            Path(f"/proc/{pid}/clear_refs").write_text(_CLEAR_PEAK)
        except OSError:
            continue


def percentile(values: list[float], fraction: float) -> float:
    """The nearest-rank percentile; values need not be sorted."""
    assert values, "no sample, no percentile"
    assert 0.0 < fraction <= 1.0
    ordered = sorted(values)
    rank = max(1, -int(-fraction * len(ordered) // 1))
    return ordered[min(rank, len(ordered)) - 1]


def disk_fdatasync_us(folder: Path, *, samples: int = 200) -> float:
    """Median of appending 4 KiB and syncing it, in the folder that holds the brokers' data."""
    path = folder / "fdatasync-probe"
    block = bytes(4096)
    took_us: list[float] = []
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        for _ in range(samples):
            start = time.perf_counter()
            os.write(fd, block)
            os.fdatasync(fd)
            took_us.append((time.perf_counter() - start) * 1e6)
    finally:
        os.close(fd)
        path.unlink()
    return statistics.median(took_us)


def filesystem_of(folder: Path) -> str:
    """The type of the file system that holds `folder`: tmpfs would make every sync free."""
    best, kind = "", "unknown"
    real = str(folder.resolve())
    for line in Path("/proc/mounts").read_text().splitlines():
        _device, mount, fs_type, *_rest = line.split()
        if (real == mount or real.startswith(mount.rstrip("/") + "/")) and len(mount) > len(best):
            best, kind = mount, fs_type
    return kind
