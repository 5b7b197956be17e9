"""Policies of queues: kept, told by an etag, gone with their queue."""

from typing import Any

from tests.doors.cloudtasks.client import Tasks, queue

from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT, NOT_FOUND

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
    assert tasks.refused("TestIamPermissions", resource=queue("x"), permissions=names) == NOT_FOUND
