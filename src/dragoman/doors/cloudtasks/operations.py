"""google.longrunning.Operations: what came of a batch. All of them are done when they are first told.

An operation is a document, under the name that its client gave (`request_id`) or one of ours, and forgotten after
KEPT_MS: one that is asked for twice by the same `request_id` is done once.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks.errors import invalid, no_operation, not_offered, refusal
from dragoman.doors.cloudtasks.names import PROTOCOL, Location, location_of
from dragoman.doors.cloudtasks.protos import Empty
from dragoman.doors.cloudtasks.queues import page_of
from dragoman.doors.shared.grpc.access import by_broker, check_access
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Status, written
from dragoman.kernel.api import (
    ANY,
    DESCRIBE,
    DOCUMENT,
    DeleteDocument,
    GetDocument,
    ListDocuments,
    Need,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound
from dragoman.wire.protobuf.cloud import OPERATIONS
from dragoman.wire.protobuf.pool import Rpc

KIND: Final = "cloudtasks.operation"
KEPT_MS: Final = 3_600_000
SWEEP_MS: Final = KEPT_MS // 4
ID_BYTES: Final = 16
SERVICE: Final = "Operations"
Operation: Final[Any] = OPERATIONS["Operation"]
ListOperationsResponse: Final[Any] = OPERATIONS["ListOperationsResponse"]
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_MS_BYTES: Final = 8  # of a document, before the operation: when it was kept


class Operations:
    """Those of a broker; it remembers when it last forgot old ones, by project."""

    def __init__(self) -> None:
        self._swept_ms: dict[str, int] = {}

    def known(self, session: Session, parent: Location, request_id: str) -> Any:
        """What came of it when it was asked for before; None for a new one. Raises Status."""
        if not request_id:
            return None
        if not _ID.fullmatch(request_id):
            raise invalid("request_id must be a UUID.")
        return _find(session, parent, request_id)

    def keep(self, call: Call, parent: Location, request_id: str, operation: Any) -> None:
        """Give it its name, and keep it. Raises KernelError."""
        with by_broker(call):  # what its client did is done
            self._keep(call.session, parent, request_id, operation)

    def _keep(self, session: Session, parent: Location, request_id: str, operation: Any) -> None:
        now_ms = session.wall_ms()
        if now_ms - self._swept_ms.get(parent.project, 0) >= SWEEP_MS:
            self._swept_ms[parent.project] = now_ms
            _sweep(session, parent.project, now_ms - KEPT_MS)
        id_ = request_id or session.token(ID_BYTES).hex()
        operation.name = _name(parent, id_)
        body = now_ms.to_bytes(_MS_BYTES, "big") + operation.SerializeToString()
        session.submit(PutDocument(namespace=parent.project, kind=KIND, name=id_, body=body))


def _name(parent: Location, id_: str) -> str:
    return f"projects/{parent.project}/locations/{parent.location}/operations/{id_}"


def _place(name: str) -> tuple[Location, str]:
    parent, _, id_ = name.partition("/operations/")
    if not _ID.fullmatch(id_):
        raise invalid("The name of an operation is not valid.")
    return location_of(parent), id_


def _find(session: Session, parent: Location, id_: str) -> Any:
    try:
        document = session.submit(GetDocument(namespace=parent.project, kind=KIND, name=id_))
    except DocumentNotFound:
        return None
    return _read(document.body, parent, id_)


def _read(body: bytes, parent: Location, id_: str) -> Any:
    operation = Operation.FromString(body[_MS_BYTES:])
    operation.name = _name(parent, id_)
    return operation


def _documents(session: Session, project: str) -> Sequence[Any]:
    found: list[Any] = []
    while True:
        after = found[-1].name if found else ""
        page = session.submit(ListDocuments(namespace=project, kind=KIND, after=after))
        if not page:
            return found
        found += page


def _sweep(session: Session, project: str, before_ms: int) -> None:
    for document in _documents(session, project):
        if int.from_bytes(document.body[:_MS_BYTES], "big") <= before_ms:
            session.submit(DeleteDocument(namespace=project, kind=KIND, name=document.name))


def get_operation(call: Call, request: Any) -> Reply:
    """See the API reference; WaitOperation is the same, as nothing is waited for."""
    parent, id_ = _place(request.name)
    operation = _find(call.session, parent, id_)
    if operation is None:
        raise no_operation()
    return Reply(operation)


def list_operations(call: Call, request: Any) -> Reply:
    """See the API reference. In a guarded project whoever may see the project is shown them."""
    if request.filter:
        raise not_offered("Filters of lists")
    parent = location_of(request.name.removesuffix("/operations"))
    shown = [
        each
        for each in _documents(call.session, parent.project)
        if call.session.may(Need(parent.project, DOCUMENT, f"{KIND}/{each.name}", ANY, DESCRIBE))
    ]
    page, token = page_of(shown, request)
    told = [_read(each.body, parent, each.name) for each in page]
    return Reply(ListOperationsResponse(operations=told, next_page_token=token))


def delete_operation(call: Call, request: Any) -> Reply:
    """See the API reference: nobody is interested in it any more."""
    parent, id_ = _place(request.name)
    try:
        call.session.submit(DeleteDocument(namespace=parent.project, kind=KIND, name=id_))
    except DocumentNotFound:
        raise no_operation() from None
    return written(call.session, Empty())


def cancel_operation(call: Call, request: Any) -> Reply:
    """See the API reference: it may succeed without any effect, as for one that is done."""
    get_operation(call, request)
    return Reply(Empty())


HANDLERS: Final[Mapping[str, Any]] = {
    "ListOperations": list_operations,
    "GetOperation": get_operation,
    "DeleteOperation": delete_operation,
    "CancelOperation": cancel_operation,
    "WaitOperation": get_operation,
}


class OperationsService:
    """See `shared.grpc.call.Service`."""

    protocol = PROTOCOL
    name = f"{OPERATIONS.name}.{SERVICE}"

    def __init__(self) -> None:
        self.table: Mapping[str, Rpc] = OPERATIONS.services[SERVICE]

    def methods(self) -> Sequence[Method]:
        """All of them."""
        return [
            Method(name, Kind.UNARY, rpc.request, rpc.response, _guarded(HANDLERS[name]))
            for name, rpc in self.table.items()
        ]

    def refuse(self, call: Call, error: Exception) -> Status:
        """In Google's words."""
        return refusal(error)


def _guarded(handler: Any) -> Any:
    def guarded(call: Call, request: Any) -> Reply:
        check_access(call)
        reply: Reply = handler(call, request)
        return reply

    return guarded
