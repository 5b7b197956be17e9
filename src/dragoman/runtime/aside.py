"""Work that takes too long for a turn, done aside on a worker, one job after the other: a password's hash.

    ask(key) --unknown--> the worker --> known for REMEMBERED_MS: whoever asked is told, and asks again
             --known----> its result at once

A key names the work, so that a thousand connections that show one password have it judged once. The worker is made
with the first job; until the composition gives another, jobs are done at once, as tests in memory want it.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

from dragoman.model.errors import QuotaExceeded
from dragoman.runtime.worker import Worker

WAITING_MAX: Final = 256  # jobs, before more are refused
REMEMBERED_MAX: Final = 10_000  # results
REMEMBERED_MS: Final = 600_000

Post = Callable[..., object]


class AtOnce:
    """A worker for where nothing runs besides: a job is done when it is given."""

    def submit(self, job: Callable[[], None]) -> None:
        """See `Worker.submit`."""
        job()

    def close(self) -> None:
        """See `Worker.close`."""


class Asks(Protocol):
    """Whoever is to be told."""

    id: int


class Aside:
    """See the module. `post` runs its argument on the turn's thread; `tell` is given those who asked."""

    def __init__(
        self, make_worker: Callable[[], Worker], post: Post, tell: Callable[[dict[Any, None]], None]
    ) -> None:
        self._make_worker = make_worker
        self._post = post
        self._tell = tell
        self._worker: Worker | None = None
        self._waiting: dict[bytes, dict[Any, None]] = {}  # by key, who asked
        self._known: dict[bytes, tuple[int, object]] = {}  # until when, result; the oldest first
        self._now_ms = 0
        self._is_closed = False

    def ask(self, who: Asks, key: bytes, job: Callable[[], object], now_ms: int) -> object | None:
        """The result, None until it is known. Raises QuotaExceeded, and whatever the job has raised."""
        self._now_ms = now_ms
        if key not in self._known and key not in self._waiting:
            self._begin(key, job)
        if key in self._waiting:
            self._waiting[key][who] = None
            return None
        until_ms, result = self._known[key]
        if until_ms <= now_ms or isinstance(result, Exception):
            del self._known[key]
        if isinstance(result, Exception):
            raise result
        return result

    def _begin(self, key: bytes, job: Callable[[], object]) -> None:
        if len(self._waiting) >= WAITING_MAX:
            raise QuotaExceeded(f"{WAITING_MAX} passwords wait to be looked at; try again")
        if self._worker is None:
            self._worker = self._make_worker()
        self._waiting[key] = {}
        self._worker.submit(lambda: self._run(key, job))

    def _run(self, key: bytes, job: Callable[[], object]) -> None:
        """On the worker."""
        if self._is_closed:
            return
        result: object
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - raised to whoever asked
            result = error
        assert result is not None, "None says that nothing is known yet"
        self._post(self._done, key, result)

    def _done(self, key: bytes, result: object) -> None:
        self._known[key] = (self._now_ms + REMEMBERED_MS, result)
        if len(self._known) > REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._tell(self._waiting.pop(key))

    def close(self) -> None:
        """The job under way is done, and no other."""
        self._is_closed = True
        if self._worker is not None:
            self._worker.close()
