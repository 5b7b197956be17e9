from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.runtime.engine import Engine

from dragoman.kernel.documents import (
    NO_VERSION,
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    PutDocument,
)
from dragoman.kernel.quotas import Quotas
from dragoman.model.errors import (
    DocumentNotFound,
    InvalidArgument,
    QuotaExceeded,
    VersionDiffers,
)
from dragoman.model.limits import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_KIND_BYTES_MAX,
    DOCUMENT_NAME_BYTES_MAX,
)
from dragoman.runtime.session import BrokerSession


def put(session: BrokerSession, name: str, body: bytes, **more: Any) -> Document:
    more.setdefault("kind", "k")
    made = session.submit(PutDocument(name=name, body=body, **more))
    assert isinstance(made, Document)
    return made


def listed(session: BrokerSession, **more: Any) -> list[str]:
    more.setdefault("kind", "k")
    return [found.name for found in session.submit(ListDocuments(**more))]


def test_a_document_is_found_by_namespace_kind_and_name() -> None:
    session = Engine().start().connect()
    put(session, "a", b"1")
    put(session, "a", b"2", kind="other")
    put(session, "a", b"3", namespace="n")
    found = session.submit(GetDocument(kind="k", name="a"))
    assert (found.kind, found.name, found.body) == ("k", "a", b"1")
    assert session.submit(GetDocument(namespace="n", kind="k", name="a")).body == b"3"
    with pytest.raises(DocumentNotFound):
        session.submit(GetDocument(namespace="n", kind="other", name="a"))


def test_a_list_has_pages_and_prefixes() -> None:
    session = Engine().start().connect()
    for name in ("b", "a/2", "a/1", "c", "a"):
        put(session, name, b"")
    assert listed(session) == ["a", "a/1", "a/2", "b", "c"]
    assert listed(session, prefix="a/") == ["a/1", "a/2"]
    assert listed(session, prefix="a", after="a", count_max=1) == ["a/1"]
    assert listed(session, after="c") == listed(session, kind="none") == []
    assert listed(session, count_max=0) == listed(session, count_max=-1) == []


def test_who_changes_what_has_changed_meanwhile_is_told_so() -> None:
    session = Engine().start().connect()
    first = put(session, "a", b"1", expected=NO_VERSION)
    with pytest.raises(VersionDiffers) as refused:
        put(session, "a", b"2", expected=NO_VERSION)
    assert refused.value.version == first.version
    second = put(session, "a", b"2", expected=first.version)
    assert second.version > first.version
    for command in (
        PutDocument(kind="k", name="a", body=b"3", expected=first.version),
        DeleteDocument(kind="k", name="a", expected=first.version),
    ):
        with pytest.raises(VersionDiffers):
            session.submit(command)
    assert session.submit(DeleteDocument(kind="k", name="a", expected=second.version)) == second
    with pytest.raises(VersionDiffers):
        put(session, "a", b"3", expected=second.version)
    assert put(session, "a", b"4").version > second.version


def test_what_is_too_large_or_has_no_name_is_refused() -> None:
    session = Engine().start().connect()
    put(session, "n" * DOCUMENT_NAME_BYTES_MAX, bytes(DOCUMENT_BYTES_MAX))
    for name, kind, body in (
        ("", "k", b""),
        ("a", "", b""),
        ("é" * (DOCUMENT_NAME_BYTES_MAX // 2 + 1), "k", b""),
        ("a", "k" * (DOCUMENT_KIND_BYTES_MAX + 1), b""),
        ("\ud800", "k", b""),
        ("a", "k", bytes(DOCUMENT_BYTES_MAX + 1)),
    ):
        with pytest.raises(InvalidArgument):
            put(session, name, body, kind=kind)
    with pytest.raises(DocumentNotFound):
        session.submit(DeleteDocument(kind="k", name="a"))


def test_a_namespace_has_so_many_documents_and_bytes_of_them() -> None:
    node = Engine().start()
    session = node.connect()
    node.kernel.state.quotas = Quotas(documents_max=2, documents_bytes_max=10)
    put(session, "a", b"123")
    put(session, "b", b"1234567")
    with pytest.raises(QuotaExceeded):
        put(session, "c", b"")
    with pytest.raises(QuotaExceeded):
        put(session, "a", b"1234")
    put(session, "a", b"321")
    put(session, "c", b"1234", namespace="other")
    session.submit(DeleteDocument(kind="k", name="b"))
    put(session, "c", b"1234567")
    assert node.kernel.state.usage.documents == {"default": (2, 10), "other": (1, 4)}


NAMES = st.sampled_from(["a", "b", "b/1", 'c"', "ü"])
KINDS = st.sampled_from(["k", "l"])


class Documents(RuleBasedStateMachine):
    """Against a dictionary, under checkpoints and crashes behind the last frame."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.known: dict[tuple[str, str], tuple[bytes, int]] = {}
        self.newest = 0

    @rule(kind=KINDS, name=NAMES, body=st.binary(max_size=20), is_checked=st.booleans())
    def put(self, kind: str, name: str, body: bytes, is_checked: bool) -> None:
        version = self.known.get((kind, name), (b"", NO_VERSION))[1]
        more = {"expected": version} if is_checked else {}
        made = put(self.session, name, body, kind=kind, **more)
        assert made.version > self.newest
        self.newest = made.version
        self.known[kind, name] = (body, made.version)

    @rule(kind=KINDS, name=NAMES)
    def delete(self, kind: str, name: str) -> None:
        known = self.known.pop((kind, name), None)
        command = DeleteDocument(kind=kind, name=name)
        if known is None:
            with pytest.raises(DocumentNotFound):
                self.session.submit(command)
        else:
            assert self.session.submit(command).version == known[1]

    @rule()
    def checkpoint(self) -> None:
        self.node.settle()
        self.node.checkpoint()

    @rule()
    def crash(self) -> None:
        self.node.settle()
        self.node = self.engine.start()
        self.session = self.node.connect()

    @invariant()
    def all_is_there(self) -> None:
        for kind in ("k", "l"):
            found = self.session.submit(ListDocuments(kind=kind))
            wanted = sorted(item for item in self.known.items() if item[0][0] == kind)
            assert [(one.name, one.body, one.version) for one in found] == [
                (name, *value) for (_, name), value in wanted
            ]
        sizes = [len(body) for body, _ in self.known.values()]
        usage = self.node.kernel.state.usage.documents.get("default", (0, 0))
        assert usage == (len(sizes), sum(sizes))


TestDocuments = Documents.TestCase
TestDocuments.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
