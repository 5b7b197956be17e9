# mypy: disable-error-code="no-untyped-call,import-untyped"
"""A Celery application on SQS. A worker's comes by its command line, with addresses in the environment."""

import os

from celery import Celery, Task

OPTIONS = {
    "region": "eu-west-1",
    "is_secure": False,
    "wait_time_seconds": 1,
    "polling_interval": 0.1,
}


def make_app(url: str, results: str) -> Celery:
    """An application with its tasks, on the broker at `url`; results are files."""
    app = Celery("work", broker=url, backend=f"file://{results}", set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_default_queue="work",
        broker_connection_retry_on_startup=True,
        broker_transport_options=OPTIONS,
        worker_enable_remote_control=False,
    )

    @app.task(name="add", shared=False)  # type: ignore[untyped-decorator]
    def add(a: int, b: int) -> int:
        return a + b

    @app.task(name="third_time_lucky", shared=False, bind=True, max_retries=3)  # type: ignore[untyped-decorator]
    def third_time_lucky(self: Task) -> int:
        if self.request.retries < 2:
            raise self.retry(countdown=0)
        return int(self.request.retries)

    return app


app = make_app(os.environ.get("BROKER_URL", ""), os.environ.get("RESULTS", "."))
