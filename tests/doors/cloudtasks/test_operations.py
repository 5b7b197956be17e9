"""Operations: told, listed, deleted and forgotten; all of them are done."""

from tests.doors.cloudtasks.client import PARENT, Tasks, queue

from dragoman.doors.cloudtasks.operations import KEPT_MS, OperationsService
from dragoman.wire.grpc.codes import INTERNAL, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED


def done(tasks: Tasks, request_id: str = "") -> str:
    names = [f"{queue()}/tasks/x"]
    asked = {"parent": queue(), "names": names, "request_id": request_id}
    return str(tasks.ask("BatchDeleteTasks", **asked).name)


def made() -> Tasks:
    tasks = Tasks()
    tasks.make()
    return tasks


def test_an_operation_is_told_waited_for_and_cancelled_in_vain() -> None:
    tasks = made()
    name = done(tasks)
    for method in ("GetOperation", "WaitOperation"):
        told = tasks.ask(method, name=name)
        assert (told.name, told.done) == (name, True)
    tasks.ask("CancelOperation", name=name)
    assert tasks.ask("GetOperation", name=name).done


def test_operations_are_listed_by_pages_and_deleted() -> None:
    tasks = made()
    for id_ in "abc":
        done(tasks, id_)
    page = tasks.ask("ListOperations", name=PARENT, page_size=2)
    rest = tasks.ask("ListOperations", name=PARENT, page_token=page.next_page_token)
    names = [each.name for each in (*page.operations, *rest.operations)]
    assert names == [f"{PARENT}/operations/{id_}" for id_ in "abc"]
    tasks.ask("DeleteOperation", name=names[0])
    for method in ("GetOperation", "DeleteOperation", "CancelOperation"):
        assert tasks.refused(method, name=names[0]) == NOT_FOUND
    assert tasks.refused("GetOperation", name="x") == INVALID_ARGUMENT
    assert tasks.refused("ListOperations", name=PARENT, filter="x") == UNIMPLEMENTED


def test_an_operation_is_forgotten_after_an_hour() -> None:
    tasks = made()
    first = done(tasks)
    tasks.pass_ms(KEPT_MS)
    second = done(tasks)
    assert tasks.refused("GetOperation", name=first) == NOT_FOUND
    assert tasks.ask("GetOperation", name=second).done


def test_faults_are_told_in_googles_words() -> None:
    assert OperationsService().refuse(None, RuntimeError()).code == INTERNAL  # type: ignore[arg-type]
