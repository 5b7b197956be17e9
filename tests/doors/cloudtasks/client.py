"""Cloud Tasks in memory: methods called as gRPC's door calls them, tasks sent to an outbound that only notes them."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.fakes.node import FakePeer, FakeShell
from tests.fakes.outbound import FakeOutbound
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, publish

from dragoman.doors.cloudtasks.beta import BetaService
from dragoman.doors.cloudtasks.errors import refusal
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.locations import LocationsService
from dragoman.doors.cloudtasks.operations import OperationsService
from dragoman.doors.cloudtasks.pushing import Pushing
from dragoman.doors.cloudtasks.running import Running
from dragoman.doors.cloudtasks.services import Service
from dragoman.doors.shared.grpc.call import Call, Status
from dragoman.doors.shared.push.door import PushDoor
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.formats.canonical import encode
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import Address, AlterSubscription, FindQueue, Session
from dragoman.model.errors import KernelError
from dragoman.model.message import Message

PARENT = "projects/default/locations/local"
URL = "http://target.test/"


def queue(name: str = "q") -> str:
    return f"{PARENT}/queues/{name}"


def running_of(outbound: FakeOutbound) -> Running:
    return Running(lambda: outbound, Issuer, Executed())


class Tasks:
    """A client, and the door that dispatches."""

    package: Any = None  # the version that is spoken, where that matters
    principal = ""  # who calls

    def __init__(self, app_engine: Mapping[str, str] | None = None) -> None:
        self.node: TestNode = Engine().start()
        self.node.kernel.state.translator = FormatTranslator()
        self.outbound = FakeOutbound()
        self.faults: list[Exception] = []
        self.running = running_of(self.outbound)
        service = Service(self.running, app_engine or {})
        self.methods = {method.name: method for method in service.methods()}
        self.beta_methods = {method.name: method for method in BetaService(service).methods()}
        others = (OperationsService(), LocationsService())
        self.methods |= {method.name: method for each in others for method in each.methods()}
        self.session = self.node.connect()
        pushing = Pushing(Issuer(), self.running.executed)

        def make(session: Session) -> PushDoor:
            session.act_as_broker()
            return PushDoor(session, self.outbound, pushing, pushing.pushed, self.faults.append)

        door = self.node.broker.open(make, FakeShell()).door
        assert isinstance(door, PushDoor)
        door.progressed()
        self.node.settle()

    def ask(self, name: str, /, **fields: Any) -> Any:
        """Call a method. Raises Status."""
        method = self.methods[name]
        call = Call(method, self.session, FakePeer(), (), None)
        call.principal = self.principal
        call.speak()
        assert method.request is not None
        try:
            reply = method.handler(call, method.request(**fields))
        except KernelError as error:
            raise refusal(error) from error
        self.node.settle()
        assert not self.faults
        return reply.message

    def refused(self, name: str, /, **fields: Any) -> int:
        """The code that a call is refused with."""
        with pytest.raises(Status) as caught:
            self.ask(name, **fields)
        return caught.value.code

    def make(self, name: str = "q", **fields: Any) -> Any:
        return self.ask("CreateQueue", parent=PARENT, queue={"name": queue(name), **fields})

    def create(self, id_: str = "", body: bytes = b"x", **fields: Any) -> Any:
        task: dict[str, Any] = {"http_request": {"url": URL, "body": body}, **fields}
        if id_:
            task["name"] = f"{queue()}/tasks/{id_}"
        return self.ask("CreateTask", parent=queue(), task=task)

    def publish_afar(self, body: bytes) -> None:
        """As another protocol does."""
        publish(self.session, "q", encode(Message(body)))

    def dead_letter(self, name: str) -> None:
        """Where those go that are given up, as the configuration says it."""
        head = self.session.submit(FindQueue(namespace="default", name="q"))
        settings = msgspec.structs.replace(head.settings, dead_letter=Address(name))
        self.session.submit(AlterSubscription(namespace="default", name="q", settings=settings))

    def listed(self) -> list[str]:
        return [task.name for task in self.ask("ListTasks", parent=queue()).tasks]

    def answer(self, status: int = 200, **more: Any) -> Any:
        request = self.outbound.answer(status, **more)
        self.node.settle()
        assert not self.faults
        return request

    def pass_ms(self, ms: int) -> None:
        self.node.clock.now_ms += ms
        self.node.settle()
        assert not self.faults

    def in_ms(self, ms: int) -> dict[str, int]:
        """As a schedule_time."""
        seconds, rest = divmod(self.node.clock.now_ms + ms, 1000)
        return {"seconds": seconds, "nanos": rest * 1_000_000}
