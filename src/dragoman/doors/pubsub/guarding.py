"""A topic with a schema: what is published to it must be as one of its revisions says, the newest first.

    schema_settings    schema, encoding, first_revision_id, last_revision_id (none: from the first, to the latest)
    attributes         googclient_schemaname, googclient_schemaencoding, googclient_schemarevisionid: which it was

The stream has it in its settings as well (`stream_schema`), so that the kernel judges what comes by other protocols.
What comes by this one is judged here, once, since it is told which revision it is of.

What was found out of a topic holds as long as its settings and the schema are the same objects.
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.pubsub.errors import invalid, not_found
from dragoman.doors.pubsub.names import PROTOCOL, SCHEMAS, Place, place_of
from dragoman.doors.pubsub.protos import Topic, from_text
from dragoman.doors.pubsub.schemas import (
    ENCODINGS,
    find_subject,
    get_revision,
    get_subject,
    mismatch,
    schema_resource,
)
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call
from dragoman.doors.shared.grpc.policies import check
from dragoman.formats.pubsub import PubsubMessage
from dragoman.formats.schemas.languages import Check, Languages
from dragoman.formats.schemas.limits import Budget, SchemaMismatch
from dragoman.kernel.api import (
    Document,
    Session,
    StreamHead,
    StreamSchema,
    StreamSettings,
    SubjectInfo,
)
from dragoman.model.errors import SchemaInvalid

DELETED_SCHEMA: Final = "_deleted-schema_"
KNOWN_MAX: Final = 4_096


class Guard:
    """What a topic takes: `checks` by revision, the newest first."""

    def __init__(
        self, settings: StreamSettings, document: Document, checks: "Sequence[_Revision]"
    ) -> None:
        self.settings = settings
        self.document = document
        self._checks = checks

    def attributes(self, data: bytes, budget: Budget) -> bytes:
        """Which revision the data is of, as the attributes that say so, packed. Raises Status."""
        first: SchemaMismatch | None = None
        for revision in self._checks:
            try:
                revision.check(data, budget)
            except SchemaMismatch as error:
                first = first or error
            else:
                return revision.attributes
        raise mismatch(first or SchemaMismatch("no revision is allowed")) from None


class _Revision:
    """One that is allowed."""

    def __init__(self, check: Check, attributes: bytes) -> None:
        self.check = check
        self.attributes = attributes


class Guards:
    """Those of all topics that have a schema."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._plain: dict[int, StreamSettings] = {}  # streams without a schema, as they were then
        self._known: dict[int, tuple[Place, Guard]] = {}

    def of(self, call: Call, head: StreamHead) -> Guard | None:
        """None for a topic that takes anything. Who publishes need not know the schema. Raises Status."""
        settings = head.settings
        if PROTOCOL not in settings.notes or self._plain.get(head.id) is settings:
            return None
        with by_broker(call):
            return self._as_known(call.session, head) or self._look(call.session, head)

    def _as_known(self, session: Session, head: StreamHead) -> Guard | None:
        known = self._known.get(head.id)
        if known is None or known[1].settings is not head.settings:
            return None
        place, guard = known
        subject = find_subject(session, place)
        return guard if subject is not None and subject.document is guard.document else None

    def _look(self, session: Session, head: StreamHead) -> Guard | None:
        if len(self._plain) + len(self._known) >= KNOWN_MAX:
            self._plain.clear()
            self._known.clear()
        asked = schema_settings(head.settings)
        if asked is None:
            self._plain[head.id] = head.settings
            return None
        place = place_of(asked.schema, SCHEMAS)
        subject = find_subject(session, place)
        if subject is None:
            raise mismatch(SchemaMismatch("the schema was deleted"))
        guard = Guard(head.settings, subject.document, self._checks(session, place, subject, asked))
        self._known[head.id] = (place, guard)
        return guard

    def _checks(
        self, session: Session, place: Place, subject: SubjectInfo, asked: Any
    ) -> Sequence[_Revision]:
        encoding = ENCODINGS[asked.encoding]
        found: list[_Revision] = []
        for revision in reversed(allowed(subject, asked)):
            info = get_revision(session, place, revision)
            try:
                check = self._languages.judge(info.kind, info.text, encoding)
            except SchemaInvalid:  # of a newer version of the broker, which takes more
                continue
            told = PubsubMessage()
            told.attributes = [
                (b"googclient_schemaname", asked.schema.encode()),
                (b"googclient_schemaencoding", encoding.upper().encode()),
                (b"googclient_schemarevisionid", revision.encode()),
            ]
            found.append(_Revision(check, told.pack()))
        return found


def schema_settings(settings: StreamSettings) -> Any:
    """Of a stream; None for one without a schema."""
    text = settings.notes.get(PROTOCOL)
    if text is None or "schema_settings" not in text:
        return None
    topic = from_text(Topic, text)
    return topic.schema_settings if topic.schema_settings.schema else None


def allowed(subject: SubjectInfo, asked: Any) -> list[str]:
    """The revisions from the first to the last, in their order; a bound that is deleted keeps its place."""
    names = [head.revision for head in subject.versions]
    first, last = asked.first_revision_id, asked.last_revision_id
    low = names.index(first) if first in names else 0
    high = names.index(last) + 1 if last in names else len(names)
    return [head.revision for head in subject.versions[low:high] if not head.is_deleted]


def stream_schema(call: Call, topic: Any) -> StreamSchema | None:
    """What a topic's `schema_settings` are to its stream. Raises Status, AccessRefused for what it may not have."""
    asked = topic.schema_settings
    if not topic.HasField("schema_settings"):
        return None
    if not asked.schema:
        raise invalid("schema_settings must name a schema.")
    if asked.encoding not in ENCODINGS:
        raise invalid("The encoding of schema_settings must be JSON or BINARY.")
    place = place_of(asked.schema, SCHEMAS)
    subject = get_subject(call.session, place)
    check(call.session, schema_resource(place), "pubsub.schemas.attach")
    names = [head.revision for head in subject.versions if not head.is_deleted]
    bounds = [name for name in (asked.first_revision_id, asked.last_revision_id) if name]
    for name in bounds:
        if name not in names:
            raise not_found(f"{place.id}@{name}")
    if len(bounds) == 2 and names.index(bounds[0]) > names.index(bounds[1]):
        raise invalid("first_revision_id must not be newer than last_revision_id.")
    numbers = {head.revision: head.version for head in subject.versions}
    return StreamSchema(
        place.project,
        place.id,
        ENCODINGS[asked.encoding],
        numbers.get(asked.first_revision_id, 1),
        numbers.get(asked.last_revision_id, 0),
    )


def tell_schema(call: Call, topic: Any) -> Any:
    """The topic as clients see it: a schema that is no more has another name."""
    asked = topic.schema_settings.schema
    if asked:
        with by_broker(call):
            is_there = find_subject(call.session, place_of(asked, SCHEMAS)) is not None
        topic.schema_settings.schema = asked if is_there else DELETED_SCHEMA
    return topic
