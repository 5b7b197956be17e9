"""Schemas: subjects, their versions, and what a new version must be able to do. Cold.

    document schema.subject   SUBJECT            -> kind, compatibility, the versions in their order
    document schema.version   SUBJECT/VERSION    -> text, references, revision, when, id
    document schema.same      digest of a schema -> id, who has it: see `registry`

A version is a number that counts up within its subject, and has a revision, which is whatever whoever made it calls
it; its id is one in the broker, and the same for versions that say the same. A version that is deleted keeps its place
in the order, so that a range of versions stays what it was; of one that is deleted softly (`keeps`) all stays, for
those who ask for what is deleted. What a schema says is for `ports.schemas` to judge: the kernel decides by that what
is taken.

    compatibility   none, or: what the latest (with `_transitive`: every) version there is must allow
                    backward: the new one reads it      forward: it reads the new one      full: both
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.documents import PutDocument, decide_put
from dragoman.kernel.records import DocumentDeleted, DocumentPut, Record
from dragoman.kernel.schemastore import (
    ID,
    SAME,
    SUBJECT,
    VERSION,
    Compatibility,
    Same,
    SchemaInfo,
    SchemaReference,
    Subject,
    SubjectInfo,
    Version,
    VersionHead,
    digest_by_id,
    digest_of,
    find_same,
    find_subject,
    info_of,
    languages_of,
    referring,
    same_of,
    source_of,
    version_name,
)
from dragoman.model.errors import (
    AlreadyExists,
    InUse,
    InvalidArgument,
    QuotaExceeded,
    SchemaIncompatible,
    SchemaNotFound,
)
from dragoman.model.limits import (
    SCHEMA_REFERENCES_MAX,
    SCHEMA_VERSIONS_GONE_MAX,
    SCHEMA_VERSIONS_MAX,
)
from dragoman.ports.schemas import SchemaKind, Source

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

LATEST: Final = 0


class _OfSubject(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE
    subject: str


class RegisterSchema(_OfSubject, frozen=True, kw_only=True):
    """Make a version, the first of a new subject or the next of one that is there. Reply: `SchemaInfo`.

    is_new          whether the subject may not be, or must be there; None either
    is_again        a version that is there and says the same is the reply, and nothing is made
    compatibility   of a new subject
    rule            what must be allowed this time, instead of what the subject asks for
    versions_max    as many as may be there besides those that are deleted
    Raises AlreadyExists, SchemaNotFound, SchemaInvalid, SchemaIncompatible, InvalidArgument (another kind),
    QuotaExceeded.
    """

    kind: SchemaKind
    text: str
    revision: str
    references: tuple[SchemaReference, ...] = ()
    is_new: bool | None = None
    is_again: bool = False
    compatibility: Compatibility = "none"
    rule: Compatibility | None = None
    versions_max: int = SCHEMA_VERSIONS_MAX


class DescribeSubject(_OfSubject, frozen=True, kw_only=True):
    """Reply: `SubjectInfo`. Raises SchemaNotFound."""


class GetSchema(_OfSubject, frozen=True, kw_only=True):
    """A version by its number or its revision, else the latest. Reply: `SchemaInfo`. Raises SchemaNotFound.

    with_kept   also those that are deleted softly
    """

    version: int = LATEST
    revision: str = ""
    with_kept: bool = False


class DeleteSchema(GetSchema, frozen=True, kw_only=True):
    """Delete a version; the last one that is there stays, unless softly. Reply: `SchemaInfo` as it was.

    keeps   softly: for good is another time, with `with_kept`
    Raises SchemaNotFound, InvalidArgument, InUse (another schema refers to it).
    """

    keeps: bool = False


class DeleteSubject(_OfSubject, frozen=True, kw_only=True):
    """Forget the subject and its versions. Reply: the numbers of those that were there. Raises SchemaNotFound, InUse.

    keeps   softly: all versions, and the subject stays
    """

    keeps: bool = False


class SetCompatibility(_OfSubject, frozen=True, kw_only=True):
    """What versions to come must allow. Reply: `SubjectInfo`. Raises SchemaNotFound, InvalidArgument."""

    compatibility: Compatibility


class ValidateSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Say whether a text is a schema. Reply: None. Raises SchemaInvalid."""

    kind: SchemaKind
    text: str


# --- commands ---


def register(kernel: "Decisions", command: RegisterSchema, session: int) -> SchemaInfo:
    """Reply: the version."""
    state = kernel.state
    known = _known(state, command)
    if len(command.references) > SCHEMA_REFERENCES_MAX:
        raise InvalidArgument(f"a schema refers to at most {SCHEMA_REFERENCES_MAX} others")
    source = source_of(state, command.namespace, command.text, command.references)
    languages_of(state).check(command.kind, source)
    digest = digest_of(state, command.kind, command.text, command.references)
    if known is not None:
        same = find_same(state, command.namespace, command.subject, digest)
        if same is not None and command.is_again:
            return same
        _check_next(state, command, known, source)
    versions = () if known is None else known.versions
    number = versions[-1].version + 1 if versions else 1
    head = VersionHead(number, command.revision)
    compatibility = command.compatibility if known is None else known.compatibility
    subject = Subject(command.kind, compatibility, _bounded((*versions, head)))
    used = same_of(state, command.namespace, digest)
    number_of_all = state.id_next if used is None else used.id
    made = Version(command.revision, command.text, command.references, number_of_all)
    uses = () if used is None else used.uses
    changes = (
        (VERSION, version_name(command.subject, number), made),
        (SUBJECT, command.subject, subject),
        (SAME, digest, Same(number_of_all, (*uses, (command.subject, number)))),
        (ID, f"{number_of_all:010d}", digest),
    )
    kernel.commit(_puts(kernel, command.namespace, changes))
    return info_of(state, command.namespace, command.subject, command.kind, number)


def _puts(
    kernel: "Decisions", namespace: str, changes: Sequence[tuple[str, str, Any]]
) -> list[Record]:
    """Each is decided as if it were alone: their versions are made to differ."""
    found = [_put(kernel, namespace, kind, name, body) for kind, name, body in changes]
    return [
        msgspec.structs.replace(each, version=each.version + at) for at, each in enumerate(found)
    ]


def _known(state: "State", command: RegisterSchema) -> Subject | None:
    """Raises AlreadyExists, SchemaNotFound."""
    try:
        _, known = find_subject(state, command.namespace, command.subject)
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
    gone = [head for head in versions if head.is_deleted and not head.is_kept]
    if len(gone) <= SCHEMA_VERSIONS_GONE_MAX:
        return versions
    return tuple(head for head in versions if head is not gone[0])


def _check_next(state: "State", command: RegisterSchema, known: Subject, source: Source) -> None:
    """Whether it may follow what is there."""
    if known.kind != command.kind:
        raise InvalidArgument(f"{command.subject} is {known.kind}, not {command.kind}")
    live = known.live
    if len(live) >= command.versions_max:
        raise QuotaExceeded(f"{command.subject} has {len(live)} versions, as many as it may")
    rule = command.rule or known.compatibility
    for head in compared(known.live, rule):
        old = info_of(state, command.namespace, command.subject, known.kind, head.version)
        problems = problems_of(state, rule, source, old, command.namespace)
        if problems:
            raise SchemaIncompatible(
                f"Revision is incompatible with previous revision: {head.revision}. Failed with error:"
                f" {'; '.join(problems)}"
            )


def compared(live: list[VersionHead], rule: Compatibility) -> list[VersionHead]:
    """The versions that a new one is compared with."""
    if rule == "none":
        return []
    return live if rule.endswith("_transitive") else live[-1:]


def problems_of(
    state: "State", rule: Compatibility, source: Source, old: SchemaInfo, namespace: str
) -> Sequence[str]:
    """What is wrong in the first direction in which anything is."""
    languages, direction = languages_of(state), rule.partition("_")[0]
    before = source_of(state, namespace, old.text, old.references)
    found: Sequence[str] = ()
    if direction in ("backward", "full"):
        found = languages.problems(old.kind, source, before)
    if direction in ("forward", "full") and not found:
        found = languages.problems(old.kind, before, source)
    return found


def describe(kernel: "Decisions", command: DescribeSubject, session: int) -> SubjectInfo:
    """Reply: the subject."""
    document, found = find_subject(kernel.state, command.namespace, command.subject)
    return SubjectInfo(command.subject, found.kind, found.compatibility, found.versions, document)


def get(kernel: "Decisions", command: GetSchema, session: int) -> SchemaInfo:
    """Reply: the version."""
    _, found = find_subject(kernel.state, command.namespace, command.subject)
    head = _chosen(found, command)
    return info_of(kernel.state, command.namespace, command.subject, found.kind, head.version)


def _chosen(found: Subject, command: GetSchema) -> VersionHead:
    """Raises SchemaNotFound."""
    for head in reversed(found.live_and_kept if command.with_kept else found.live):
        is_meant = command.version in (LATEST, head.version)
        if is_meant and command.revision in ("", head.revision):
            return head
    raise SchemaNotFound(f"{command.subject}, version {command.revision or command.version}")


def delete_version(kernel: "Decisions", command: DeleteSchema, session: int) -> SchemaInfo:
    """Reply: the version as it was."""
    state, namespace = kernel.state, command.namespace
    _, found = find_subject(state, command.namespace, command.subject)
    head = _chosen(found, command)
    if found.live == [head] and not command.keeps:
        raise InvalidArgument("the only version of a subject goes with the subject")
    info = info_of(state, namespace, command.subject, found.kind, head.version)
    _check_unused(state, namespace, command.subject, (head,))
    gone = msgspec.structs.replace(head, is_deleted=True, is_kept=command.keeps)
    versions = tuple(gone if each is head else each for each in found.versions)
    subject = msgspec.structs.replace(found, versions=_bounded(versions))
    put = _put(kernel, namespace, SUBJECT, command.subject, subject)
    if command.keeps:
        kernel.commit([put])
    elif subject.live_and_kept:
        kernel.commit([put, *_forgetting(kernel, namespace, command.subject, (head,), 1)])
    else:
        kernel.commit(_forgotten(kernel, namespace, command.subject, (head,)))
    return info


def _forgetting(
    kernel: "Decisions", namespace: str, subject: str, heads: Sequence[VersionHead], at: int = 0
) -> list[Record]:
    """Their texts go, and their ids with the last that has them. `at` documents are put before."""
    state = kernel.state
    left: dict[str, tuple[int, list[tuple[str, int]]]] = {}
    records: list[Record] = []
    for head in heads:
        info = info_of(state, namespace, subject, "avro", head.version)
        records.append(DocumentDeleted(namespace, VERSION, version_name(subject, head.version)))
        digest = digest_by_id(state, namespace, info.id)
        if digest:
            same = same_of(state, namespace, digest)
            assert same is not None, "an id and its digest go together"
            _, uses = left.setdefault(digest, (same.id, list(same.uses)))
            uses.remove((subject, head.version))
    for digest, (number, uses) in left.items():
        if uses:
            put = _put(kernel, namespace, SAME, digest, Same(number, tuple(uses)))
            records.append(msgspec.structs.replace(put, version=put.version + at + len(records)))
        else:
            records.append(DocumentDeleted(namespace, SAME, digest))
            records.append(DocumentDeleted(namespace, ID, f"{number:010d}"))
    return records


def _forgotten(
    kernel: "Decisions", namespace: str, subject: str, heads: Sequence[VersionHead]
) -> list[Record]:
    records = _forgetting(kernel, namespace, subject, heads)
    return [*records, DocumentDeleted(namespace, SUBJECT, subject)]


def _check_unused(
    state: "State", namespace: str, subject: str, heads: Sequence[VersionHead]
) -> None:
    """Raises InUse."""
    users = referring(state, namespace, subject, {head.version for head in heads})
    if users:
        raise InUse(f"{subject}: {users[0].subject}, version {users[0].version}, refers to it")


def delete_subject(kernel: "Decisions", command: DeleteSubject, session: int) -> tuple[int, ...]:
    """Reply: the numbers of the versions."""
    state, namespace = kernel.state, command.namespace
    _, found = find_subject(state, command.namespace, command.subject)
    _check_unused(state, namespace, command.subject, found.live)
    if not command.keeps:
        heads = found.live_and_kept
        kernel.commit(_forgotten(kernel, namespace, command.subject, heads))
        return tuple(head.version for head in heads)
    versions = tuple(
        each if each.is_deleted else msgspec.structs.replace(each, is_deleted=True, is_kept=True)
        for each in found.versions
    )
    subject = msgspec.structs.replace(found, versions=versions)
    kernel.commit([_put(kernel, namespace, SUBJECT, command.subject, subject)])
    return tuple(head.version for head in found.live)


def set_compatibility(kernel: "Decisions", command: SetCompatibility, session: int) -> SubjectInfo:
    """Reply: the subject."""
    if command.compatibility not in get_args(Compatibility):
        raise InvalidArgument(f"no compatibility is called {command.compatibility}")
    _, found = find_subject(kernel.state, command.namespace, command.subject)
    subject = msgspec.structs.replace(found, compatibility=command.compatibility)
    kernel.commit([_put(kernel, command.namespace, SUBJECT, command.subject, subject)])
    return describe(
        kernel, DescribeSubject(namespace=command.namespace, subject=command.subject), session
    )


def validate(kernel: "Decisions", command: ValidateSchema, session: int) -> None:
    """Reply: None."""
    languages_of(kernel.state).check(command.kind, Source(command.text))


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    RegisterSchema: register,
    DescribeSubject: describe,
    GetSchema: get,
    DeleteSchema: delete_version,
    DeleteSubject: delete_subject,
    SetCompatibility: set_compatibility,
    ValidateSchema: validate,
}
