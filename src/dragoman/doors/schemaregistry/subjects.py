"""Schemas by subject and version, and by their ids."""

from typing import Any, Final

import msgspec

from dragoman.doors.schemaregistry.configs import level_of
from dragoman.doors.schemaregistry.errors import (
    INCOMPATIBLE,
    REFERENCE_EXISTS,
    SUBJECT_DELETED,
    SUBJECT_NOT_DELETED,
    VERSION_DELETED,
    VERSION_NOT_DELETED,
    Refused,
    no_reference,
    no_schema,
    no_subject,
    no_version,
)
from dragoman.doors.schemaregistry.spelling import (
    KINDS,
    VERSION_MAX,
    asked,
    flag,
    page,
    plain,
    schema_in,
    told,
    version_in,
)
from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    DeleteSchema,
    DeleteSubject,
    DescribeSubject,
    Document,
    FindSchema,
    GetSchema,
    GetSchemaById,
    ListDocuments,
    ListReferring,
    RegisterSchema,
    SchemaInfo,
    SchemaUses,
    Session,
    SubjectInfo,
    VersionHead,
)
from dragoman.model.errors import (
    InUse,
    InvalidArgument,
    SchemaIncompatible,
    SchemaInvalid,
    SchemaNotFound,
)

SUBJECT_KIND: Final = "schema.subject"
REVISION_BYTES: Final = 4  # of the name that other faces show
VERSIONS_MAX: Final = 1_000  # of a subject, beside those that are deleted
SCHEMAS_MAX: Final = 1_000  # in one answer


# --- subjects ---


def list_subjects(call: Call) -> Any:
    """GET /subjects[?deleted=true|deletedOnly=true|subjectPrefix=]."""
    only = flag(call, "deletedOnly") or flag(call, "deleted_only")
    prefix = asked(call, "subjectPrefix")
    names: list[str] = []
    for document in _documents(call.session, "" if prefix == ":*:" else prefix):
        versions = msgspec.json.decode(document.body)["versions"]
        live = any(not head.get("is_deleted") for head in versions)
        kept = any(head.get("is_kept") for head in versions)
        if (live and not only) or (kept and not live and (only or flag(call, "deleted"))):
            names.append(document.name)
    return page(call, names)


def _documents(session: Session, prefix: str) -> list[Document]:
    found: list[Document] = []
    while True:
        after = found[-1].name if found else ""
        listed: list[Document] = session.submit(
            ListDocuments(
                namespace=DEFAULT_NAMESPACE, kind=SUBJECT_KIND, prefix=prefix, after=after
            )
        )
        if not listed:
            return found
        found += listed


def _subject(call: Call) -> SubjectInfo:
    """Raises Refused."""
    subject = call.parameters["subject"]
    try:
        found: SubjectInfo = call.session.submit(DescribeSubject(subject=subject))
    except SchemaNotFound:
        raise no_subject(subject) from None
    return found


def _is_live(head: VersionHead) -> bool:
    return not head.is_deleted


def _is_there(head: VersionHead) -> bool:
    return head.is_kept or not head.is_deleted


def delete_subject(call: Call) -> Any:
    """DELETE /subjects/{subject}[?permanent=true]."""
    info = _subject(call)
    is_live = any(map(_is_live, info.versions))
    is_for_good = flag(call, "permanent")
    if is_for_good and is_live:
        raise Refused(
            SUBJECT_NOT_DELETED,
            f"Subject '{info.subject}' was not deleted first before being permanently deleted",
        )
    if not is_for_good and not is_live:
        raise Refused(
            SUBJECT_DELETED,
            f"Subject '{info.subject}' was soft deleted. Set permanent=true to delete permanently",
        )
    command = DeleteSubject(subject=info.subject, keeps=not is_for_good)
    try:
        return list(call.session.submit(command))
    except InUse as error:
        raise _used(error) from None


def _used(error: InUse) -> Refused:
    return Refused(REFERENCE_EXISTS, f"One or more references exist to the schema ({error})")


# --- versions ---


def list_versions(call: Call) -> Any:
    """GET /subjects/{subject}/versions[?deleted=true]."""
    info, with_kept = _subject(call), flag(call, "deleted")
    found = [head.version for head in info.versions if (_is_there if with_kept else _is_live)(head)]
    if not found:
        raise no_subject(info.subject)
    return page(call, found)


def register(call: Call) -> Any:
    """POST /subjects/{subject}/versions[?normalize=true]."""
    schema, subject = schema_in(call), call.parameters["subject"]
    rule = level_of(call.session, subject)
    try:
        made: SchemaInfo = call.session.submit(
            RegisterSchema(
                subject=subject,
                kind=schema.kind,
                text=schema.schema,
                references=schema.refers,
                revision=call.session.token(REVISION_BYTES).hex(),
                is_again=True,
                rule=rule,
                versions_max=VERSIONS_MAX,
            )
        )
    except SchemaIncompatible as error:
        raise Refused(
            INCOMPATIBLE,
            f"Schema being registered is incompatible with an earlier schema for subject"
            f' "{subject}", details: [{error}], compatibility: {rule.upper()}',
        ) from None
    except SchemaNotFound as error:
        raise no_reference(error) from None
    except SchemaInvalid:
        raise
    except InvalidArgument as error:
        raise Refused(INCOMPATIBLE, str(error)) from None
    return told(made)


def find(call: Call) -> Any:
    """POST /subjects/{subject}[?normalize=true&deleted=true]: which version says this."""
    _live_subject(call)
    schema = schema_in(call)
    command = FindSchema(
        subject=call.parameters["subject"],
        kind=schema.kind,
        text=schema.schema,
        references=schema.refers,
        with_kept=flag(call, "deleted"),
    )
    try:
        return told(call.session.submit(command))
    except SchemaNotFound:
        raise no_schema() from None


def _live_subject(call: Call) -> SubjectInfo:
    info, with_kept = _subject(call), flag(call, "deleted")
    if not any(map(_is_there if with_kept else _is_live, info.versions)):
        raise no_subject(info.subject)
    return info


def _version(call: Call) -> SchemaInfo:
    """Raises Refused."""
    version = version_in(call)
    info = _live_subject(call)
    command = GetSchema(subject=info.subject, version=version, with_kept=flag(call, "deleted"))
    try:
        found: SchemaInfo = call.session.submit(command)
    except SchemaNotFound:
        raise no_version(call.parameters["version"]) from None
    return found


def get_version(call: Call) -> Any:
    """GET /subjects/{subject}/versions/{version}[?deleted=true]."""
    return told(_version(call))


def get_text(call: Call) -> Any:
    """GET /subjects/{subject}/versions/{version}/schema: as it is."""
    return msgspec.Raw(_version(call).text.encode())


def delete_version(call: Call) -> Any:
    """DELETE /subjects/{subject}/versions/{version}[?permanent=true]."""
    version, info = version_in(call), _subject(call)
    heads = [head for head in info.versions if _is_there(head) and version in (0, head.version)]
    is_for_good = flag(call, "permanent")
    if version == 0:
        heads = [head for head in heads if head.is_kept == is_for_good]
    if not heads:
        raise no_version(call.parameters["version"])
    head = heads[-1]
    if is_for_good and not head.is_kept:
        raise Refused(
            VERSION_NOT_DELETED,
            f"Subject '{info.subject}' Version {head.version} was not deleted first before being permanently deleted",
        )
    if not is_for_good and head.is_kept:
        raise Refused(
            VERSION_DELETED,
            f"Subject '{info.subject}' Version {head.version} was soft deleted. Set permanent=true to delete"
            " permanently",
        )
    command = DeleteSchema(
        subject=info.subject, version=head.version, keeps=not is_for_good, with_kept=is_for_good
    )
    try:
        call.session.submit(command)
    except InUse as error:
        raise _used(error) from None
    return head.version


def list_referring(call: Call) -> Any:
    """GET /subjects/{subject}/versions/{version}/referencedby."""
    found = _version(call)
    command = ListReferring(subject=found.subject, version=found.version)
    return page(call, call.session.submit(command))


# --- ids ---


def _by_id(call: Call) -> SchemaUses:
    """Raises Refused."""
    said = call.parameters["id"]
    if not said.isascii() or not said.isdecimal() or int(said) > VERSION_MAX:
        raise Refused(404, "HTTP 404 Not Found")
    try:
        found: SchemaUses = call.session.submit(GetSchemaById(id=int(said)))
    except SchemaNotFound:
        raise no_schema(said) from None
    return found


def get_by_id(call: Call) -> Any:
    """GET /schemas/ids/{id}[?subject=]."""
    return plain(_by_id(call).info)


def get_text_by_id(call: Call) -> Any:
    """GET /schemas/ids/{id}/schema: as it is."""
    return msgspec.Raw(_by_id(call).info.text.encode())


def subjects_of_id(call: Call) -> Any:
    """GET /schemas/ids/{id}/subjects."""
    return page(call, list(dict.fromkeys(subject for subject, _ in _uses(call))))


def versions_of_id(call: Call) -> Any:
    """GET /schemas/ids/{id}/versions."""
    return page(call, [{"subject": subject, "version": number} for subject, number in _uses(call)])


def _uses(call: Call) -> list[tuple[str, int]]:
    """Those that are deleted softly are left out, unless asked for."""
    uses = _by_id(call).uses
    if flag(call, "deleted"):
        return list(uses)
    live: dict[str, set[int]] = {}
    for subject, _ in uses:
        if subject not in live:
            info: SubjectInfo = call.session.submit(DescribeSubject(subject=subject))
            live[subject] = {head.version for head in info.versions if _is_live(head)}
    return [(subject, version) for subject, version in uses if version in live[subject]]


def list_types(call: Call) -> Any:
    """GET /schemas/types."""
    return sorted(KINDS, key=("JSON", "PROTOBUF", "AVRO").index)


def list_schemas(call: Call) -> Any:
    """GET /schemas[?subjectPrefix=&latestOnly=true&deleted=true]."""
    found: list[Any] = []
    for document in _documents(call.session, asked(call, "subjectPrefix")):
        info: SubjectInfo = call.session.submit(DescribeSubject(subject=document.name))
        is_meant = _is_there if flag(call, "deleted") else _is_live
        heads = [head for head in info.versions if is_meant(head)]
        for head in heads[-1:] if flag(call, "latestOnly") else heads:
            command = GetSchema(subject=info.subject, version=head.version, with_kept=True)
            found.append(told(call.session.submit(command)))
            if len(found) >= SCHEMAS_MAX:
                return page(call, found)
    return page(call, found)


def list_contexts(call: Call) -> Any:
    """GET /contexts: there is one."""
    return ["."]
