"""What is pushed, and how fast; each request is an attempt's affair."""

import pytest
from tests.doors.cloudtasks.client import Tasks, queue

from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.pushing import Pushing
from dragoman.doors.shared.push.issuer import Issuer


def test_queues_are_pushed_as_fast_and_as_many_at_once_as_they_say() -> None:
    tasks = Tasks()
    limits = {"max_dispatches_per_second": 7, "max_concurrent_dispatches": 9}
    tasks.make(rate_limits=limits)
    pushing = Pushing(Issuer(), Executed())
    (found,) = pushing.pushed(tasks.session)
    plan = pushing.plan(found)
    assert plan is not None
    assert (plan.url, plan.count_max, plan.requests_max) == ("", 1, 9)
    assert (plan.rate, plan.burst) == (7, 7)


def test_a_changed_rate_holds_at_once() -> None:
    tasks = Tasks()
    tasks.make(rate_limits={"max_dispatches_per_second": 1})
    for _ in range(4):
        tasks.create()
    assert len(tasks.outbound.under_way) == 1
    faster = {"name": queue(), "rate_limits": {"max_dispatches_per_second": 100}}
    tasks.ask("UpdateQueue", queue=faster)
    tasks.pass_ms(30)
    assert len(tasks.outbound.under_way) == 4


def test_answers_are_judged_by_their_attempts_alone() -> None:
    with pytest.raises(NotImplementedError):
        Pushing(Issuer(), Executed()).judge(None, 1, None)  # type: ignore[arg-type]
