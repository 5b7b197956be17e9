from typing import Any

import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode

from dragoman.formats.schemas.languages import Languages
from dragoman.kernel.documents import ListDocuments
from dragoman.kernel.quotas import Quotas
from dragoman.kernel.schemas import (
    DeleteSchema,
    DeleteSubject,
    DescribeSubject,
    GetSchema,
    RegisterSchema,
    SetCompatibility,
    ValidateSchema,
)
from dragoman.kernel.schemastore import (
    SUBJECT,
    VERSION,
    SchemaInfo,
    SchemaReference,
    SubjectInfo,
)
from dragoman.model.errors import (
    AlreadyExists,
    InvalidArgument,
    NotSupported,
    QuotaExceeded,
    SchemaIncompatible,
    SchemaInvalid,
    SchemaNotFound,
)
from dragoman.model.limits import SCHEMA_REFERENCES_MAX, SCHEMA_VERSIONS_GONE_MAX
from dragoman.runtime.session import BrokerSession

INT, LONG, TEXT = '"int"', '"long"', '"string"'


def begun(engine: Engine | None = None) -> TestNode:
    node = (engine or Engine()).start()
    node.kernel.state.languages = Languages()
    return node


def started() -> BrokerSession:
    return begun().connect()


def register(
    session: BrokerSession, text: str = INT, subject: str = "s", **more: Any
) -> SchemaInfo:
    more.setdefault("revision", text.strip('"'))
    more.setdefault("kind", "avro")
    made = session.submit(RegisterSchema(subject=subject, text=text, **more))
    assert isinstance(made, SchemaInfo)
    return made


def described(session: BrokerSession, subject: str = "s") -> SubjectInfo:
    found = session.submit(DescribeSubject(subject=subject))
    assert isinstance(found, SubjectInfo)
    return found


def texts(session: BrokerSession, **more: Any) -> str:
    found = session.submit(GetSchema(subject="s", **more))
    return str(found.text)


def test_versions_count_up_within_a_subject_and_ids_in_the_broker() -> None:
    session = started()
    made = [register(session), register(session, LONG), register(session, INT, "other")]
    assert [(one.subject, one.version) for one in made] == [("s", 1), ("s", 2), ("other", 1)]
    assert made[0].id == made[2].id != made[1].id, "the same for what says the same"
    assert (texts(session), texts(session, version=1)) == (LONG, INT)
    assert texts(session, revision="int") == INT
    for missing in ({"version": 3}, {"revision": "x"}, {"version": 1, "revision": "long"}):
        with pytest.raises(SchemaNotFound):
            texts(session, **missing)


def test_whether_a_subject_is_new_may_be_asked_for() -> None:
    session = started()
    with pytest.raises(SchemaNotFound):
        register(session, is_new=False)
    register(session, is_new=True)
    with pytest.raises(AlreadyExists):
        register(session, is_new=True)
    assert register(session, is_new=False).version == 2
    with pytest.raises(InvalidArgument):
        register(session, "message M {}", kind="protobuf")


@pytest.mark.parametrize(
    ("mode", "first", "second", "taken"),
    [
        ("none", INT, TEXT, True),
        ("backward", INT, LONG, True),
        ("backward", LONG, INT, False),
        ("forward", LONG, INT, True),
        ("forward", INT, LONG, False),
        ("full", INT, LONG, False),
        ("full", INT, INT, True),
    ],
)
def test_a_version_must_allow_what_the_subject_asks_for(
    mode: Any, first: str, second: str, taken: bool
) -> None:
    session = started()
    register(session, first, compatibility=mode)
    if taken:
        assert register(session, second).version == 2
    else:
        with pytest.raises(SchemaIncompatible, match="previous revision"):
            register(session, second)
        assert len(described(session).versions) == 1


def test_transitive_means_every_version_and_the_mode_may_change() -> None:
    session = started()
    register(session, '"float"', compatibility="backward")
    register(session, '"double"')
    session.submit(SetCompatibility(subject="s", compatibility="none"))
    register(session, INT)
    session.submit(SetCompatibility(subject="s", compatibility="backward_transitive"))
    with pytest.raises(SchemaIncompatible):
        register(session, LONG)
    session.submit(SetCompatibility(subject="s", compatibility="backward"))
    register(session, LONG)
    wrong: Any = "sideways"
    with pytest.raises(InvalidArgument):
        session.submit(SetCompatibility(subject="s", compatibility=wrong))


def test_a_deleted_version_keeps_its_place_and_the_last_one_stays() -> None:
    session = started()
    for text in (INT, LONG, TEXT):
        register(session, text)
    assert session.submit(DeleteSchema(subject="s", revision="long")).text == LONG
    heads = described(session).versions
    assert [(head.version, head.is_deleted) for head in heads] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    with pytest.raises(SchemaNotFound):
        texts(session, version=2)
    session.submit(DeleteSchema(subject="s"))
    with pytest.raises(InvalidArgument):
        session.submit(DeleteSchema(subject="s"))
    assert register(session, LONG).version == 4


def test_of_deleted_versions_the_latest_are_remembered() -> None:
    session = started()
    register(session)
    for at in range(SCHEMA_VERSIONS_GONE_MAX + 5):
        register(session, revision=f"r{at}")
        session.submit(DeleteSchema(subject="s", revision=f"r{at}"))
    versions = described(session).versions
    assert len(versions) == SCHEMA_VERSIONS_GONE_MAX + 1
    assert not versions[0].is_deleted


def test_a_subject_goes_with_all_that_it_has() -> None:
    session = started()
    register(session)
    register(session, LONG)
    session.submit(DeleteSubject(subject="s"))
    with pytest.raises(SchemaNotFound):
        described(session)
    for kind in (SUBJECT, VERSION):
        assert session.submit(ListDocuments(kind=kind)) == []
    with pytest.raises(SchemaNotFound):
        session.submit(DeleteSubject(subject="s"))
    assert register(session).version == 1


def test_what_a_schema_refers_to_is_there() -> None:
    session = started()
    register(session, subject="base")
    known = SchemaReference("base", "base", 1)
    assert register(session, references=(known,)).references == (known,)
    with pytest.raises(SchemaNotFound):
        register(session, references=(SchemaReference("base", "base", 2),))
    with pytest.raises(InvalidArgument):
        register(session, references=(known,) * (SCHEMA_REFERENCES_MAX + 1))


def test_limits_are_kept_to_and_nothing_is_left_of_what_is_refused() -> None:
    node = begun()
    session = node.connect()
    register(session)
    with pytest.raises(QuotaExceeded):
        register(session, LONG, versions_max=1)
    with pytest.raises(SchemaInvalid):
        register(session, "{", subject="other")
    node.kernel.state.quotas = Quotas(documents_max=2)
    with pytest.raises(QuotaExceeded):
        register(session, subject="other")
    assert len(session.submit(ListDocuments(kind=VERSION))) == 1


def test_a_text_can_be_judged_without_being_kept() -> None:
    session = started()
    session.submit(ValidateSchema(kind="avro", text=INT))
    with pytest.raises(SchemaInvalid):
        session.submit(ValidateSchema(kind="avro", text="{"))
    assert session.submit(ListDocuments(kind=VERSION)) == []


def test_a_broker_without_languages_has_no_schemas() -> None:
    session = Engine().start().connect()
    with pytest.raises(NotSupported):
        session.submit(ValidateSchema(kind="avro", text=INT))


@pytest.mark.parametrize("checkpoints", [False, True])
def test_schemas_outlive_the_node(checkpoints: bool) -> None:
    engine = Engine()
    node = begun(engine)
    session = node.connect()
    register(session)
    made = register(session, LONG)
    versions = described(session).versions
    node.settle()
    if checkpoints:
        node.checkpoint()
    again = begun(engine).connect()
    assert again.submit(GetSchema(subject="s")) == made
    assert described(again).versions == versions
