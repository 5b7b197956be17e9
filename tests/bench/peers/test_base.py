"""A peer's processes: started apart, asked to end, never left behind."""

import sys
from pathlib import Path

import pytest
from bench.measure import stat_fields
from bench.peers.base import Peer, PeerUnavailableError

# A parent that ignores the polite signal and has a child of its own.
STUBBORN = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


class SleepingPeer(Peer):
    """A peer whose broker only sleeps."""

    name = "sleeping"

    def start(self) -> None:
        self.mark = self.folder / "child"
        self.spawn([sys.executable, "-c", STUBBORN, str(self.mark)])
        self.wait_ready(lambda: self.mark.exists() and bool(self.mark.read_text()))

    def endpoint(self, protocol: str) -> tuple[str, int]:
        raise KeyError(protocol)


class DyingPeer(SleepingPeer):
    """A peer whose broker says why and dies."""

    def start(self) -> None:
        self.spawn([sys.executable, "-c", "print('no disk'); raise SystemExit(3)"])
        self.wait_ready(lambda: False)


def gone(pid: int) -> bool:
    fields = stat_fields(pid)
    return not fields or fields[0] in {"Z", "X"}


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_no_process_outlives_its_peer(tmp_path: Path, way: str) -> None:
    peer = SleepingPeer(tmp_path)
    peer.start()
    pids = peer.pids
    assert len(pids) == 2
    assert peer.alive
    getattr(peer, way)()
    assert not peer.alive
    assert all(gone(pid) for pid in pids)
    peer.discard()
    assert not peer.folder.exists()


def test_a_peer_that_dies_at_start_is_unavailable_with_its_last_words(tmp_path: Path) -> None:
    peer = DyingPeer(tmp_path)
    with pytest.raises(PeerUnavailableError, match="no disk"):
        peer.start()
    peer.discard()
