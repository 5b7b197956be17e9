"""Work that may block, off the turn thread: one thread per worker, jobs in the order they were given.

A simulation gives the runtime a worker of its own, which runs jobs when it likes.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

Job = Callable[[], None]


class Worker(Protocol):
    """Runs jobs, one at a time, in order."""

    def submit(self, job: Job) -> None:
        """The job must not raise; what it found it posts back itself."""
        ...

    def close(self) -> None:
        """Return once every job given is done."""
        ...


class ThreadWorker:
    """A worker with a thread of its own."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """See `Worker.submit`. Bounded by its users: each has at most one job under way."""
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
            del job  # what it has written need not wait in memory for the next one

    def close(self) -> None:
        """See `Worker.close`."""
        self._jobs.put(None)
        self._thread.join()
