"""A real broker process on a data directory, on one port that stays the same over its lives."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 20.0
END_S_MAX = 20.0
PORTS = range(20_000, 32_000)  # below those that systems give to clients


class BrokerDied(Exception):
    """The process ended before it was ready."""


def free_port() -> int:
    """A port that nobody listens on now, and that no client is given while its broker is dead."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(**more: str) -> dict[str, str]:
    """What a child process of these tests needs."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, **more}


class BrokerProcess:
    """`python -m dragoman serve --data DIR`. What it says goes to a file beside the directory."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.ready_file = data.with_name(data.name + ".ready")
        self.log = data.with_name(data.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.wrapper: tuple[str, ...] = ()  # a command that runs the broker: strace
        self.options: tuple[str, ...] = ()
        self.program: tuple[str, ...] = ("dragoman", "serve")  # a module, and its first words

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the broker itself, whatever it was wrapped in."""
        pid: int = json.loads(self.ready_file.read_text())["pid"]
        return pid

    def spawn(self, kill_point: str = "") -> None:
        """Start without waiting."""
        self.ready_file.unlink(missing_ok=True)
        more = {"DRAGOMAN_KILL_POINT": kill_point} if kill_point else {}
        command = [*self.wrapper, sys.executable, "-m", *self.program]
        command += ["--data", str(self.data), "--port", f"all={self.port}"]
        command += ["--ready-file", str(self.ready_file), *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment(**more), stdout=log, stderr=log, start_new_session=True
            )

    def start(self, kill_point: str = "") -> float:
        """Start and wait until it serves; seconds that took. Raises BrokerDied, TimeoutError."""
        began = time.monotonic()
        self.spawn(kill_point)
        while not self.ready_file.exists():
            if not self.is_alive():
                raise BrokerDied(self.tail())
            if time.monotonic() - began > READY_S_MAX:
                self.kill()
                raise TimeoutError(f"not ready after {READY_S_MAX} s: {self.tail()}")
            time.sleep(0.01)
        return time.monotonic() - began

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9, its wrapper included."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(END_S_MAX)

    def wait(self, seconds: float = END_S_MAX) -> int:
        """Its exit status, once it has ended by itself."""
        assert self.process is not None
        return self.process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def tail(self) -> str:
        """The last it said."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_alive():
            self.kill()


class Worker:
    """A client in a process of its own: a module of this folder. Its history goes to a file, one line per event."""

    def __init__(self, module: str, folder: Path, name: str, *arguments: str) -> None:
        self.history = folder / f"{name}.history"
        self.status = folder / f"{name}.status"
        self._log = (folder / f"{name}.log").open("wb")
        self._log_path = folder / f"{name}.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.crash.{module}", *arguments, self.history, self.status],
            cwd=ROOT,
            env=environment(),
            stdout=self._log,
            stderr=self._log,
        )

    def losses(self) -> list[int]:
        """What it had under way each time its connection was lost."""
        return (
            [int(line) for line in self.status.read_text().split()] if self.status.exists() else []
        )

    def finish(self, seconds: float = 30.0) -> str:
        """Tell it to end, and wait. Returns what it complained of."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = -1
        self._log.close()
        said = self._log_path.read_text(errors="replace")
        return said if status == 0 else f"status {status}: {said}"

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()
