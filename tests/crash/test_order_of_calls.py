"""The order of the broker's calls to the system, as strace sees them: a frame's sync ends before its confirm leaves.

Publishes are sent one at a time, so for each one there must be, in this order: the write of its frame to the journal,
an fdatasync that begins behind that write and has returned, and only then the write of the confirm to its socket. The
bytes tell which is which: a marker in the body finds the frame.
"""

import re
import shutil
from pathlib import Path

import pytest
from bench.generators.amqp_wire import AmqpSocket
from bench.generators.kafka_wire import KafkaSocket
from tests.crash.broker import BrokerProcess

from bench.generators import amqp_wire, kafka_wire

PUBLISHES = 5
TOPIC, QUEUE = "ordered", "ordered"
CALLS = "pwrite64,pwritev,pwritev2,fdatasync,fsync,write,writev,sendto,sendmsg"
# strace -f -tt marks calls of several threads as `<unfinished ...>` and `<... fdatasync resumed>`.
SYNC_BEGUN = re.compile(r"^\d+ +fdatasync\((\d+)")
SYNC_ENDED = re.compile(r"^\d+ +(?:<\.\.\. )?fdatasync.*= 0$")

pytestmark = [
    pytest.mark.crash,
    pytest.mark.timeout(60),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]


def marker(number: int) -> str:
    return f"marker-{number}-of-this-test"


def publish_amqp(port: int) -> None:
    """Persistent, each confirmed before the next."""
    amqp = AmqpSocket.connect("127.0.0.1", port)
    amqp.declare(QUEUE, durable=True)
    amqp.confirm_select()
    for number in range(PUBLISHES):
        amqp.sock.sendall(amqp_wire.publish(QUEUE, marker(number).encode(), 2))
        amqp.expect(60, 80)
    amqp.close()


def produce_kafka(port: int) -> None:
    """To a topic that asks for a sync of every message, each answered before the next."""
    kafka = KafkaSocket.connect("127.0.0.1", port)
    kafka.create_topic(TOPIC, 1, {"flush.messages": "1"})
    for number in range(PUBLISHES):
        batch = kafka_wire.record_batch([marker(number).encode()], 1_700_000_000_000)
        kafka.fill(TOPIC, 0, batch, 1)
    kafka.close()


def traced(tmp_path: Path, publish: object) -> list[str]:
    """The calls of a broker that served `publish`, one a line: thread, call, result."""
    trace = tmp_path / "trace"
    with BrokerProcess(tmp_path / "data") as broker:
        broker.wrapper = ("strace", "-f", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(trace))
        broker.start()
        assert callable(publish)
        publish(broker.port)
        broker.stop()
    return trace.read_text(errors="replace").splitlines()


def is_journal_write(line: str, number: int) -> bool:
    return marker(number) in line and re.match(r"^\d+ +pwrite", line) is not None


def confirm_after(lines: list[str], start: int, is_confirm: "re.Pattern[str]") -> int:
    """The first line from `start` on that begins to write a confirm to a socket."""
    return next(at for at in range(start, len(lines)) if is_confirm.search(lines[at]))


# basic.ack: method frame on channel 1, 13 bytes, class 60, method 80; as strace writes bytes.
AMQP_CONFIRM = re.compile(r"^\d+ +(?:write|writev|sendto|sendmsg)\(.*\\1\\0\\1\\0\\0\\0\\r\\0<\\0P")
# A produce answer to correlation id 7, for the topic: size, 0 0 0 7, tag buffer, one topic, its name.
KAFKA_CONFIRM = re.compile(
    r"^\d+ +(?:write|writev|sendto|sendmsg)\(.*\\0\\0\\0\\7\\0\\2\\10ordered"
)


@pytest.mark.parametrize(
    ("publish", "is_confirm"),
    [(publish_amqp, AMQP_CONFIRM), (produce_kafka, KAFKA_CONFIRM)],
    ids=["amqp", "kafka"],
)
def test_a_confirm_is_written_to_its_socket_after_the_sync_of_its_frame_has_returned(
    tmp_path: Path, publish: object, is_confirm: "re.Pattern[str]"
) -> None:
    lines = traced(tmp_path, publish)
    for number in range(PUBLISHES):
        frame = next(at for at, line in enumerate(lines) if is_journal_write(line, number))
        confirm = confirm_after(lines, frame, is_confirm)
        between = lines[frame:confirm]
        begun = [at for at, line in enumerate(between) if SYNC_BEGUN.search(line)]
        assert begun, f"no sync between frame and confirm of {number}: {between}"
        ended = [line for line in between[begun[0] :] if SYNC_ENDED.search(line)]
        assert ended, f"the sync of {number} had not returned: {between}"
        if number + 1 < PUBLISHES:
            following = next(
                at for at, line in enumerate(lines) if is_journal_write(line, number + 1)
            )
            assert confirm < following, "each publish waits for the confirm before it"
