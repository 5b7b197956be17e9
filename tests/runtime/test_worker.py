import gc
from collections.abc import Iterator
from threading import Event
from weakref import ref

import pytest

from dragoman.runtime.worker import ThreadWorker


class Frame:
    """What a job writes."""

    def write(self) -> None:
        """Done."""


@pytest.fixture
def worker() -> Iterator[ThreadWorker]:
    made = ThreadWorker("test")
    yield made
    made.close()


def test_jobs_are_done_one_by_one_in_order_and_before_close_returns() -> None:
    worker, done = ThreadWorker("test"), list[int]()
    for number in range(100):
        worker.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    worker.close()
    assert done == list(range(100))


def test_a_job_that_is_done_is_let_go_before_the_next_comes(worker: ThreadWorker) -> None:
    frame, gone = Frame(), Event()
    watch = ref(frame, lambda _: gone.set())
    worker.submit(frame.write)
    del frame
    assert gone.wait(10), gc.get_referrers(watch())
