"""Documents: small things that the broker keeps for doors, and that belong to no stream. Cold.

    (namespace, kind, name) -> body, version        kind: what it is, named after its owner: `sns.topic`, `sqs.task`

The kernel never looks into a body. A version is given once in the broker's life, also to a document that was deleted
and made again, so that whoever changes what it has read can say so: `PutDocument.expected`.

All of it is in memory, bounded per namespace by the operator's quotas; a change is a record, a checkpoint has a row.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.permissions import GRANT_KIND, GUARD_KIND, RESERVED, Grant, Need
from dragoman.kernel.quotas import check_document
from dragoman.kernel.records import DocumentDeleted, DocumentPut
from dragoman.kernel.rules.settings import RULE_KIND
from dragoman.model.errors import (
    AccessRefused,
    DocumentNotFound,
    InvalidArgument,
    VersionDiffers,
)
from dragoman.model.limits import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_KIND_BYTES_MAX,
    DOCUMENT_NAME_BYTES_MAX,
    DOCUMENTS_LISTED_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

OWN: Final = RESERVED | {RULE_KIND}
ANY_VERSION: Final = -1
NO_VERSION: Final = 0

Key = tuple[str, str, str]
_GRANT: Final = msgspec.json.Decoder(Grant)


class Document(msgspec.Struct, frozen=True):
    """A document as it is now; `stored_ms` is the wall time of its last change."""

    kind: str
    name: str
    version: int
    stored_ms: int
    body: bytes


class _OfDocument(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE
    kind: str
    name: str


class PutDocument(_OfDocument, frozen=True, kw_only=True):
    """Make a document, or give it another body. Reply: `Document`.

    expected   the version it must have now: ANY_VERSION, or NO_VERSION when it must not be there
    takes      what whoever writes it must be allowed to do; None: to declare or change the document itself
    Raises VersionDiffers, InvalidArgument (too large, no name), QuotaExceeded, AccessRefused (a kind of the kernel's).
    """

    body: bytes
    expected: int = ANY_VERSION
    takes: Need | None = None


class GetDocument(_OfDocument, frozen=True, kw_only=True):
    """Reply: `Document`. Raises DocumentNotFound."""


class DeleteDocument(_OfDocument, frozen=True, kw_only=True):
    """Forget it. Reply: `Document` as it was. Raises DocumentNotFound, VersionDiffers, AccessRefused.

    `takes` as of PutDocument; None: to delete the document itself.
    """

    expected: int = ANY_VERSION
    takes: Need | None = None


class ListDocuments(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[Document]` of a kind by name: those that begin with `prefix` and come after `after`."""

    namespace: str = DEFAULT_NAMESPACE
    kind: str
    prefix: str = ""
    after: str = ""
    count_max: int = DOCUMENTS_LISTED_MAX


class Documents:
    """All documents; `names` are those of each kind, sorted."""

    __slots__ = ("by_key", "dirty", "names")

    def __init__(self) -> None:
        self.by_key: dict[Key, Document] = {}
        self.names: dict[tuple[str, str], list[str]] = {}
        self.dirty: dict[Key, None] = {}  # changed since the last checkpoint, or gone

    def find(self, command: _OfDocument) -> Document:
        """Raises DocumentNotFound."""
        found = self.by_key.get((command.namespace, command.kind, command.name))
        if found is None:
            raise DocumentNotFound(f"{command.kind} {command.name}")
        return found


# --- commands ---


def put(kernel: "Decisions", command: PutDocument, session: int) -> Document:
    """Reply: the document."""
    _check_kind(command.kind)
    kernel.commit([decide_put(kernel.state, command, kernel.now_ms)])
    return kernel.state.documents.find(command)


def decide_put(state: "State", command: PutDocument, now_ms: int) -> DocumentPut:
    """Raises VersionDiffers, InvalidArgument, QuotaExceeded."""
    _check_size("a kind", command.kind, DOCUMENT_KIND_BYTES_MAX)
    _check_size("a name", command.name, DOCUMENT_NAME_BYTES_MAX)
    if len(command.body) > DOCUMENT_BYTES_MAX:
        raise InvalidArgument(f"a document has at most {DOCUMENT_BYTES_MAX} bytes")
    known = state.documents.by_key.get((command.namespace, command.kind, command.name))
    _check_version(known, command.expected)
    added = len(command.body) - (0 if known is None else len(known.body))
    check_document(state, command.namespace, is_new=known is None, added_bytes=added)
    return DocumentPut(
        command.namespace, command.kind, command.name, state.id_next, now_ms, command.body
    )


def _check_kind(kind: str) -> None:
    if kind in OWN:
        raise AccessRefused(f"documents of kind {kind} are the kernel's own")


def _check_size(what: str, text: str, bytes_max: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= bytes_max:
        raise InvalidArgument(f"{what} of documents has 1 to {bytes_max} bytes of UTF-8")


def _check_version(known: Document | None, expected: int) -> None:
    version = NO_VERSION if known is None else known.version
    if expected not in {ANY_VERSION, version}:
        raise VersionDiffers(f"version {expected} expected, it is {version}", version)


def get(kernel: "Decisions", command: GetDocument, session: int) -> Document:
    """Reply: the document."""
    return kernel.state.documents.find(command)


def delete(kernel: "Decisions", command: DeleteDocument, session: int) -> Document:
    """Reply: the document as it was."""
    _check_kind(command.kind)
    known = kernel.state.documents.find(command)
    _check_version(known, command.expected)
    kernel.commit([DocumentDeleted(command.namespace, command.kind, command.name)])
    return known


def list_(kernel: "Decisions", command: ListDocuments, session: int) -> list[Document]:
    """Reply: one page."""
    documents = kernel.state.documents
    names = documents.names.get((command.namespace, command.kind), [])
    at = max(bisect_left(names, command.prefix), bisect_right(names, command.after))
    found: list[Document] = []
    for name in names[at : at + max(0, min(command.count_max, DOCUMENTS_LISTED_MAX))]:
        if not name.startswith(command.prefix):
            break
        found.append(documents.by_key[command.namespace, command.kind, name])
    return found


# --- records ---


def apply_document_put(state: "State", record: DocumentPut) -> None:
    """The document is there, with this body."""
    state.id_next = max(state.id_next, record.version + 1)
    documents = state.documents
    key = (record.namespace, record.kind, record.name)
    known = documents.by_key.get(key)
    if known is None:
        insort(documents.names.setdefault(key[:2], []), record.name)
    documents.by_key[key] = Document(*key[1:], record.version, record.stored_ms, record.body)
    documents.dirty[key] = None
    before = 0 if known is None else len(known.body)
    state.usage.count_document(record.namespace, known is None, len(record.body) - before)
    if record.kind in OWN:
        _apply_own(state, key, record.body)


def apply_document_deleted(state: "State", record: DocumentDeleted) -> None:
    """The document is gone."""
    documents = state.documents
    key = (record.namespace, record.kind, record.name)
    known = documents.by_key.pop(key, None)
    if known is None:
        return
    names = documents.names[key[:2]]
    del names[bisect_left(names, record.name)]
    if not names:
        del documents.names[key[:2]]
    documents.dirty[key] = None
    state.usage.count_document(record.namespace, -1, -len(known.body))
    if record.kind in OWN:
        _apply_own(state, key, known.body, is_gone=True)


def _apply_own(state: "State", key: Key, body: bytes, *, is_gone: bool = False) -> None:
    """A grant, the mark of a guarded namespace, or a rule came or went."""
    permissions = state.permissions
    namespace, kind, name = key
    if kind == RULE_KIND:
        if is_gone:
            state.rules.drop(namespace, name)
        else:
            state.rules.put(namespace, name, body)
    elif kind == GRANT_KIND:
        change = permissions.drop if is_gone else permissions.add
        change(namespace, name, _GRANT.decode(body))
    elif kind == GUARD_KIND:
        change_guard = permissions.unmark if is_gone else permissions.mark
        change_guard(namespace)
    state.guarded = bool(permissions.guarded)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    PutDocument: put,
    GetDocument: get,
    DeleteDocument: delete,
    ListDocuments: list_,
}
