"""Making, taking back and listing grants; and whether a namespace is guarded. Cold.

A grant is a document of a kind of its own, whose name is its digest: the same grant twice is one. So is the mark of a
guarded namespace, which outlives its grants: a namespace whose last grant is taken back is not everybody's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.documents import PutDocument, decide_put
from dragoman.kernel.permissions import (
    ALTER,
    DESCRIBE,
    GRANT_KIND,
    GUARD_KIND,
    NAMESPACE,
    PERMIT,
    SUBSCRIPTION,
    Grant,
    Need,
    check_grant,
    subscription_name,
)
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
    """These are in force from now on. All or none. Reply: None.

    guards    whether the namespace is guarded from now on; where it is not, grants are kept and nobody asks them
    Raises InvalidArgument, QuotaExceeded.
    """

    grants: tuple[Grant, ...]
    guards: bool = True


class DeleteGrants(_OfNamespace, frozen=True, kw_only=True):
    """These are not in force any more; those that are not there are fine. Reply: `int`, how many were."""

    grants: tuple[Grant, ...]


class ListGrants(_OfNamespace, frozen=True, kw_only=True):
    """Reply: `list[Grant]`, in no order that means anything. With a kind: those of that kind and very name alone."""

    kind: str = ""
    name: str = ""


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
    records = _mark(kernel, namespace) if command.guards else []
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
    """Reply: all of them, or all of one name."""
    documents = kernel.state.documents
    names = _names(kernel.state, command.namespace)
    found = [_decode(documents.by_key[command.namespace, GRANT_KIND, name].body) for name in names]
    if not command.kind:
        return found
    return [
        grant
        for grant in found
        if grant.match == "literal" and command.kind in grant.kinds and grant.name == command.name
    ]


def set_guard(kernel: "Decisions", command: SetGuard, session: int) -> None:
    """Reply: None."""
    if command.guarded:
        kernel.commit(_mark(kernel, command.namespace))
    elif (command.namespace, GUARD_KIND, MARK) in kernel.state.documents.by_key:
        kernel.commit([DocumentDeleted(command.namespace, GUARD_KIND, MARK)])


# --- what these need: who may let others do what with something makes grants of its very name alone ---


def needs_of_change(command: CreateGrants | DeleteGrants) -> Iterator[Need]:
    """Of a command that makes grants, or takes them back."""
    namespace = command.namespace
    if any(grant.match != "literal" for grant in command.grants) or not command.grants:
        yield Need(namespace, NAMESPACE, "", ALTER)
    for grant in command.grants:
        for kind in grant.kinds:
            yield from _of_name(namespace, kind, grant.name, ALTER)


def needs_of_list(command: ListGrants) -> Iterable[Need]:
    """Of one that lists them."""
    if not command.kind:
        return (Need(command.namespace, NAMESPACE, "", DESCRIBE),)
    return _of_name(command.namespace, command.kind, command.name, DESCRIBE)


def _of_name(namespace: str, kind: str, name: str, whole: int) -> Iterable[Need]:
    """A subscription's name may be read in several ways, and what a grant says counts for all of them."""
    if kind != SUBSCRIPTION:
        return (Need(namespace, kind, name, PERMIT, whole),)
    cuts = [at for at, letter in enumerate(name) if letter == "/"]
    readings = [subscription_name(name[:at], name[at + 1 :]) for at in cuts] or [name]
    return [Need(namespace, SUBSCRIPTION, reading, PERMIT, whole) for reading in readings]


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
