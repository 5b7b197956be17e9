"""What a schema registry asks beyond `schemas`: by id, by what a schema says, and before one is made. Cold."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.schemas import compared, problems_of
from dragoman.kernel.schemastore import (
    Compatibility,
    SchemaInfo,
    SchemaReference,
    digest_by_id,
    digest_of,
    find_same,
    find_subject,
    info_of,
    languages_of,
    referring,
    same_of,
    source_of,
)
from dragoman.model.errors import SchemaNotFound
from dragoman.ports.schemas import SchemaKind

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


class SchemaUses(msgspec.Struct, frozen=True):
    """A schema by its id: one version that says it, and all of them as (subject, version)."""

    info: SchemaInfo
    uses: tuple[tuple[str, int], ...]


class GetSchemaById(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `SchemaUses`. Raises SchemaNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    id: int


class FindSchema(msgspec.Struct, frozen=True, kw_only=True):
    """The version of a subject that says this. Reply: `SchemaInfo`. Raises SchemaNotFound, SchemaInvalid."""

    namespace: str = DEFAULT_NAMESPACE
    subject: str
    kind: SchemaKind
    text: str
    references: tuple[SchemaReference, ...] = ()
    with_kept: bool = False


class CheckSchema(FindSchema, frozen=True, kw_only=True):
    """Why the schema may not follow those that are there. Reply: the reasons, none where it may.

    version   compared with this one alone, else with those that the rule says
    is_there  the subject has to be
    Raises SchemaNotFound, SchemaInvalid.
    """

    rule: Compatibility
    version: int = 0
    is_there: bool = False


class ListReferring(msgspec.Struct, frozen=True, kw_only=True):
    """Schemas that refer to a version. Reply: their ids. Raises SchemaNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    subject: str
    version: int


def by_id(kernel: "Decisions", command: GetSchemaById, session: int) -> SchemaUses:
    """Reply: the schema."""
    state, namespace = kernel.state, command.namespace
    digest = digest_by_id(state, namespace, command.id)
    same = same_of(state, namespace, digest) if digest else None
    if same is None:
        raise SchemaNotFound(str(command.id))
    subject, version = same.uses[0]
    _, found = find_subject(state, namespace, subject)
    return SchemaUses(info_of(state, namespace, subject, found.kind, version), same.uses)


def find(kernel: "Decisions", command: FindSchema, session: int) -> SchemaInfo:
    """Reply: the version."""
    state, namespace = kernel.state, command.namespace
    find_subject(state, namespace, command.subject)
    source = source_of(state, namespace, command.text, command.references)
    languages_of(state).check(command.kind, source)
    digest = digest_of(state, command.kind, command.text, command.references)
    kept = command.with_kept
    found = find_same(state, namespace, command.subject, digest, with_kept=kept)
    if found is None:
        raise SchemaNotFound(command.subject)
    return found


def check(kernel: "Decisions", command: CheckSchema, session: int) -> tuple[str, ...]:
    """Reply: the reasons."""
    state, namespace = kernel.state, command.namespace
    source = source_of(state, namespace, command.text, command.references)
    languages_of(state).check(command.kind, source)
    try:
        _, known = find_subject(state, namespace, command.subject)
    except SchemaNotFound:
        if command.is_there:
            raise
        return ()
    if command.is_there and not known.live:
        raise SchemaNotFound(command.subject)
    heads = compared(known.live, command.rule)
    if command.version:
        heads = [head for head in known.live if head.version == command.version]
        if not heads:
            raise SchemaNotFound(f"{command.subject}, version {command.version}")
    if heads and known.kind != command.kind:
        return (f"{command.subject} is {known.kind}, not {command.kind}",)
    found: list[str] = []
    for head in heads:
        old = info_of(state, namespace, command.subject, known.kind, head.version)
        found += problems_of(state, command.rule, source, old, namespace)
    return tuple(found)


def list_referring(kernel: "Decisions", command: ListReferring, session: int) -> list[int]:
    """Reply: the ids."""
    state, namespace = kernel.state, command.namespace
    _, found = find_subject(state, namespace, command.subject)
    if all(head.version != command.version for head in found.live_and_kept):
        raise SchemaNotFound(f"{command.subject}, version {command.version}")
    users = referring(state, namespace, command.subject, {command.version})
    return sorted({int(user.name) for user in users})


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    GetSchemaById: by_id,
    FindSchema: find,
    CheckSchema: check,
    ListReferring: list_referring,
}
