"""Policies of queues: kept, told by an etag, gone with their queue."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.doors.cloudtasks.client import PARENT, URL, Tasks, queue

from dragoman.doors.shared.grpc.call import Status
from dragoman.kernel.api import CreateGrants, Grant, ListGrants
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED

BINDINGS: list[Any] = [{"role": "roles/cloudtasks.enqueuer", "members": ["allUsers"]}]


def made() -> Tasks:
    tasks = Tasks()
    tasks.make()
    return tasks


def test_a_policy_is_kept_and_told_and_goes_with_its_queue() -> None:
    tasks = made()
    assert not tasks.ask("GetIamPolicy", resource=queue()).bindings
    kept = tasks.ask("SetIamPolicy", resource=queue(), policy={"bindings": BINDINGS})
    assert tasks.ask("GetIamPolicy", resource=queue()) == kept
    tasks.ask("DeleteQueue", name=queue())
    assert tasks.refused("GetIamPolicy", resource=queue()) == NOT_FOUND
    tasks.make()
    assert not tasks.ask("GetIamPolicy", resource=queue()).bindings


def test_a_policy_that_was_changed_meanwhile_is_not_overwritten() -> None:
    tasks = made()
    first = tasks.ask("GetIamPolicy", resource=queue())
    policy = {"bindings": BINDINGS, "etag": first.etag}
    second = tasks.ask("SetIamPolicy", resource=queue(), policy=policy)
    assert tasks.refused("SetIamPolicy", resource=queue(), policy=policy) == ABORTED
    tasks.ask("SetIamPolicy", resource=queue(), policy={"etag": second.etag})


def test_whoever_may_call_may_do_all_that_there_is() -> None:
    tasks = made()
    names = ["cloudtasks.tasks.create", "cloudtasks.queues.get"]
    assert tasks.ask("TestIamPermissions", resource=queue(), permissions=names).permissions == names
    wild = tasks.refused("TestIamPermissions", resource=queue(), permissions=["cloudtasks.*"])
    assert wild == INVALID_ARGUMENT
    absent = tasks.ask("TestIamPermissions", resource=queue("x"), permissions=names)
    assert not absent.permissions


# --- by whoever is not everybody ---


def guarded() -> Tasks:
    """`root` may do everything, and has made a queue with a task; `ann` may nothing yet."""
    tasks = Tasks()
    state = tasks.node.kernel.state
    state.permissions.configure(["root"], ["default"])
    state.guarded = True
    tasks.principal = "root"
    tasks.make()
    tasks.ask("PauseQueue", name=queue())
    tasks.ask("CreateTask", parent=queue(), task={"name": TASK, **WORK})
    tasks.principal = "ann"
    return tasks


def give(tasks: Tasks, role: str) -> None:
    """To ann, by root."""
    tasks.principal = "root"
    policy = {"bindings": [{"role": f"roles/cloudtasks.{role}", "members": ["user:ann"]}]}
    tasks.ask("SetIamPolicy", resource=queue(), policy=policy)
    tasks.principal = "ann"


WORK: Any = {"http_request": {"url": URL}}
TASK = f"{queue()}/tasks/one"
OTHER: Any = {"parent": PARENT, "queue": {"name": queue("other")}}
LABELLED: Any = {"queue": {"name": queue()}, "update_mask": {"paths": ["rate_limits"]}}
ATTEMPTS: dict[str, dict[str, Any]] = {
    "CreateQueue": OTHER,
    "GetQueue": {"name": queue()},
    "UpdateQueue": LABELLED,
    "PauseQueue": {"name": queue()},
    "ResumeQueue": {"name": queue()},
    "PurgeQueue": {"name": queue()},
    "CreateTask": {"parent": queue(), "task": WORK},
    "GetTask": {"name": TASK},
    "ListTasks": {"parent": queue()},
    "RunTask": {"name": TASK},
    "DeleteTask": {"name": TASK},
    "BatchCreateTasks": {"parent": queue(), "requests": [{"task": WORK}]},
    "BatchDeleteTasks": {"parent": queue(), "names": [TASK]},
    "GetIamPolicy": {"resource": queue()},
    "SetIamPolicy": {"resource": queue(), "policy": {}},
    "DeleteQueue": {"name": queue()},
}
BATCHES = {"BatchCreateTasks", "BatchDeleteTasks"}  # which tell of each request by itself


def refused_of(tasks: Tasks, *methods: str) -> set[str]:
    """Methods that ann is refused."""
    found: set[str] = set()
    for method in methods or ATTEMPTS:
        fields = ATTEMPTS[method]
        try:
            told = tasks.ask(method, **fields)
        except Status as error:
            found |= {method} if error.code == PERMISSION_DENIED else set()
        else:
            if method in BATCHES and b"lacks an IAM permission" in told.metadata.value:
                found.add(method)
    return found


def test_what_was_not_granted_is_refused_whatever_is_called_and_lists_show_nothing() -> None:
    tasks = guarded()
    assert refused_of(tasks) == set(ATTEMPTS)
    assert not tasks.ask("ListQueues", parent=PARENT).queues
    assert not tasks.ask("ListOperations", name=PARENT).operations
    names = ["cloudtasks.tasks.create"]
    asked = {"resource": queue(), "permissions": names}
    assert not tasks.ask("TestIamPermissions", **asked).permissions
    tasks.principal = "root"
    assert tasks.ask("GetTask", name=TASK).name == TASK


def test_the_owner_of_all_may_call_everything() -> None:
    tasks = guarded()
    kinds = ("stream", "namespace")
    grant = Grant(principal="ann", kinds=kinds, match="all", operations=("all", "permit"))
    tasks.session.act_as("root")
    tasks.session.submit(CreateGrants(grants=(grant,)))
    assert refused_of(tasks) == set()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("enqueuer", {"CreateTask", "BatchCreateTasks"}),
        ("taskDeleter", {"DeleteTask", "BatchDeleteTasks"}),
        ("taskRunner", {"RunTask"}),
        ("viewer", {"GetQueue", "GetTask", "ListTasks"}),
        (
            "queueAdmin",
            {
                "GetQueue",
                "UpdateQueue",
                "PauseQueue",
                "ResumeQueue",
                "PurgeQueue",
                "DeleteQueue",
                "GetIamPolicy",
                "SetIamPolicy",
            },
        ),
    ],
)
def test_a_role_opens_what_it_is_for(role: str, allowed: set[str]) -> None:
    for method in ATTEMPTS:
        tasks = guarded()
        give(tasks, role)
        assert (refused_of(tasks, method) == set()) is (method in allowed), method


def test_who_creates_and_deletes_tasks_with_a_time_needs_to_see_none() -> None:
    tasks = guarded()
    give(tasks, "enqueuer")
    late: Any = {"name": f"{queue()}/tasks/late", **WORK}
    late["schedule_time"] = datetime.fromtimestamp(tasks.node.clock.wall_ms() / 1000 + 60, UTC)
    tasks.ask("CreateTask", parent=queue(), task=late)
    assert tasks.refused("DeleteTask", name=late["name"]) == PERMISSION_DENIED
    give(tasks, "taskDeleter")
    tasks.ask("DeleteTask", name=late["name"])
    assert tasks.refused("CreateTask", parent=queue(), task=late) == PERMISSION_DENIED


def test_a_task_that_was_run_is_over_whoever_ran_it() -> None:
    tasks = guarded()
    give(tasks, "taskRunner")
    tasks.ask("RunTask", name=TASK)
    give(tasks, "viewer")  # meanwhile
    tasks.outbound.answer(200)
    tasks.node.settle()
    assert tasks.refused("GetTask", name=TASK) == NOT_FOUND


def test_grants_of_a_queue_go_with_it() -> None:
    tasks = guarded()
    give(tasks, "admin")
    tasks.ask("DeleteQueue", name=queue())
    tasks.session.act_as("root")
    assert tasks.session.submit(ListGrants()) == []
