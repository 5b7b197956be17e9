"""Schemas: subjects, their versions, and what a new version must be able to do. Cold.

    document schema.subject   SUBJECT            -> kind, compatibility, the versions in their order
    document schema.version   SUBJECT/VERSION    -> text, references, revision, when

A version is a number that counts up within its subject, and has a revision, which is whatever whoever made it calls
it; its id is one in the broker. A version that is deleted keeps its place in the order, so that a range of versions
stays what it was. What a schema says is for `ports.schemas` to judge: the kernel decides by that what is taken.

    compatibility   none, or: what the latest (with `_transitive`: every) version there is must allow
                    backward: the new one reads it      forward: it reads the new one      full: both
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.documents import Document, GetDocument, PutDocument, decide_put
from dragoman.kernel.records import DocumentDeleted, DocumentPut
from dragoman.model.errors import (
    AlreadyExists,
    DocumentNotFound,
    InvalidArgument,
    NotSupported,
    QuotaExceeded,
    SchemaIncompatible,
    SchemaNotFound,
)
from dragoman.model.limits import (
    SCHEMA_REFERENCES_MAX,
    SCHEMA_VERSIONS_GONE_MAX,
    SCHEMA_VERSIONS_MAX,
)
from dragoman.ports.schemas import SchemaKind, SchemaLanguages

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

SUBJECT: Final = "schema.subject"
VERSION: Final = "schema.version"
LATEST: Final = 0
Compatibility = Literal[
    "none",
    "backward",
    "backward_transitive",
    "forward",
    "forward_transitive",
    "full",
    "full_transitive",
]


class SchemaReference(msgspec.Struct, frozen=True):
    """Another version that a schema refers to, and by which name."""

    name: str
    subject: str
    version: int


class VersionHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version in its subject's order."""

    version: int
    revision: str
    is_deleted: bool = False


class _Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: SchemaKind
    compatibility: Compatibility
    versions: tuple[VersionHead, ...]

    @property
    def live(self) -> list[VersionHead]:
        return [head for head in self.versions if not head.is_deleted]


class _Version(msgspec.Struct, frozen=True, omit_defaults=True):
    revision: str
    text: str
    references: tuple[SchemaReference, ...] = ()


class SubjectInfo(msgspec.Struct, frozen=True):
    """A subject: `versions` in the order in which they were made, deleted ones among them. `document` is the same
    object as long as nothing of the subject has changed.
    """

    subject: str
    kind: SchemaKind
    compatibility: Compatibility
    versions: tuple[VersionHead, ...]
    document: Document


class SchemaInfo(msgspec.Struct, frozen=True):
    """A version with its text. `stored_ms` is the wall time at which it was made."""

    subject: str
    kind: SchemaKind
    version: int
    revision: str
    id: int
    stored_ms: int
    text: str
    references: tuple[SchemaReference, ...]


class _OfSubject(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE
    subject: str


class RegisterSchema(_OfSubject, frozen=True, kw_only=True):
    """Make a version, the first of a new subject or the next of one that is there. Reply: `SchemaInfo`.

    is_new          whether the subject may not be, or must be there; None either
    compatibility   of a new subject
    versions_max    as many as may be there besides those that are deleted
    Raises AlreadyExists, SchemaNotFound, SchemaInvalid, SchemaIncompatible, InvalidArgument (another kind),
    QuotaExceeded.
    """

    kind: SchemaKind
    text: str
    revision: str
    references: tuple[SchemaReference, ...] = ()
    is_new: bool | None = None
    compatibility: Compatibility = "none"
    versions_max: int = SCHEMA_VERSIONS_MAX


class DescribeSubject(_OfSubject, frozen=True, kw_only=True):
    """Reply: `SubjectInfo`. Raises SchemaNotFound."""


class GetSchema(_OfSubject, frozen=True, kw_only=True):
    """A version by its number or its revision, else the latest. Reply: `SchemaInfo`. Raises SchemaNotFound."""

    version: int = LATEST
    revision: str = ""


class DeleteSchema(GetSchema, frozen=True, kw_only=True):
    """Delete a version; the last one that is there stays. Reply: `SchemaInfo` as it was.

    Raises SchemaNotFound, InvalidArgument.
    """


class DeleteSubject(_OfSubject, frozen=True, kw_only=True):
    """Forget the subject and its versions. Reply: None. Raises SchemaNotFound."""


class SetCompatibility(_OfSubject, frozen=True, kw_only=True):
    """What versions to come must allow. Reply: `SubjectInfo`. Raises SchemaNotFound, InvalidArgument."""

    compatibility: Compatibility


class ValidateSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Say whether a text is a schema. Reply: None. Raises SchemaInvalid."""

    kind: SchemaKind
    text: str


# --- what is there ---


def _document(state: "State", kind: str, namespace: str, name: str) -> Document:
    return state.documents.find(GetDocument(namespace=namespace, kind=kind, name=name))


def _find(state: "State", command: _OfSubject) -> tuple[Document, _Subject]:
    try:
        document = _document(state, SUBJECT, command.namespace, command.subject)
    except DocumentNotFound:
        raise SchemaNotFound(command.subject) from None
    return document, msgspec.json.decode(document.body, type=_Subject)


def _name(subject: str, version: int) -> str:
    return f"{subject}/{version:06d}"


def _info(
    state: "State", namespace: str, subject: str, kind: SchemaKind, version: int
) -> SchemaInfo:
    document = _document(state, VERSION, namespace, _name(subject, version))
    found = msgspec.json.decode(document.body, type=_Version)
    return SchemaInfo(
        subject,
        kind,
        version,
        found.revision,
        document.version,
        document.stored_ms,
        found.text,
        found.references,
    )


def _languages(state: "State") -> SchemaLanguages:
    if state.languages is None:
        raise NotSupported("schemas")
    return state.languages


# --- commands ---


def register(kernel: "Decisions", command: RegisterSchema, session: int) -> SchemaInfo:
    """Reply: the version."""
    state = kernel.state
    known = _known(state, command)
    _languages(state).check(command.kind, command.text)
    _check_references(state, command)
    versions: tuple[VersionHead, ...] = ()
    compatibility = command.compatibility
    if known is not None:
        _check_next(state, command, known)
        versions, compatibility = known.versions, known.compatibility
    number = versions[-1].version + 1 if versions else 1
    made = _Version(command.revision, command.text, command.references)
    head = VersionHead(number, command.revision)
    subject = _Subject(command.kind, compatibility, _bounded((*versions, head)))
    first = _put(kernel, command.namespace, VERSION, _name(command.subject, number), made)
    second = _put(kernel, command.namespace, SUBJECT, command.subject, subject)
    # each was decided as if it were alone
    kernel.commit([first, msgspec.structs.replace(second, version=first.version + 1)])
    return _info(state, command.namespace, command.subject, command.kind, number)


def _known(state: "State", command: RegisterSchema) -> _Subject | None:
    """Raises AlreadyExists, SchemaNotFound."""
    try:
        _, known = _find(state, command)
    except SchemaNotFound:
        if command.is_new is False:
            raise
        return None
    if command.is_new:
        raise AlreadyExists(command.subject)
    return known


def _put(kernel: "Decisions", namespace: str, kind: str, name: str, body: Any) -> DocumentPut:
    put = PutDocument(namespace=namespace, kind=kind, name=name, body=msgspec.json.encode(body))
    return decide_put(kernel.state, put, kernel.now_ms)


def _bounded(versions: tuple[VersionHead, ...]) -> tuple[VersionHead, ...]:
    """Of those deleted the latest are remembered."""
    gone = [head for head in versions if head.is_deleted]
    if len(gone) <= SCHEMA_VERSIONS_GONE_MAX:
        return versions
    return tuple(head for head in versions if head is not gone[0])


def _check_references(state: "State", command: RegisterSchema) -> None:
    if len(command.references) > SCHEMA_REFERENCES_MAX:
        raise InvalidArgument(f"a schema refers to at most {SCHEMA_REFERENCES_MAX} others")
    for reference in command.references:
        name = _name(reference.subject, reference.version)
        if (command.namespace, VERSION, name) not in state.documents.by_key:
            raise SchemaNotFound(f"{reference.subject}, version {reference.version}")


def _check_next(state: "State", command: RegisterSchema, known: _Subject) -> None:
    """Whether it may follow what is there."""
    if known.kind != command.kind:
        raise InvalidArgument(f"{command.subject} is {known.kind}, not {command.kind}")
    live = known.live
    if len(live) >= command.versions_max:
        raise QuotaExceeded(f"{command.subject} has {len(live)} versions, as many as it may")
    if known.compatibility == "none":
        return
    direction, _, every = known.compatibility.partition("_")
    for head in live if every else live[-1:]:
        old = _info(state, command.namespace, command.subject, known.kind, head.version)
        problems = next(_problems(_languages(state), direction, command, old.text), ())
        if problems:
            raise SchemaIncompatible(
                f"Revision is incompatible with previous revision: {head.revision}. Failed with error:"
                f" {'; '.join(problems)}"
            )


def _problems(
    languages: SchemaLanguages, direction: str, command: RegisterSchema, old: str
) -> Iterator[Sequence[str]]:
    """What is wrong in each direction that is asked for, as far as anything is."""
    if direction in ("backward", "full"):
        found = languages.problems(command.kind, command.text, old)
        if found:
            yield found
    if direction in ("forward", "full"):
        found = languages.problems(command.kind, old, command.text)
        if found:
            yield found


def describe(kernel: "Decisions", command: DescribeSubject, session: int) -> SubjectInfo:
    """Reply: the subject."""
    document, found = _find(kernel.state, command)
    return SubjectInfo(command.subject, found.kind, found.compatibility, found.versions, document)


def get(kernel: "Decisions", command: GetSchema, session: int) -> SchemaInfo:
    """Reply: the version."""
    _, found = _find(kernel.state, command)
    head = _chosen(found, command)
    return _info(kernel.state, command.namespace, command.subject, found.kind, head.version)


def _chosen(found: _Subject, command: GetSchema) -> VersionHead:
    """Raises SchemaNotFound."""
    for head in reversed(found.live):
        is_meant = command.version in (LATEST, head.version)
        if is_meant and command.revision in ("", head.revision):
            return head
    raise SchemaNotFound(f"{command.subject}, version {command.revision or command.version}")


def delete_version(kernel: "Decisions", command: DeleteSchema, session: int) -> SchemaInfo:
    """Reply: the version as it was."""
    state, namespace = kernel.state, command.namespace
    _, found = _find(state, command)
    head = _chosen(found, command)
    if len(found.live) == 1:
        raise InvalidArgument("the only version of a subject goes with the subject")
    info = _info(state, namespace, command.subject, found.kind, head.version)
    gone = msgspec.structs.replace(head, is_deleted=True)
    versions = tuple(gone if each is head else each for each in found.versions)
    subject = msgspec.structs.replace(found, versions=_bounded(versions))
    kernel.commit(
        [
            DocumentDeleted(namespace, VERSION, _name(command.subject, head.version)),
            _put(kernel, namespace, SUBJECT, command.subject, subject),
        ]
    )
    return info


def delete_subject(kernel: "Decisions", command: DeleteSubject, session: int) -> None:
    """Reply: None."""
    _, found = _find(kernel.state, command)
    names = [_name(command.subject, head.version) for head in found.live]
    kernel.commit(
        [
            *(DocumentDeleted(command.namespace, VERSION, name) for name in names),
            DocumentDeleted(command.namespace, SUBJECT, command.subject),
        ]
    )


def set_compatibility(kernel: "Decisions", command: SetCompatibility, session: int) -> SubjectInfo:
    """Reply: the subject."""
    if command.compatibility not in get_args(Compatibility):
        raise InvalidArgument(f"no compatibility is called {command.compatibility}")
    _, found = _find(kernel.state, command)
    subject = msgspec.structs.replace(found, compatibility=command.compatibility)
    kernel.commit([_put(kernel, command.namespace, SUBJECT, command.subject, subject)])
    return describe(
        kernel, DescribeSubject(namespace=command.namespace, subject=command.subject), session
    )


def validate(kernel: "Decisions", command: ValidateSchema, session: int) -> None:
    """Reply: None."""
    _languages(kernel.state).check(command.kind, command.text)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    RegisterSchema: register,
    DescribeSubject: describe,
    GetSchema: get,
    DeleteSchema: delete_version,
    DeleteSubject: delete_subject,
    SetCompatibility: set_compatibility,
    ValidateSchema: validate,
}
