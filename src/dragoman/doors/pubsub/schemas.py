"""SchemaService: schemas and their revisions, on the kernel's store of schemas.

schema            a subject of the kernel, in the namespace of its project
revision          a version; `NAME@REVISION` names one, NAME alone the latest
compiled          a definition as protoc made it is kept as text, and told as it came
compatibility     full: a revision can read what the one before it describes, and the other way round
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub.errors import (
    already_exists,
    invalid,
    not_found,
    precondition,
)
from dragoman.doors.pubsub.masks import page_of
from dragoman.doors.pubsub.names import SCHEMAS, Place, new_place, place_of, project_of, schema_name
from dragoman.doors.pubsub.protos import Empty
from dragoman.doors.shared.grpc.call import Call, Reply, Status, written
from dragoman.doors.shared.grpc.policies import Resource, check, forget_policy, may
from dragoman.formats.schemas.compiledtext import Compiled, read, spell
from dragoman.formats.schemas.languages import Encoding, Languages
from dragoman.formats.schemas.limits import SCHEMA_BYTES_MAX, Budget, SchemaMismatch
from dragoman.kernel.api import (
    SCHEMA,
    DeleteSchema,
    DeleteSubject,
    DescribeSubject,
    Document,
    GetSchema,
    ListDocuments,
    RegisterSchema,
    SchemaInfo,
    Session,
    SubjectInfo,
    ValidateSchema,
)
from dragoman.model.errors import (
    AlreadyExists,
    InvalidArgument,
    QuotaExceeded,
    SchemaIncompatible,
    SchemaInvalid,
    SchemaNotFound,
)
from dragoman.ports.schemas import SchemaKind
from dragoman.wire.protobuf.schemas import SCHEMAS as PACKAGE

Schema: Final[Any] = PACKAGE["Schema"]
ListSchemasResponse: Final[Any] = PACKAGE["ListSchemasResponse"]
ListSchemaRevisionsResponse: Final[Any] = PACKAGE["ListSchemaRevisionsResponse"]
ValidateSchemaResponse: Final[Any] = PACKAGE["ValidateSchemaResponse"]
ValidateMessageResponse: Final[Any] = PACKAGE["ValidateMessageResponse"]
FULL: Final = PACKAGE.enum("SchemaView")["FULL"]
SUBJECT_KIND: Final = "schema.subject"
REVISIONS_MAX: Final = 20
REVISION_BYTES: Final = 4
KINDS: Final[dict[int, SchemaKind]] = {Schema.AVRO: "avro", Schema.PROTOCOL_BUFFER: "protobuf"}
TYPES: Final = {kind: number for number, kind in KINDS.items()}
ENCODINGS: Final[dict[int, Encoding]] = {
    PACKAGE.enum("Encoding")["JSON"]: "json",
    PACKAGE.enum("Encoding")["BINARY"]: "binary",
}


def split_revision(name: str) -> tuple[Place, str]:
    """The schema, and the revision behind its `@`, empty for none. Raises Status."""
    bare, _, revision = name.partition("@")
    return place_of(bare, SCHEMAS), revision


def schema_resource(place: Place) -> Resource:
    """As policies know it."""
    return Resource(place.project, SCHEMAS, SCHEMA, place.id)


def find_subject(session: Session, place: Place) -> SubjectInfo | None:
    """None where there is none."""
    try:
        found: SubjectInfo = session.submit(
            DescribeSubject(namespace=place.project, subject=place.id)
        )
    except SchemaNotFound:
        return None
    return found if found.kind in TYPES else None


def get_subject(session: Session, place: Place) -> SubjectInfo:
    """Raises Status."""
    found = find_subject(session, place)
    if found is None:
        raise not_found(place.id)
    return found


def get_revision(session: Session, place: Place, revision: str = "") -> SchemaInfo:
    """The latest, or the one that is called so. Raises Status."""
    command = GetSchema(namespace=place.project, subject=place.id, revision=revision)
    try:
        found: SchemaInfo = session.submit(command)
    except SchemaNotFound:
        raise not_found(f"{place.id}@{revision}" if revision else place.id) from None
    if found.kind not in TYPES:
        raise not_found(place.id)
    return found


class Schemas:
    """The service's methods."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages

    # --- one ---

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        project = project_of(request.parent)
        place = new_place(f"projects/{project}/{SCHEMAS}/{request.schema_id}", SCHEMAS)
        try:
            made = self._register(call.session, place, _asked(request.schema), is_new=True)
        except AlreadyExists:
            raise already_exists(place.id) from None
        forget_policy(call, schema_resource(place))
        return written(call.session, _told(place, made))

    def commit(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = place_of(request.name, SCHEMAS)
        if request.schema.name and request.schema.name != request.name:
            raise invalid(f"The schema is called {request.name}, not {request.schema.name:.200}.")
        made = self._register(call.session, place, _asked(request.schema), is_new=False)
        return written(call.session, _told(place, made))

    def rollback(self, call: Call, request: Any) -> Reply:
        """See the API reference: a revision that says what the given one says."""
        place = place_of(request.name, SCHEMAS)
        if not request.revision_id:
            raise invalid("The revision_id must be set.")
        old = get_revision(call.session, place, request.revision_id)
        made = self._register(call.session, place, (old.kind, old.text), is_new=False)
        return written(call.session, _told(place, made))

    def _register(
        self, session: Session, place: Place, asked: tuple[SchemaKind, str], *, is_new: bool
    ) -> SchemaInfo:
        kind, text = asked
        try:
            self._languages.judge(kind, text, "binary")  # it stands alone
            made: SchemaInfo = session.submit(
                RegisterSchema(
                    namespace=place.project,
                    subject=place.id,
                    kind=kind,
                    text=text,
                    revision=session.token(REVISION_BYTES).hex(),
                    is_new=is_new,
                    compatibility="full",
                    versions_max=REVISIONS_MAX,
                )
            )
        except SchemaNotFound:
            raise not_found(place.id) from None
        except SchemaInvalid as error:
            raise _unsound(error) from error
        except SchemaIncompatible as error:
            raise invalid(
                "Compatibility checking failed to commit a schema revision for"
                f' (schema="{schema_name(place)}"). (reason="{error}").'
            ) from error
        except QuotaExceeded as error:
            raise precondition(f"Too many revisions: {error}.") from error
        return made

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place, revision = split_revision(request.name)
        check(call.session, schema_resource(place), "pubsub.schemas.get")
        view = request.view or FULL
        return Reply(_viewed(place, get_revision(call.session, place, revision), view))

    def delete(self, call: Call, request: Any) -> Reply:
        """See the API reference: topics that have it take nothing any more."""
        place = place_of(request.name, SCHEMAS)
        try:
            call.session.submit(DeleteSubject(namespace=place.project, subject=place.id))
        except SchemaNotFound:
            raise not_found(place.id) from None
        forget_policy(call, schema_resource(place))
        return written(call.session, Empty())

    def delete_revision(self, call: Call, request: Any) -> Reply:
        """See the API reference: the only one goes with its schema alone."""
        place, revision = split_revision(request.name)
        revision = revision or request.revision_id
        if not revision:
            raise invalid("The name must be of a revision, as NAME@REVISION.")
        get_revision(call.session, place, revision)
        command = DeleteSchema(namespace=place.project, subject=place.id, revision=revision)
        try:
            gone = call.session.submit(command)
        except InvalidArgument:
            raise precondition("Cannot delete the only revision of a schema.") from None
        return written(call.session, _told(place, gone))

    # --- many ---

    def list(self, call: Call, request: Any) -> Reply:
        """See the API reference: of each schema the latest revision."""
        project = project_of(request.parent)
        session = call.session
        places = [Place(project, name) for name in _names(session, project)]
        shown = [
            place for place in places if may(session, schema_resource(place), "pubsub.schemas.get")
        ]
        page, token = page_of(shown, request)
        found = [_viewed(place, get_revision(session, place), request.view) for place in page]
        return Reply(ListSchemasResponse(schemas=found, next_page_token=token))

    def list_revisions(self, call: Call, request: Any) -> Reply:
        """See the API reference: the latest first."""
        place = place_of(request.name, SCHEMAS)
        subject = get_subject(call.session, place)
        check(call.session, schema_resource(place), "pubsub.schemas.listRevisions")
        live = [head.revision for head in reversed(subject.versions) if not head.is_deleted]
        page, token = page_of(live, request)
        found = [
            _viewed(place, get_revision(call.session, place, revision), request.view)
            for revision in page
        ]
        return Reply(ListSchemaRevisionsResponse(schemas=found, next_page_token=token))

    # --- judging ---

    def validate_schema(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        project_of(request.parent)
        kind, text = _asked(request.schema)
        try:
            self._languages.judge(kind, text, "binary")
            call.session.submit(ValidateSchema(kind=kind, text=text))
        except SchemaInvalid as error:
            raise _unsound(error) from error
        return Reply(ValidateSchemaResponse())

    def validate_message(self, call: Call, request: Any) -> Reply:
        """See the API reference: against a schema that is there, or one that is told."""
        project_of(request.parent)
        encoding = ENCODINGS.get(request.encoding)
        if encoding is None:
            raise invalid("The encoding must be JSON or BINARY.")
        which = request.WhichOneof("schema_spec")
        if which is None:
            raise invalid("A name or a schema must be given.")
        if which == "name":
            place, revision = split_revision(request.name)
            check(call.session, schema_resource(place), "pubsub.schemas.validate")
            info = get_revision(call.session, place, revision)
            kind, text = info.kind, info.text
        else:
            kind, text = _asked(request.schema)
        try:
            self._languages.judge(kind, text, encoding)(request.message, Budget())
        except SchemaInvalid as error:
            raise _unsound(error) from error
        except SchemaMismatch as error:
            raise mismatch(error) from None
        return Reply(ValidateMessageResponse())


def _asked(schema: Any) -> tuple[SchemaKind, str]:
    """(its language, its text). Raises Status for what is no schema at first sight."""
    kind = KINDS.get(schema.type)
    if kind is None:
        raise invalid("The type of a schema must be AVRO or PROTOCOL_BUFFER.")
    if schema.HasField("compiled_proto_schema"):
        return kind, _compiled(schema)
    if not schema.definition:
        raise invalid("The definition of a schema must not be empty.")
    if len(schema.definition.encode()) > SCHEMA_BYTES_MAX:
        raise invalid(f"The definition of a schema has at most {SCHEMA_BYTES_MAX} bytes.")
    return kind, schema.definition


def _compiled(schema: Any) -> str:
    compiled = schema.compiled_proto_schema
    if schema.type != Schema.PROTOCOL_BUFFER:
        raise invalid("A compiled_proto_schema is of the type PROTOCOL_BUFFER.")
    if schema.definition:
        raise invalid("A schema has a definition or a compiled_proto_schema, not both.")
    if not compiled.root_message or not compiled.compiled_bytes:
        raise invalid("root_message and compiled_bytes of a compiled_proto_schema must be set.")
    if len(compiled.compiled_bytes) > SCHEMA_BYTES_MAX:
        raise invalid(f"The compiled_bytes of a schema are at most {SCHEMA_BYTES_MAX} bytes.")
    return spell(Compiled(compiled.root_message, compiled.compiled_bytes))


def _unsound(error: SchemaInvalid) -> Status:
    return invalid(f"Invalid schema definition: {error}.")


def mismatch(error: SchemaMismatch) -> Status:
    """Data that is not what its schema says."""
    return invalid(f"Invalid data in message: Message failed schema validation ({error}).")


def _told(place: Place, info: SchemaInfo) -> Any:
    schema = Schema(
        name=schema_name(place),
        type=TYPES[info.kind],
        revision_id=info.revision,
    )
    compiled = read(info.text) if info.kind == "protobuf" else None
    if compiled is None:
        schema.definition = info.text
    else:
        schema.compiled_proto_schema.root_message = compiled.root
        schema.compiled_proto_schema.compiled_bytes = compiled.files
    schema.revision_create_time.FromMilliseconds(info.stored_ms)
    return schema


def _viewed(place: Place, info: SchemaInfo, view: int) -> Any:
    """Without its definition, unless all of it is asked for."""
    schema = _told(place, info)
    if view != FULL:
        schema.ClearField("definition")
        schema.ClearField("compiled_proto_schema")
    return schema


def _names(session: Session, project: str) -> Sequence[str]:
    """Of subjects that can be shown: others are a schema registry's."""
    found: list[str] = []
    after = ""
    while True:
        page: list[Document] = session.submit(
            ListDocuments(namespace=project, kind=SUBJECT_KIND, after=after)
        )
        if not page:
            return found
        after = page[-1].name
        found += [document.name for document in page if _is_shown(document)]


def _is_shown(document: Document) -> bool:
    subject = msgspec.json.decode(document.body)
    is_there = any(not head.get("is_deleted") for head in subject["versions"])
    return is_there and subject["kind"] in TYPES
