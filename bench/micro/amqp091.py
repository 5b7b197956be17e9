"""Microseconds per message of the AMQP 0-9-1 hot paths, in one process, without a socket.

    python bench/micro/amqp091.py              the source as it is
    python bench/micro/amqp091.py --compiled   the hot modules built with mypyc in a scratch folder first

300 messages of 100 bytes a buffer, CPU time, best of several rounds. `same`: all headers equal (a benchmark's
traffic); `varied`: each message has its own message-id; `keys`: the routing key changes every message.
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
HOT = ("bigendian", "contents", "events", "outgoing", "parser", "propertyscan")
COUNT = 300
ROUNDS = 7
CALLS_PER_ROUND = 100
FRAME_MAX = 131_072

SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="hot", packages=[], ext_modules=mypycify({paths!r}, opt_level="3"))
"""


def compiled_copy() -> Path:
    """A copy of the source with the hot modules compiled."""
    scratch = Path(tempfile.mkdtemp(prefix="dragoman-micro-"))
    shutil.copytree(SOURCE / "dragoman", scratch / "dragoman")
    paths = [f"dragoman/wire/amqp091/{name}.py" for name in HOT]
    (scratch / "setup.py").write_text(SETUP.format(paths=paths))
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=scratch, check=True, capture_output=True)
    return scratch


def us_per_message(work: Callable[[], object]) -> float:
    """The best round, divided by calls and messages."""
    best = min(timeit.repeat(work, timer=time.process_time, number=CALLS_PER_ROUND, repeat=ROUNDS))
    return best / CALLS_PER_ROUND / COUNT * 1e6


def measure() -> None:
    """Print one line for each path."""
    from dragoman.wire.amqp091 import outgoing, parser  # noqa: PLC0415 (which copy is chosen above)
    from dragoman.wire.amqp091.properties import encode_header  # noqa: PLC0415
    from dragoman.wire.amqp091.propertyscan import scan_properties  # noqa: PLC0415

    print(f"# {parser.__file__}")
    key = b"\x00\x05queue"
    keys = [b"\x00\x06queue%d" % (index % 10) for index in range(COUNT)]
    bodies = [bytes([index % 256]) * 100 for index in range(COUNT)]
    same = [encode_header(100, {"delivery_mode": 2})] * COUNT
    varied = [
        encode_header(100, {"delivery_mode": 2, "message_id": f"{n:036}"}) for n in range(COUNT)
    ]

    def published(key_raw: bytes, headers: list[bytes], bodies: list[bytes]) -> bytes:
        return outgoing.publish_run(1, key_raw, False, headers, bodies, FRAME_MAX)

    buffers = {
        "parse, same": published(key, same, bodies),
        "parse, varied": published(key, varied, bodies),
        "parse, keys": b"".join(
            published(keys[n], same[:1], bodies[n : n + 1]) for n in range(COUNT)
        ),
        "parse, acks": b"".join(outgoing.ack(1, tag + 1, False) for tag in range(COUNT)),
    }
    codec = parser.FrameParser(FRAME_MAX, 2047, 1 << 24)
    for name, buffer in buffers.items():
        print(f"{name:22}{us_per_message(partial(codec.receive, buffer)):7.3f}")
    fresh = [False] * COUNT
    for name, headers in (("same", same), ("varied", varied)):
        entries = outgoing.pack_entries(key, headers, bodies)
        pack = us_per_message(partial(outgoing.pack_entries, key, headers, bodies))
        deliver = us_per_message(
            partial(outgoing.deliver_run, 1, b"ctag1", 1, fresh, entries, FRAME_MAX)
        )
        print(f"{'pack_entries, ' + name:22}{pack:7.3f}")
        print(f"{'deliver_run, ' + name:22}{deliver:7.3f}")
    scan = us_per_message(lambda: [scan_properties(header) for header in varied])
    print(f"{'scan_properties':22}{scan:7.3f}")


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
