# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined,untyped-decorator"
"""A Celery application with what needs more than messages alone: a chord, priorities, a worker that is killed.

With arguments (HOST:PORT, a name, a folder) it gives the work and starts and kills the workers; without, a worker
imports it. Results are files in the folder. Prints one line per thing that worked.
"""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from celery import Celery, Task, chord
from kombu import Queue

if len(sys.argv) == 4 and __name__ == "__main__":
    ADDRESS, NAME, PLACE = sys.argv[1:]
    os.environ.update(BROKER=f"amqp://guest:guest@{ADDRESS}//", NAME=NAME, PLACE=PLACE)
name, folder = os.environ["NAME"], Path(os.environ["PLACE"])
WAIT_S = 40
app = Celery("other", broker=os.environ["BROKER"], backend=f"file://{folder}")
app.conf.update(
    task_acks_late=True,
    task_default_queue=name,
    task_queues=[Queue(name), Queue(f"{name}-ranked", queue_arguments={"x-max-priority": 9})],
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    result_chord_retry_interval=0.1,
)
ORDER = itertools.count()


@app.task(name="add")
def add(a: int, b: int) -> int:
    return a + b


@app.task(name="total")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@app.task(name="place")
def place() -> int:
    return next(ORDER)


@app.task(name="hold", bind=True)
def hold(self: Task) -> str:
    """Its first worker does not come back from it."""
    info = self.request.delivery_info
    if not info["redelivered"]:
        (folder / "held").write_text("")
        time.sleep(WAIT_S)
    return "redelivered"


def worker(queues: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "celery_other", "worker", "-P", "solo"]
    command += ["-Q", queues, "--without-gossip", "--without-mingle", "-l", "WARNING"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=quiet, stderr=quiet)


def main() -> None:
    ranked = [place.apply_async(queue=f"{name}-ranked", priority=rank) for rank in (0, 3, 9, 6)]
    held = hold.delay()
    first = worker(name)
    give_up = time.monotonic() + WAIT_S
    while not (folder / "held").exists():
        assert time.monotonic() < give_up, "no worker came"
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = worker(f"{name},{name}-ranked")
    print(held.get(timeout=WAIT_S))
    print("order", [one.get(timeout=WAIT_S) for one in ranked])
    print("chord", chord(add.s(n, n) for n in range(5))(total.s()).get(timeout=WAIT_S))
    soon = add.apply_async((1, 1), countdown=0.3)
    print("later", soon.get(timeout=WAIT_S))
    second.terminate()
    second.wait(WAIT_S)


if __name__ == "__main__":
    main()
