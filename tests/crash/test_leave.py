"""Leaving: the first signal drains, the second ends the process at once; a start that cannot be says why."""

import contextlib
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from bench.generators.amqp_wire import AmqpSocket
from tests.crash.broker import BrokerDied, BrokerProcess
from tests.crash.test_disk import drained, injected, publish_confirmed

DRAIN_S_MAX = 10.0
AT_ONCE_S_MAX = 1.0

pytestmark = [pytest.mark.crash, pytest.mark.timeout(60)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_says_goodbye_and_keeps_what_was_confirmed(
    tmp_path: Path, number: signal.Signals
) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        confirmed: list[int] = []
        publisher = threading.Thread(
            target=lambda: confirmed.extend(publish_confirmed(broker.port, 100_000))
        )
        idle = AmqpSocket.connect("127.0.0.1", broker.port)
        publisher.start()
        time.sleep(0.5)
        began = time.monotonic()
        os.kill(broker.pid, number)
        idle.expect(10, 50)  # connection.close
        idle.sock.close()
        assert broker.wait(DRAIN_S_MAX) == 0, broker.tail()
        assert time.monotonic() - began < DRAIN_S_MAX
        publisher.join()
        assert confirmed
        broker.start()
        assert drained(broker.port, len(confirmed) + 10)[: len(confirmed)] == confirmed
        assert broker.stop() == 0


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        slow_disk = injected("fdatasync:delay_enter=3000000:when=20+", "fdatasync")
        broker.wrapper = slow_disk
        broker.start()
        writer = threading.Thread(target=lambda: publish_confirmed(broker.port, 30))
        writer.start()
        time.sleep(0.5)
        os.kill(broker.pid, signal.SIGTERM)
        time.sleep(0.3)
        assert broker.is_alive(), "it waits for the journal"
        os.kill(broker.pid, signal.SIGTERM)
        began = time.monotonic()
        while _exists(broker.pid):
            assert time.monotonic() - began < AT_ONCE_S_MAX + 3.0  # the call under way is strace's
            time.sleep(0.01)
        writer.join()


def _exists(pid: int) -> bool:
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z"
    return False


def test_a_directory_in_use_is_refused_with_the_process_that_uses_it(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker, BrokerProcess(tmp_path / "data") as other:
        broker.start()
        other.ready_file = tmp_path / "other.ready"
        other.log = tmp_path / "other.log"
        with pytest.raises(BrokerDied, match=f"in use by process {broker.pid}"):
            other.start()
        assert other.wait() == 2


def test_a_port_in_use_is_refused_by_name(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "one") as broker:
        broker.start()
        with BrokerProcess(tmp_path / "two", broker.port) as other:
            with pytest.raises(BrokerDied, match=f"port {broker.port} .* is taken"):
                other.start()
            assert other.wait() == 2
