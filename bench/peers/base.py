"""What every broker under test has in common: a process tree in a folder of its own.

A peer starts in its own session, so that whatever it forks can be found and ended; `stop` asks
politely, waits, and then ends the whole tree. Nothing of a peer outlives its `stop`, and `stop`
runs at exit too. A peer that cannot be had (no package, no registry, no Java) raises
`PeerUnavailableError` with the reason, which becomes 'not compared' in the results.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measure import process_tree, stat_fields

READY_TIMEOUT_S = 60.0
READY_POLL_S = 0.01
STOP_TIMEOUT_S = 20.0
LOG_TAIL_CHARS = 1200
_STAT_SESSION = 6 - 3  # as in bench.measure: fields counted from the state


class PeerUnavailableError(RuntimeError):
    """The broker cannot be started here; the text says why."""


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Peer(ABC):
    """One broker. `start` and `stop` may be called again: the data folder stays until `discard`."""

    name: str = ""

    def __init__(self, root: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-", dir=root))
        self.version = "unknown"
        self.build = "peer"
        self.ready_s = 0.0
        self._processes: list[subprocess.Popen[bytes]] = []
        self._pids_seen: set[int] = set()
        atexit.register(self.discard)

    @abstractmethod
    def start(self) -> None:
        """Start on free ports and return when clients are served; sets `ready_s`."""

    @abstractmethod
    def endpoint(self, protocol: str) -> tuple[str, int]:
        """Host and port of 'amqp', 'kafka' or 'sqs'; KeyError if the peer does not speak it."""

    @property
    def log_path(self) -> Path:
        """Where the broker's standard output goes."""
        return self.folder / "broker.log"

    @property
    def pids(self) -> list[int]:
        """The broker's own process tree: helpers that only serve a start are left out."""
        return process_tree([self._processes[-1].pid]) if self._processes else []

    @property
    def alive(self) -> bool:
        """Whether every process started is still there."""
        return bool(self._processes) and all(p.poll() is None for p in self._processes)

    def spawn(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one process of this peer in a session of its own."""
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if environment is None else {**os.environ, **environment},
                cwd=self.folder,
                start_new_session=True,
            )
        self._processes.append(process)

    def wait_ready(self, probe: Callable[[], bool], *, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Call `probe` until it answers True; raise with the log's end when the process dies."""
        start = time.monotonic()
        while True:
            if probe():
                self.ready_s = time.monotonic() - start
                return
            if not self.alive or time.monotonic() - start > timeout_s:
                tail = self.log_path.read_text(errors="replace")[-LOG_TAIL_CHARS:].strip()
                self.stop()
                last = tail.splitlines()[-1] if tail else "no word in its log"
                raise PeerUnavailableError(f"{self.name} did not get ready: {last}\n{tail}")
            time.sleep(READY_POLL_S)

    def stop(self) -> None:
        """Ask the broker to end, wait, then end what is left of its tree."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker at once, as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, first_signal: signal.Signals) -> None:
        for process in reversed(self._processes):
            tree = process_tree([process.pid])
            self._pids_seen.update(tree)
            for pid in tree if first_signal is signal.SIGKILL else [process.pid]:
                _signal(pid, first_signal)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                for pid in process_tree([process.pid]):
                    _signal(pid, signal.SIGKILL)
                process.wait()
        self._end_leftovers()
        self._processes.clear()

    def _end_leftovers(self) -> None:
        """Orphans keep the session they were started in: end them by it, and see them gone."""
        sessions = {process.pid for process in self._processes}
        give_up = time.monotonic() + STOP_TIMEOUT_S
        while left := [pid for pid in self._pids_seen if _session(pid) in sessions]:
            for pid in left:
                _signal(pid, signal.SIGKILL)
            if time.monotonic() > give_up:
                break
            time.sleep(READY_POLL_S)
        self._pids_seen.clear()

    def discard(self) -> None:
        """Stop and remove the data folder."""
        if self._processes:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.discard)


def _session(pid: int) -> int | None:
    """The session of a process that still runs; None when it is gone or a zombie."""
    fields = stat_fields(pid)
    return int(fields[_STAT_SESSION]) if fields and fields[0] not in "ZX" else None


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
