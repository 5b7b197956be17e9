"""How schemas are kept: documents of the kernel's own, and what is found in them. The commands are in `schemas`.

document schema.subject   SUBJECT            -> kind, compatibility, the versions in their order
document schema.version   SUBJECT/VERSION    -> text, references, revision, id
document schema.same      digest of a schema -> its id, and the versions that say it
document schema.id        ID                 -> the digest
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from dragoman.kernel.documents import Document, GetDocument
from dragoman.model.errors import DocumentNotFound, InvalidArgument, NotSupported, SchemaNotFound
from dragoman.ports.schemas import SchemaKind, SchemaLanguages, Source

if TYPE_CHECKING:
    from dragoman.kernel.state import State

SAME: Final = "schema.same"
ID: Final = "schema.id"
DIGEST_BYTES: Final = 20
REFERRED_MAX: Final = 64  # schemas that one refers to, those included that these refer to
SUBJECT: Final = "schema.subject"
VERSION: Final = "schema.version"
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
    is_kept: bool = False  # deleted softly


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """As its document has it: the versions in their order."""

    kind: SchemaKind
    compatibility: Compatibility
    versions: tuple[VersionHead, ...]

    @property
    def live(self) -> list[VersionHead]:
        """Those that are there."""
        return [head for head in self.versions if not head.is_deleted]

    @property
    def live_and_kept(self) -> list[VersionHead]:
        """Those whose text is there."""
        return [head for head in self.versions if head.is_kept or not head.is_deleted]


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """As its document has it."""

    revision: str
    text: str
    references: tuple[SchemaReference, ...] = ()
    id: int = 0  # 0: its document's version


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


class Same(msgspec.Struct, frozen=True):
    """A schema, whoever has it: `uses` are (subject, version), the first that had it first."""

    id: int
    uses: tuple[tuple[str, int], ...]


def document_of(state: "State", kind: str, namespace: str, name: str) -> Document:
    """Raises DocumentNotFound."""
    return state.documents.find(GetDocument(namespace=namespace, kind=kind, name=name))


def find_subject(state: "State", namespace: str, subject: str) -> tuple[Document, Subject]:
    """Raises SchemaNotFound."""
    try:
        document = document_of(state, SUBJECT, namespace, subject)
    except DocumentNotFound:
        raise SchemaNotFound(subject) from None
    return document, msgspec.json.decode(document.body, type=Subject)


def version_name(subject: str, version: int) -> str:
    """Of the document."""
    return f"{subject}/{version:06d}"


def info_of(
    state: "State", namespace: str, subject: str, kind: SchemaKind, version: int
) -> SchemaInfo:
    """A version that has a text."""
    document = document_of(state, VERSION, namespace, version_name(subject, version))
    found = msgspec.json.decode(document.body, type=Version)
    return SchemaInfo(
        subject,
        kind,
        version,
        found.revision,
        found.id or document.version,
        document.stored_ms,
        found.text,
        found.references,
    )


def languages_of(state: "State") -> SchemaLanguages:
    """Raises NotSupported."""
    if state.languages is None:
        raise NotSupported("schemas")
    return state.languages


# --- schemas that are the same ---


def digest_of(
    state: "State", kind: SchemaKind, text: str, references: tuple[SchemaReference, ...]
) -> str:
    """Equal for schemas that say the same. Raises SchemaInvalid."""
    said = (kind, languages_of(state).plain(kind, text), references)
    return blake2b(msgspec.json.encode(said), digest_size=DIGEST_BYTES).hexdigest()


def same_of(state: "State", namespace: str, digest: str) -> Same | None:
    """Who has it, if anybody does."""
    document = state.documents.by_key.get((namespace, SAME, digest))
    return None if document is None else msgspec.json.decode(document.body, type=Same)


def digest_by_id(state: "State", namespace: str, id: int) -> str:
    """Empty where there is no such id."""
    document = state.documents.by_key.get((namespace, ID, f"{id:010d}"))
    return "" if document is None else msgspec.json.decode(document.body, type=str)


def find_same(
    state: "State", namespace: str, subject: str, digest: str, *, with_kept: bool = False
) -> SchemaInfo | None:
    """The latest version of the subject that says it."""
    same = same_of(state, namespace, digest)
    if same is None:
        return None
    try:
        _, known = find_subject(state, namespace, subject)
    except SchemaNotFound:
        return None
    for head in reversed(known.live_and_kept if with_kept else known.live):
        if (subject, head.version) in same.uses:
            return info_of(state, namespace, subject, known.kind, head.version)
    return None


# --- schemas that refer to others ---


def source_of(
    state: "State", namespace: str, text: str, references: tuple[SchemaReference, ...]
) -> Source:
    """With the texts of all that it refers to. Raises SchemaNotFound, InvalidArgument."""
    found: dict[str, str] = {}
    _gather(state, namespace, references, found, 0)
    return Source(text, tuple(found.items()))


def _gather(
    state: "State",
    namespace: str,
    references: tuple[SchemaReference, ...],
    found: dict[str, str],
    depth: int,
) -> None:
    for reference in references:
        name = version_name(reference.subject, reference.version)
        document = state.documents.by_key.get((namespace, VERSION, name))
        if document is None:
            raise SchemaNotFound(f"{reference.subject}, version {reference.version}")
        if len(found) >= REFERRED_MAX or depth >= REFERRED_MAX:
            raise InvalidArgument(f"a schema leads to at most {REFERRED_MAX} others")
        if reference.name not in found:
            known = msgspec.json.decode(document.body, type=Version)
            _gather(state, namespace, known.references, found, depth + 1)
            found[reference.name] = known.text


def referring(
    state: "State", namespace: str, subject: str, versions: set[int]
) -> list[SchemaReference]:
    """Versions of other subjects that refer to one of these, each as (its id, subject, version)."""
    found: list[SchemaReference] = []
    for name in state.documents.names.get((namespace, VERSION), ()):
        document = state.documents.by_key[namespace, VERSION, name]
        if b'"references"' not in document.body:
            continue
        known = msgspec.json.decode(document.body, type=Version)
        if any(each.subject == subject and each.version in versions for each in known.references):
            owner, _, number = name.rpartition("/")
            found.append(SchemaReference(str(known.id or document.version), owner, int(number)))
    return found
