"""Making, taking back and listing grants; and whether a namespace is guarded. Cold.

A grant is a document of a kind of its own, whose name is its digest: the same grant twice is one. So is the mark of a
guarded namespace, which outlives its grants: a namespace whose last grant is taken back is not everybody's.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.documents import PutDocument, decide_put
from dragoman.kernel.permissions import GRANT_KIND, GUARD_KIND, Grant, check_grant
from dragoman.kernel.records import DocumentDeleted, Record
from dragoman.model.errors import QuotaExceeded
from dragoman.model.limits import GRANTS_PER_NAMESPACE_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

MARK: Final = "guarded"  # the mark's name
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Grant).decode


class _OfNamespace(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE


class CreateGrants(_OfNamespace, frozen=True, kw_only=True):
    """These are in force from now on, and the namespace is guarded. All or none. Reply: None.

    Raises InvalidArgument, QuotaExceeded.
    """

    grants: tuple[Grant, ...]


class DeleteGrants(_OfNamespace, frozen=True, kw_only=True):
    """These are not in force any more; those that are not there are fine. Reply: `int`, how many were."""

    grants: tuple[Grant, ...]


class ListGrants(_OfNamespace, frozen=True, kw_only=True):
    """Reply: `list[Grant]`, in no order that means anything."""


class SetGuard(_OfNamespace, frozen=True, kw_only=True):
    """Whether what no grant allows is refused in the namespace. Reply: None.

    One that the operator guards stays guarded whatever is said here.
    """

    guarded: bool


def create(kernel: "Decisions", command: CreateGrants, session: int) -> None:
    """Reply: None."""
    for grant in command.grants:
        check_grant(grant)
    state, namespace = kernel.state, command.namespace
    wanted = {id_of(grant): grant for grant in command.grants}
    fresh = {name: grant for name, grant in wanted.items() if not _is_there(state, namespace, name)}
    if len(_names(state, namespace)) + len(fresh) > GRANTS_PER_NAMESPACE_MAX:
        raise QuotaExceeded(f"{namespace} has at most {GRANTS_PER_NAMESPACE_MAX} grants")
    records = _mark(kernel, namespace)
    for name, grant in fresh.items():
        put = PutDocument(namespace=namespace, kind=GRANT_KIND, name=name, body=_encode(grant))
        made = decide_put(state, put, kernel.now_ms)
        records.append(msgspec.structs.replace(made, version=made.version + len(records)))
    kernel.commit(records)


def _mark(kernel: "Decisions", namespace: str) -> list[Record]:
    if (namespace, GUARD_KIND, MARK) in kernel.state.documents.by_key:
        return []
    put = PutDocument(namespace=namespace, kind=GUARD_KIND, name=MARK, body=b"")
    return [decide_put(kernel.state, put, kernel.now_ms)]


def delete(kernel: "Decisions", command: DeleteGrants, session: int) -> int:
    """Reply: how many were there."""
    state, namespace = kernel.state, command.namespace
    names = dict.fromkeys(id_of(grant) for grant in command.grants)
    there = [name for name in names if _is_there(state, namespace, name)]
    kernel.commit([DocumentDeleted(namespace, GRANT_KIND, name) for name in there])
    return len(there)


def list_(kernel: "Decisions", command: ListGrants, session: int) -> list[Grant]:
    """Reply: all of them."""
    documents = kernel.state.documents
    names = _names(kernel.state, command.namespace)
    return [_decode(documents.by_key[command.namespace, GRANT_KIND, name].body) for name in names]


def set_guard(kernel: "Decisions", command: SetGuard, session: int) -> None:
    """Reply: None."""
    if command.guarded:
        kernel.commit(_mark(kernel, command.namespace))
    elif (command.namespace, GUARD_KIND, MARK) in kernel.state.documents.by_key:
        kernel.commit([DocumentDeleted(command.namespace, GUARD_KIND, MARK)])


def id_of(grant: Grant) -> str:
    """The grant's own name."""
    return sha256(_encode(grant)).hexdigest()


def _is_there(state: "State", namespace: str, name: str) -> bool:
    return (namespace, GRANT_KIND, name) in state.documents.by_key


def _names(state: "State", namespace: str) -> list[str]:
    return state.documents.names.get((namespace, GRANT_KIND), [])


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    CreateGrants: create,
    DeleteGrants: delete,
    ListGrants: list_,
    SetGuard: set_guard,
}
