"""Microseconds per message of Kafka's codecs, in one process, without a socket.

    python bench/micro/kafka.py              the source as it is
    python bench/micro/kafka.py --compiled   the hot modules built with mypyc in a scratch folder first

CPU time, best of several rounds. `by hand` are the hot modules, `generated` the codec for all others. Batches
hold 1 KiB records; where no size is said, a partition has one batch of 10 of them.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from functools import partial
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
HOT = ("batch", "fetch", "frame", "primitives", "produce", "records")
ROUNDS = 7
SECONDS_PER_ROUND = 0.05
NOW_MS = 1_700_000_000_000

SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="hot", packages=[], ext_modules=mypycify({paths!r}, opt_level="3"))
"""


def compiled_copy() -> Path:
    """A copy of the source with the hot modules compiled."""
    scratch = Path(tempfile.mkdtemp(prefix="dragoman-micro-"))
    shutil.copytree(SOURCE / "dragoman", scratch / "dragoman")
    paths = [f"dragoman/wire/kafka/{name}.py" for name in HOT]
    (scratch / "setup.py").write_text(SETUP.format(paths=paths))
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=scratch, check=True, capture_output=True)
    return scratch


def show(name: str, work: Callable[[], object]) -> None:
    """Print the best round, divided by its calls."""
    once = timeit.timeit(work, timer=time.process_time, number=20) / 20
    calls = max(5, int(SECONDS_PER_ROUND / max(once, 1e-7)))
    best = min(timeit.repeat(work, timer=time.process_time, number=calls, repeat=ROUNDS))
    print(f"{name:48}{best / calls * 1e6:9.2f}")


def measure() -> None:
    """Print one line for each path."""
    from dragoman.wire.kafka import frame  # noqa: PLC0415 (which copy is chosen above)

    print(f"# {frame.__file__}")
    produce()
    fetch()
    batches()
    others()


def batch_of(count: int) -> bytes:
    """One batch of 1 KiB records."""
    from dragoman.wire.kafka.records import BatchBuilder  # noqa: PLC0415

    builder = BatchBuilder()
    for _ in range(count):
        builder.add(None, bytes(1024), NOW_MS, [])
    return builder.build()


def produce() -> None:
    """Produce, 1 partition with 10 KiB: a whole request read, a whole response written."""
    from dragoman.wire.kafka import codec, frame  # noqa: PLC0415
    from dragoman.wire.kafka import produce as hot  # noqa: PLC0415

    parts = [{"index": 0, "records": batch_of(10)}]
    message = {
        "acks": 1,
        "timeout_ms": 30000,
        "topic_data": [{"name": "orders", "partition_data": parts}],
    }
    for version in (9, 11):
        head = frame.write_request_header(0, version, 1, "rdkafka")
        data = head + codec.encode_request(0, version, message)
        at, end = len(head), len(data)
        show(f"request header v{version}", partial(frame.read_request_header, data, 0, len(data)))
        show(
            f"produce request v{version}, by hand",
            partial(hot.decode_produce_request, version, data, at, end),
        )
        show(
            f"produce request v{version}, generated",
            partial(codec.decode_request, 0, version, data, at, end),
        )
        results = [hot.ProduceResult("orders", 0, 0, 123456, -1, 0)]
        show(
            f"produce response v{version}, by hand",
            partial(hot.encode_produce_response, version, 1, results, 0),
        )


def fetch() -> None:
    """Fetch, 1 and 10 partitions: requests read, responses written."""
    from dragoman.wire.kafka import codec  # noqa: PLC0415
    from dragoman.wire.kafka import fetch as hot  # noqa: PLC0415

    for version, topic, count in ((12, "orders", 1), (16, bytes(16), 1), (16, bytes(16), 10)):
        named = {"topic_id" if version >= 13 else "topic": topic}
        partitions = [
            {"partition": index, "fetch_offset": 123456, "partition_max_bytes": 1 << 20}
            for index in range(count)
        ]
        message = {
            "max_wait_ms": 500,
            "min_bytes": 1,
            "topics": [named | {"partitions": partitions}],
            "forgotten_topics_data": [],
        }
        data = codec.encode_request(1, version, message)
        end = len(data)
        suffix = f"v{version}, {count} partitions"
        show(
            f"fetch request {suffix}, by hand",
            partial(hot.decode_fetch_request, version, data, 0, end),
        )
        show(
            f"fetch request {suffix}, generated",
            partial(codec.decode_request, 1, version, data, 0, end),
        )
        records = [batch_of(10)]
        found = [hot.FetchResult(topic, index, 0, 9, 9, 0, records) for index in range(count)]
        show(
            f"fetch response {suffix}, by hand",
            partial(hot.encode_fetch_response, version, 1, found, 0, 0, 0),
        )


def batches() -> None:
    """Checking and placing batches of three sizes; opening and building one."""
    from dragoman.wire.kafka import batch, records  # noqa: PLC0415

    limits = batch.BatchLimits(1 << 21, 0, NOW_MS * 2, True)
    for count in (1, 16, 1000):
        data = batch_of(count)
        show(f"check a batch, {count} KiB", partial(batch.check_batch, data, limits))
        show(f"place a batch, {count} KiB", partial(batch.place_batch, data, 9, 0))
        show(f"stamp a batch, {count} KiB", partial(batch.stamp_batch, data, NOW_MS))
    data = batch_of(100)
    show("open a batch of 100 records", lambda: records.read_records(data))
    show("build a batch of 100 records", lambda: batch_of(100))


def others() -> None:
    """Frames, and a large answer of the generated codec."""
    from dragoman.wire.kafka import codec  # noqa: PLC0415
    from dragoman.wire.kafka.frame import FrameBuffer  # noqa: PLC0415

    body = bytes(200)
    many = (len(body).to_bytes(4) + body) * 300
    show("300 frames of 200 bytes in one read", lambda: FrameBuffer().receive(many))
    large = (1 << 20).to_bytes(4) + bytes(1 << 20)
    reads = [large[pos : pos + 65536] for pos in range(0, len(large), 65536)]

    def pieces() -> None:
        buffer = FrameBuffer()
        for read in reads:
            buffer.receive(read)

    show("a frame of 1 MiB in reads of 64 KiB", pieces)
    partition = {"error_code": 0, "leader_id": 1, "replica_nodes": [1], "isr_nodes": [1]}
    partitions = [
        partition | {"partition_index": index, "offline_replicas": []} for index in range(6)
    ]
    topic = {"error_code": 0, "partitions": partitions}
    message = {
        "brokers": [{"node_id": 1, "host": "localhost", "port": 9092}],
        "topics": [topic | {"name": f"topic-{n}", "topic_id": bytes(16)} for n in range(10)],
    }
    show(
        "metadata response v12, 10 topics of 6, generated",
        lambda: codec.encode_response(3, 12, message),
    )


def main() -> None:
    """Choose the copy, then measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--compiled", action="store_true")
    source = compiled_copy() if options.parse_args().compiled else SOURCE
    sys.path.insert(0, str(source))
    try:
        measure()
    finally:
        if source is not SOURCE:
            shutil.rmtree(source)


if __name__ == "__main__":
    main()
