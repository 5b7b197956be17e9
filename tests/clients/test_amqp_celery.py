# mypy: disable-error-code="no-untyped-call,import-untyped"
"""A Celery worker in its own process, and an application that gives it work."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, chain, group
from tests.clients.amqp_work import DEADLINE_S, serving
from tests.clients.celery_app import make_app
from tests.clients.celery_work import working

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module", params=["memory", "files"])
def celery(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Celery]:
    folder = tmp_path_factory.mktemp("data")
    with serving(request.param, folder) as url:
        with working("celery_app", url, folder / "worker.log", "--hostname", "w@localhost"):
            app = make_app(url)
            yield app
        if app.backend.result_consumer._consumer is not None:  # some result was asked for
            app.backend.result_consumer.stop()
        app.pool.force_close_all()
        app.close()


def answer(result: Any) -> Any:
    return result.get(timeout=DEADLINE_S)


def test_tasks_are_worked_off_and_their_results_come_back(celery: Celery) -> None:
    results = [celery.tasks["add"].delay(number, 1) for number in range(50)]
    assert [answer(result) for result in results] == list(range(1, 51))


def test_a_task_is_tried_again_until_it_succeeds(celery: Celery) -> None:
    assert answer(celery.tasks["third_time_lucky"].delay()) == 2


def test_a_failure_is_raised_where_the_result_is_asked_for(celery: Celery) -> None:
    with pytest.raises(ValueError, match="as asked"):
        answer(celery.tasks["fail"].delay())


def test_chains_and_groups_are_carried_out(celery: Celery) -> None:
    add = celery.tasks["add"]
    assert answer(chain(add.s(1, 2), add.s(3), add.s(4))()) == 10
    assert answer(group(add.s(n, n) for n in range(10))()) == [2 * n for n in range(10)]


def test_a_task_with_a_countdown_is_held_by_the_worker_until_then(celery: Celery) -> None:
    assert answer(celery.tasks["add"].apply_async((2, 3), countdown=0.2)) == 5


def test_the_worker_answers_remote_control(celery: Celery) -> None:
    assert answer(celery.tasks["add"].delay(1, 1)) == 2  # it is there: a broadcast waits for nobody
    assert celery.control.ping(timeout=DEADLINE_S, limit=1) == [{"w@localhost": {"ok": "pong"}}]
