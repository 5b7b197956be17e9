from tests.doors.cloudtasks.client import running_of
from tests.fakes.outbound import FakeOutbound

from dragoman.doors.cloudtasks.services import Service
from dragoman.wire.grpc.codes import INTERNAL


def test_every_method_is_one_of_googles() -> None:
    service = Service(running_of(FakeOutbound()))
    assert service.name == "google.cloud.tasks.v2.CloudTasks"
    names = {method.name for method in service.methods()}
    assert names < set(service.table)
    assert {"CreateTask", "RunTask", "PurgeQueue"} < names
    assert service.refuse(None, RuntimeError()).code == INTERNAL  # type: ignore[arg-type]
