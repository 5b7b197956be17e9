"""Compatibility levels, of all subjects and of each, and modes, of which there is one: READWRITE.

A level is a document of this door; what the level asks of a schema is for the kernel to judge.
"""

from typing import Any, Final, get_args

import msgspec

from dragoman.doors.schemaregistry.errors import (
    INVALID_LEVEL,
    INVALID_MODE,
    NO_SUBJECT_LEVEL,
    NO_SUBJECT_MODE,
    NOT_PERMITTED,
    Refused,
    no_reference,
    no_subject,
    no_version,
)
from dragoman.doors.schemaregistry.spelling import flag, schema_in, version_in
from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import (
    CheckSchema,
    Compatibility,
    DeleteDocument,
    DescribeSubject,
    GetDocument,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound, SchemaNotFound

KIND: Final = "schemaregistry.level"
ALL: Final = "*"  # the name of what all subjects have that have no level of their own
OF_SUBJECT: Final = "="  # in front of a subject's name
LEVELS: Final = tuple(str(each).upper() for each in get_args(Compatibility))
USUAL: Final = "BACKWARD"
MODES: Final = ("READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD")


class _Level(msgspec.Struct):
    compatibility: str = ""


class _Mode(msgspec.Struct):
    mode: str = ""


def _found(session: Session, name: str) -> str:
    """Empty where nothing is said."""
    try:
        document = session.submit(GetDocument(kind=KIND, name=name))
    except DocumentNotFound:
        return ""
    return msgspec.json.decode(document.body, type=str)


def level_of(session: Session, subject: str) -> Compatibility:
    """What new versions of it have to keep to."""
    found = _found(session, OF_SUBJECT + subject) or _found(session, ALL) or USUAL
    return found.lower()  # type: ignore[return-value]


def _name(call: Call) -> str:
    subject = call.parameters.get("subject", "")
    return OF_SUBJECT + subject if subject else ALL


def get_level(call: Call) -> Any:
    """GET /config[/{subject}][?defaultToGlobal=true]."""
    subject = call.parameters.get("subject", "")
    found = _found(call.session, _name(call))
    if subject and not found and not flag(call, "defaultToGlobal"):
        raise Refused(
            NO_SUBJECT_LEVEL,
            f"Subject '{subject}' does not have subject-level compatibility configured",
        )
    return {"compatibilityLevel": found or _found(call.session, ALL) or USUAL}


def put_level(call: Call) -> Any:
    """PUT /config[/{subject}]."""
    level = msgspec.json.decode(call.request.body, type=_Level).compatibility.upper()
    if level not in LEVELS:
        raise Refused(
            INVALID_LEVEL,
            "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive,"
            " forward_transitive, and full_transitive",
        )
    call.session.submit(PutDocument(kind=KIND, name=_name(call), body=msgspec.json.encode(level)))
    return {"compatibility": level}


def delete_level(call: Call) -> Any:
    """DELETE /config[/{subject}]."""
    found = _found(call.session, _name(call))
    if found:
        call.session.submit(DeleteDocument(kind=KIND, name=_name(call)))
    elif "subject" in call.parameters:
        subject = call.parameters["subject"]
        raise Refused(
            NO_SUBJECT_LEVEL,
            f"Subject '{subject}' does not have subject-level compatibility configured",
        )
    return {"compatibilityLevel": found or USUAL}


def get_mode(call: Call) -> Any:
    """GET /mode[/{subject}][?defaultToGlobal=true]."""
    subject = call.parameters.get("subject", "")
    if subject and not flag(call, "defaultToGlobal"):
        raise Refused(
            NO_SUBJECT_MODE, f"Subject '{subject}' does not have subject-level mode configured"
        )
    return {"mode": MODES[0]}


def put_mode(call: Call) -> Any:
    """PUT /mode[/{subject}]: only what it is."""
    mode = msgspec.json.decode(call.request.body, type=_Mode).mode
    if mode not in MODES:
        raise Refused(
            INVALID_MODE, "Invalid mode. Valid values are READWRITE, READONLY, and IMPORT."
        )
    if mode != MODES[0]:
        raise Refused(NOT_PERMITTED, f"Mode {mode} is not offered: all subjects are READWRITE")
    return {"mode": mode}


def check(call: Call) -> Any:
    """POST /compatibility/subjects/{subject}/versions[/{version}][?verbose=true]."""
    subject, schema = call.parameters["subject"], schema_in(call)
    rule = level_of(call.session, subject)
    one = "version" in call.parameters
    version = version_in(call) if one else 0
    command = CheckSchema(
        subject=subject,
        kind=schema.kind,
        text=schema.schema,
        references=schema.refers,
        rule=_of_latest(rule) if one else rule,
        version=version,
        is_there=one,
    )
    try:
        problems = call.session.submit(command)
    except SchemaNotFound as error:
        raise _missing(call, subject, version, error) from None
    found: dict[str, Any] = {"is_compatible": not problems}
    return found | {"messages": list(problems)} if flag(call, "verbose") else found


def _missing(call: Call, subject: str, version: int, error: SchemaNotFound) -> Refused:
    """The subject, its version, or what the schema refers to."""
    try:
        info = call.session.submit(DescribeSubject(subject=subject))
    except SchemaNotFound:
        return no_subject(subject)
    live = [head.version for head in info.versions if not head.is_deleted]
    if not live:
        return no_subject(subject)
    if version and version not in live:
        return no_version(version)
    return no_reference(error)


def _of_latest(rule: Compatibility) -> Compatibility:
    """The same, asked of one version."""
    return rule.removesuffix("_transitive")  # type: ignore[return-value]
