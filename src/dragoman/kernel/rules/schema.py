"""Whether a message is as a subject of the store of schemas says.

    json, binary    the body, by one version: the latest, or that which the rule names
    framed          00 and four bytes, the version's id: it must be one of the subject's. The body is behind them
    by header       the body is not opened: the frame says the id, or else the header `schema-id`

Who judges is found once for each version, and again when the subject has changed. A message without a body (a
tombstone) is as any schema says.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from dragoman.kernel.rules.fault import BadMessage
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.schemastore import (
    SUBJECT,
    SchemaInfo,
    digest_by_id,
    find_subject,
    info_of,
    languages_of,
    same_of,
    source_of,
)
from dragoman.model.errors import InvalidArgument, KernelError, NotSupported, SchemaNotFound
from dragoman.ports.schemas import Judge, SchemaMismatch
from dragoman.ports.translator import FieldSource

if TYPE_CHECKING:
    from dragoman.kernel.documents import Document
    from dragoman.kernel.state import State

MAGIC: Final = 0
FRAME_BYTES: Final = 5
ID_HEADER: Final = "schema-id"
KNOWN_MAX: Final = 1_024  # versions whose judge is kept, by rule
WHERE: Final = "body"
IMPLIED: Final = -1  # the id of the version that a body without a frame is judged by


class Schema:
    """The schema of a rule."""

    __slots__ = ("_document", "_judges", "_namespace", "_readers", "_settings")

    def __init__(self, namespace: str, settings: RuleSettings) -> None:
        self._namespace = namespace
        self._settings = settings
        self._document: Document | None = None
        self._judges: dict[int, Judge] = {}
        self._readers: dict[int, Callable[[bytes], bytes]] = {}

    def check(self, state: "State", source: FieldSource) -> None:
        """Raises BadMessage, InvalidArgument on bytes that cannot be read."""
        self._refresh(state)
        body = source.attribute("body")
        if self._settings.by == "header":
            self._version_of(state, _id_said(body, source))
        elif isinstance(body, bytes):
            try:
                if self._settings.encoding == "framed":
                    judge = self._judge(state, _framed_id(body))
                    judge(body[FRAME_BYTES:], lambda: None)
                else:
                    self._judge(state, IMPLIED)(body, lambda: source.member(()))
            except SchemaMismatch as error:
                raise BadMessage(error.path or WHERE, str(error)) from None

    def json_of(self, state: "State", body: bytes) -> bytes:
        """What a framed body says, as JSON. Raises BadMessage."""
        self._refresh(state)
        id_ = _framed_id(body)
        reader = self._readers.get(id_)
        try:
            if reader is None:
                info = self._version_of(state, id_)
                source = source_of(state, self._namespace, info.text, info.references)
                reader = languages_of(state).framed_reader_of(info.kind, source)
                _bound(self._readers)
                self._readers[id_] = reader
            return reader(body[FRAME_BYTES:])
        except SchemaMismatch as error:
            raise BadMessage(error.path or WHERE, str(error)) from None
        except KernelError as error:
            raise BadMessage(WHERE, str(error)) from None

    def _refresh(self, state: "State") -> None:
        """Forget what was found of the subject before it changed."""
        subject = self._settings.schema
        document = state.documents.by_key.get((self._namespace, SUBJECT, subject))
        if document is not self._document:
            self._document = document
            self._judges.clear()
            self._readers.clear()

    def _judge(self, state: "State", id_: int) -> Judge:
        judge = self._judges.get(id_)
        if judge is None:
            judge = self._found(state, id_)
            _bound(self._judges)
            self._judges[id_] = judge
        return judge

    def _found(self, state: "State", id_: int) -> Judge:
        languages = languages_of(state)
        if id_ == IMPLIED and self._settings.schema_first:
            return self._any(state)
        try:
            info = self._latest(state) if id_ == IMPLIED else self._version_of(state, id_)
            source = source_of(state, self._namespace, info.text, info.references)
            if id_ != IMPLIED:
                return languages.framed_judge_of(info.kind, source)
            encoding = self._settings.encoding
            assert encoding != "framed", "such a body says its version"
            return languages.judge_of(info.kind, source, encoding)
        except KernelError as error:
            raise BadMessage("schema", str(error)) from None

    def _any(self, state: "State") -> Judge:
        """Whether a body is as any of the versions allowed says, the newest first. Raises BadMessage."""
        settings, languages = self._settings, languages_of(state)
        assert settings.encoding != "framed", "such a body says its version"
        judges: list[Judge] = []
        try:
            for info in versions_of(state, self._namespace, settings):
                source = source_of(state, self._namespace, info.text, info.references)
                judges.append(languages.judge_of(info.kind, source, settings.encoding))
        except KernelError as error:
            raise BadMessage("schema", str(error)) from None
        if not judges:
            raise BadMessage("schema", f"no version of {settings.schema} is allowed")
        return _AnyOf(judges)

    def _latest(self, state: "State") -> SchemaInfo:
        return version_of(state, self._namespace, self._settings)

    def _version_of(self, state: "State", id_: int) -> SchemaInfo:
        """The version of that id, which must be one of the subject's. Raises BadMessage."""
        subject, namespace = self._settings.schema, self._namespace
        same = same_of(state, namespace, digest_by_id(state, namespace, id_))
        for name, version in () if same is None else same.uses:
            if not subject or name == subject:
                kind = find_subject(state, namespace, name)[1].kind
                return info_of(state, namespace, name, kind, version)
        what = f"version of {subject}" if subject else "schema"
        raise BadMessage(WHERE, f"{id_} is the id of no {what}")


class _AnyOf:
    """See `ports.schemas.Judge`."""

    def __init__(self, judges: list[Judge]) -> None:
        self._judges = judges

    def __call__(self, body: bytes, ask: Callable[[], object]) -> None:
        first: SchemaMismatch | None = None
        for judge in self._judges:
            try:
                judge(body, ask)
            except SchemaMismatch as error:
                first = first or error
            else:
                return
        assert first is not None
        raise first


def versions_of(state: "State", namespace: str, settings: RuleSettings) -> list[SchemaInfo]:
    """Those from the first to the last that a rule names, the newest first. Raises SchemaNotFound."""
    _, subject = find_subject(state, namespace, settings.schema)
    return [
        info_of(state, namespace, settings.schema, subject.kind, head.version)
        for head in reversed(subject.live)
        if head.version >= settings.schema_first
        and settings.schema_version in (0, max(head.version, settings.schema_version))
    ]


def version_of(state: "State", namespace: str, settings: RuleSettings) -> SchemaInfo:
    """The version that a rule names, or the latest. Raises SchemaNotFound."""
    _, subject = find_subject(state, namespace, settings.schema)
    wanted = settings.schema_version
    for head in reversed(subject.live):
        if wanted in (0, head.version):
            return info_of(state, namespace, settings.schema, subject.kind, head.version)
    raise SchemaNotFound(f"{settings.schema}, version {wanted}")


def check_schema(state: "State", namespace: str, settings: RuleSettings) -> None:
    """Whether the rule's schema is there and can judge as the rule wants it. Raises KernelError."""
    first, last = settings.schema_first, settings.schema_version
    if first and (settings.encoding == "framed" or settings.by == "header"):
        raise InvalidArgument("schema_first: where a message says its version, any will do")
    if not 0 <= first <= (last or first):
        raise InvalidArgument("schema_first is a version up to schema_version")
    info = version_of(state, namespace, settings)
    source = source_of(state, namespace, info.text, info.references)
    languages = languages_of(state)
    if settings.encoding == "framed":
        languages.framed_judge_of(info.kind, source)
    elif settings.by == "body":
        languages.judge_of(info.kind, source, settings.encoding)
    if settings.decode and info.kind != "avro":
        raise NotSupported(f"{settings.schema} is {info.kind}: framed Avro alone is decoded")


def _framed_id(body: object) -> int:
    """Raises BadMessage."""
    if not isinstance(body, bytes) or len(body) < FRAME_BYTES or body[0] != MAGIC:
        raise BadMessage(WHERE, "no frame of the Schema Registry's begins it")
    return int.from_bytes(body[1:FRAME_BYTES])


def _id_said(body: object, source: FieldSource) -> int:
    """By a header, else by a frame. Raises BadMessage."""
    said = source.headers.get(ID_HEADER)
    if said is None:
        return _framed_id(body)
    text = said.decode("latin-1") if isinstance(said, bytes) else str(said)
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise BadMessage(ID_HEADER, f"{text[:40]!r} is no id of a schema")
    return int(text)


def _bound(known: "dict[int, Judge] | dict[int, Callable[[bytes], bytes]]") -> None:
    if len(known) >= KNOWN_MAX:
        known.clear()
