# mypy: disable-error-code="no-untyped-call,import-untyped"
"""A Celery application. A worker's comes by its command line, with the broker's address in the environment."""

import os

from celery import Celery, Task


def make_app(url: str) -> Celery:
    """An application with its tasks, on the broker at `url`."""
    app = Celery("work", broker=url, backend="rpc://", set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_default_queue="work",
        worker_prefetch_multiplier=4,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"confirm_publish": True},
        result_expires=60,
    )

    @app.task(name="add", shared=False)  # type: ignore[untyped-decorator]
    def add(a: int, b: int) -> int:
        return a + b

    @app.task(name="third_time_lucky", shared=False, bind=True, max_retries=3)  # type: ignore[untyped-decorator]
    def third_time_lucky(self: Task) -> int:
        if self.request.retries < 2:
            raise self.retry(countdown=0)
        return int(self.request.retries)

    @app.task(name="fail", shared=False)  # type: ignore[untyped-decorator]
    def fail() -> None:
        raise ValueError("as asked")

    return app


app = make_app(os.environ.get("BROKER_URL", ""))
