"""Disks that fail, fill up, tear and rot, under a broker that serves: what was confirmed is there afterwards, or nobody
is told that it is.
"""

import contextlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.generators.amqp_wire import AmqpError, AmqpSocket
from bench.generators.kafka_wire import KafkaError, KafkaSocket
from tests.crash.broker import BrokerDied, BrokerProcess

from bench.generators import amqp_wire, kafka_wire

QUEUE, TOPIC = "disk", "disk-topic"
TMPFS_BYTES = 320 << 20
FILL_LEAVES_BYTES = 8 << 20
AGAIN_S_MAX = 5.0  # until publishes are taken again once there is room
REFUSED_S_MAX = 5.0
STORAGE_ERROR = "error 56"  # KAFKA_STORAGE_ERROR
BLOCKED, UNBLOCKED = (10, 60), (10, 61)

pytestmark = [pytest.mark.crash, pytest.mark.timeout(60)]
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def body_of(number: int) -> bytes:
    return f"{number}:".encode() + bytes([number % 251]) * 100


def publish_confirmed(port: int, count: int, start: int = 0) -> list[int]:
    """Publish one by one; those confirmed until the broker has gone, or all."""
    confirmed: list[int] = []
    amqp = AmqpSocket.connect("127.0.0.1", port)
    with contextlib.closing(amqp), contextlib.suppress(AmqpError, OSError):
        amqp.declare(QUEUE, durable=True)
        amqp.confirm_select()
        for number in range(start, start + count):
            amqp.sock.sendall(amqp_wire.publish(QUEUE, body_of(number), 2))
            amqp.expect(60, 80)
            confirmed.append(number)
    return confirmed


def drained(port: int, count: int) -> list[int]:
    """The ids of what waits in the queue, by basic.get and ack."""
    amqp = AmqpSocket.connect("127.0.0.1", port)
    found: list[int] = []
    get = amqp_wire.method(60, 70, b"\0\0" + amqp_wire.short(QUEUE) + b"\1")
    while len(found) < count:
        amqp.sock.sendall(get)
        _, payload = amqp.receive_frame()
        if payload[:4] == bytes((0, 60, 0, 72)):
            break
        amqp.receive_frame()
        _, body = amqp.receive_frame()
        number = int(body[: body.index(b":")])
        assert body == body_of(number), number
        found.append(number)
    amqp.close()
    return found


def injected(fault: str, calls: str) -> tuple[str, ...]:
    """Run a broker so that the system answers a call with an error."""
    return (
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={fault}",
    )


@needs_strace
@pytest.mark.parametrize("when", [25, 60])
def test_a_sync_that_fails_stops_the_broker_and_loses_nothing_confirmed(
    tmp_path: Path, when: int
) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.wrapper = injected(f"fdatasync:error=EIO:when={when}+", "fdatasync")
        broker.start()
        confirmed = publish_confirmed(broker.port, 200)
        assert broker.wait() == 1
        assert "the journal failed" in broker.tail()
        assert 0 < len(confirmed) < 200
        broker.wrapper = ()
        broker.start()
        found = drained(broker.port, 1_000)
        assert found[: len(confirmed)] == confirmed
        assert len(found) <= len(confirmed) + 1, "only the one under way may be there as well"
        assert broker.stop() == 0


@needs_strace
def test_a_write_without_room_is_tried_again_and_confirmed_only_then(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.wrapper = injected("pwritev2:error=ENOSPC:when=25..25", "pwritev2")
        broker.start()
        confirmed = publish_confirmed(broker.port, 100)
        assert confirmed == list(range(100))
        broker.kill()
        broker.wrapper = ()
        broker.start()
        assert drained(broker.port, 1_000) == confirmed
        assert broker.stop() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of TMPFS_BYTES."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(folder)]
    tried = subprocess.run(mount, check=False, capture_output=True)
    if tried.returncode:
        pytest.skip(f"cannot mount a small file system: {tried.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """A file that takes nearly all that is free."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.truncate(0)
        size = shutil.disk_usage(folder).free - FILL_LEAVES_BYTES
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return filler


def test_a_full_disk_refuses_publishes_in_each_protocols_words_and_lets_consumers_go_on(
    small_disk: Path,
) -> None:
    with BrokerProcess(small_disk / "data") as broker:
        broker.start()
        confirmed = publish_confirmed(broker.port, 50)
        kafka = KafkaSocket.connect("127.0.0.1", broker.port)
        kafka.create_topic(TOPIC, 1, {})
        batch = kafka_wire.record_batch([b"value"], 1)
        kafka.fill(TOPIC, 0, batch, 1)
        filler = fill(small_disk)

        give_up = time.monotonic() + REFUSED_S_MAX
        stored = 1
        refusal = ""
        while not refusal and time.monotonic() < give_up:
            try:
                kafka.fill(TOPIC, 0, batch, 1)
                stored += 1
                time.sleep(0.02)
            except KafkaError as error:
                refusal = str(error)
        assert STORAGE_ERROR in refusal
        kafka.close()
        publisher = blocked_publisher(broker.port)
        assert drained(broker.port, 25) == confirmed[:25], "consuming and settling go on"

        filler.unlink()
        began = time.monotonic()
        publisher.expect(*UNBLOCKED)
        publisher.expect(60, 80)
        assert time.monotonic() - began < AGAIN_S_MAX
        publisher.close()
        kafka = KafkaSocket.connect("127.0.0.1", broker.port)
        kafka.fill(TOPIC, 0, batch, 1)
        kafka.close()
        assert end_of_topic(broker.port) == stored + 1
        broker.kill()
        broker.start()
        assert drained(broker.port, 1_000) == [*confirmed[25:], 50]
        assert end_of_topic(broker.port) == stored + 1
        assert broker.stop() == 0


def end_of_topic(port: int) -> int:
    kafka = KafkaSocket.connect("127.0.0.1", port)
    with contextlib.closing(kafka):
        return kafka.end_offset(TOPIC, 0)


def blocked_publisher(port: int) -> AmqpSocket:
    """One that asked to be told, published message 50, and was told that the broker is blocked."""
    amqp = capable(port)
    amqp.confirm_select()
    amqp.sock.sendall(amqp_wire.publish(QUEUE, body_of(50), 2))
    amqp.expect(*BLOCKED)
    return amqp


def capable(port: int) -> AmqpSocket:
    """A connection whose client understands connection.blocked."""
    amqp = AmqpSocket(socket.create_connection(("127.0.0.1", port), timeout=10))
    amqp.sock.sendall(b"AMQP\0\0\x09\1")
    amqp.expect(10, 10)
    capability = amqp_wire.short("connection.blocked") + b"t\1"
    table = amqp_wire.short("capabilities") + b"F" + amqp_wire.long(capability)
    login = amqp_wire.long(b"\0guest\0guest")
    start_ok = amqp_wire.long(table) + amqp_wire.short("PLAIN") + login + amqp_wire.short("en_US")
    amqp.sock.sendall(amqp_wire.method(10, 11, start_ok, 0))
    amqp.expect(10, 30)
    tune = (64).to_bytes(2, "big") + (131_072).to_bytes(4, "big") + b"\0\0"
    opening = amqp_wire.method(10, 31, tune, 0)
    amqp.sock.sendall(opening + amqp_wire.method(10, 40, amqp_wire.short("/") + b"\0\0", 0))
    amqp.expect(10, 41)
    amqp.sock.sendall(amqp_wire.method(20, 10, b"\0"))
    amqp.expect(20, 11)
    return amqp


def journal_of(broker: BrokerProcess) -> Path:
    """The journal's only file."""
    (file,) = (
        p for p in (broker.data / "journal").iterdir() if re.fullmatch(r"journal-\d+", p.name)
    )
    return file


def frames_of(journal: bytes | bytearray) -> list[tuple[int, int]]:
    """Where frames begin and end, by their headers: magic at 0, length at 36."""
    frames, at = [], 0
    while journal[at : at + 4] == b"DRGJ":
        end = at + 52 + int.from_bytes(journal[at + 36 : at + 40], "little")
        frames.append((at, end))
        at = end
    return frames


def test_a_torn_tail_is_cut_and_what_stands_before_it_served(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        confirmed = publish_confirmed(broker.port, 50)
        broker.kill()
        file = journal_of(broker)
        journal = file.read_bytes()
        start, end = frames_of(journal)[-1]
        torn = (start + end) // 2
        file.write_bytes(journal[:torn] + bytes(end - torn) + journal[end:])
        broker.start()
        found = drained(broker.port, 1_000)
        assert found == confirmed[: len(found)]
        assert len(found) >= len(confirmed) - 1
        more = publish_confirmed(broker.port, 10, 50)
        broker.kill()
        broker.start()
        assert drained(broker.port, 1_000) == more
        assert broker.stop() == 0


def test_rot_in_what_was_durable_is_refused_by_name_and_nothing_is_changed(tmp_path: Path) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        publish_confirmed(broker.port, 50)
        broker.kill()
        file = journal_of(broker)
        journal = bytearray(file.read_bytes())
        frames = frames_of(journal)
        start, end = frames[len(frames) // 2]
        journal[(start + end) // 2] ^= 1
        file.write_bytes(journal)
        with pytest.raises(BrokerDied, match=r"frames \d+ to \d+ were durable and cannot be read"):
            broker.start()
        assert broker.wait() == 2
        assert file.read_bytes() == journal
