import pytest
from tests.runtime.engine import Engine

from dragoman.kernel import granting
from dragoman.kernel.commands import CreateStream, DescribeStream
from dragoman.kernel.documents import DeleteDocument, PutDocument
from dragoman.kernel.granting import CreateGrants, DeleteGrants, ListGrants, SetGuard
from dragoman.kernel.permissions import GRANT_KIND, GUARD_KIND, STREAM, Grant
from dragoman.model.errors import AccessRefused, InvalidArgument, QuotaExceeded

GRANT = Grant(principal="ann", kinds=(STREAM,), match="all", operations=("all",), origin="mine")


def test_grants_are_listed_as_they_were_made_and_the_same_twice_is_one() -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    session.submit(CreateGrants(grants=(GRANT, GRANT)))
    session.submit(CreateGrants(grants=(GRANT,)))
    assert session.submit(ListGrants()) == [GRANT]
    assert session.submit(ListGrants(namespace="other")) == []
    assert session.submit(DeleteGrants(grants=(GRANT,))) == 1
    assert session.submit(DeleteGrants(grants=(GRANT,))) == 0
    assert session.submit(ListGrants()) == []


def test_the_first_grant_guards_and_the_last_one_taken_back_does_not_open() -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    session.submit(CreateStream(name="s"))
    other = session._broker.kernel.open_session()
    kernel = session._broker.kernel
    kernel.submit(DescribeStream(name="s"), other)
    session.submit(CreateGrants(grants=(GRANT,)))
    session.submit(DeleteGrants(grants=(GRANT,)))
    with pytest.raises(AccessRefused):
        kernel.submit(DescribeStream(name="s"), other)
    with pytest.raises(AccessRefused):
        kernel.submit(SetGuard(guarded=False), other)
    session.submit(SetGuard(guarded=False))
    kernel.submit(DescribeStream(name="s"), other)
    session.submit(SetGuard(guarded=False))
    session.submit(SetGuard(guarded=True))
    with pytest.raises(AccessRefused):
        kernel.submit(DescribeStream(name="s"), other)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_grants_survive_a_restart_with_and_without_a_checkpoint(checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    session.act_as_broker()
    session.submit(CreateStream(name="s"))
    session.submit(CreateGrants(grants=(GRANT,)))
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    with pytest.raises(AccessRefused):
        session.submit(DescribeStream(name="s"))
    session.act_as("ann")
    assert session.submit(DescribeStream(name="s")).name == "s"


def test_nobody_writes_grants_as_if_they_were_documents() -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    for kind in (GRANT_KIND, GUARD_KIND):
        with pytest.raises(AccessRefused):
            session.submit(PutDocument(kind=kind, name="x", body=b"{}"))
        with pytest.raises(AccessRefused):
            session.submit(DeleteDocument(kind=kind, name="x"))


def test_a_set_of_grants_is_made_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Engine().start().connect()
    wrong = Grant(principal="ann", kinds=(STREAM,), operations=("fly",))
    with pytest.raises(InvalidArgument):
        session.submit(CreateGrants(grants=(GRANT, wrong)))
    monkeypatch.setattr(granting, "GRANTS_PER_NAMESPACE_MAX", 0)
    with pytest.raises(QuotaExceeded):
        session.submit(CreateGrants(grants=(GRANT,)))
    assert session.submit(ListGrants()) == []
    assert not session.is_guarded()
