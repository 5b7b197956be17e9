"""Virtual hosts: `/` is the namespace `default`, any other the namespace of its own name. Cold.

Those besides `/` are documents of the default namespace, made and deleted by the management API; `/` has one once it is
described. The broker itself looks them up: nobody is anybody in a namespace before it is known which one that is.
"""

from typing import Final

import msgspec

from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    DeleteDocument,
    DeleteQueue,
    DeleteRoute,
    Document,
    GetDocument,
    ListDocuments,
    ListQueues,
    ListRoutes,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound

ROOT: Final = "/"
KIND: Final = "amqp091.vhost"


class Vhost(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one."""

    description: str = ""
    tags: tuple[str, ...] = ()
    default_queue_type: str = ""  # of queues that are declared without one


DEFAULT: Final = Vhost("Default virtual host")  # until `/` is described


def namespace_of(session: Session, vhost: str) -> str | None:
    """The namespace that a virtual host means, None when there is no such host."""
    if vhost == ROOT:
        return DEFAULT_NAMESPACE
    try:
        session.submit(GetDocument(kind=KIND, name=vhost))
    except DocumentNotFound:
        return None
    return vhost


def of(session: Session, name: str) -> Vhost:
    """What is kept of one that is there; of `/` as of others, once something is."""
    try:
        document: Document = session.submit(GetDocument(kind=KIND, name=name))
    except DocumentNotFound:
        return Vhost()
    return msgspec.json.decode(document.body, type=Vhost)


def all_of(session: Session) -> dict[str, Vhost]:
    """Every virtual host by name, `/` first."""
    found: list[Document] = session.submit(ListDocuments(kind=KIND))
    kept = {one.name: msgspec.json.decode(one.body, type=Vhost) for one in found}
    return {ROOT: DEFAULT, **kept}


def create(session: Session, name: str, vhost: Vhost) -> bool:
    """Whether it is new. Raises Refused for the name that `/` has inside."""
    if name == DEFAULT_NAMESPACE:
        raise Refused(PRECONDITION_FAILED, f"vhost '{name}' is the namespace of vhost '{ROOT}'")
    is_new = namespace_of(session, name) is None
    if name != ROOT or vhost != Vhost():
        session.submit(PutDocument(kind=KIND, name=name, body=msgspec.json.encode(vhost)))
    return is_new


def delete(session: Session, name: str) -> None:
    """With its queues and exchanges. Raises DocumentNotFound, and Refused for `/`."""
    if name == ROOT:
        raise Refused(PRECONDITION_FAILED, f"vhost '{ROOT}' stays")
    session.submit(DeleteDocument(kind=KIND, name=name))
    for queue in session.submit(ListQueues(namespace=name)):
        session.submit(DeleteQueue(namespace=name, name=queue.name))
    for route in session.submit(ListRoutes(namespace=name)):
        session.submit(DeleteRoute(namespace=name, name=route.name))
