import pytest
from tests.runtime.engine import Engine

from dragoman.kernel import granting
from dragoman.kernel.commands import CreateStream, DescribeStream
from dragoman.kernel.documents import DeleteDocument, PutDocument
from dragoman.kernel.granting import CreateGrants, DeleteGrants, ListGrants, SetGuard
from dragoman.kernel.permissions import GRANT_KIND, GROUP, GUARD_KIND, STREAM, SUBSCRIPTION, Grant
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


def test_grants_that_guard_nothing_are_kept_and_nobody_asks_them() -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    session.submit(CreateStream(name="s"))
    session.submit(CreateGrants(grants=(GRANT,), guards=False))
    assert session.submit(ListGrants()) == [GRANT]
    session.act_as("bob")
    assert session.submit(DescribeStream(name="s")).name == "s"
    session.submit(SetGuard(guarded=True))
    with pytest.raises(AccessRefused):
        session.submit(DescribeStream(name="s"))
    session.act_as("ann")
    assert session.submit(DescribeStream(name="s")).name == "s"


def on(kind: str, name: str, *operations: str, principal: str = "ann") -> Grant:
    return Grant(principal=principal, kinds=(kind,), name=name, operations=operations)


def test_who_may_permit_something_makes_lists_and_takes_back_grants_of_its_very_name() -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    session.submit(CreateGrants(grants=(GRANT, on(STREAM, "s", "permit"))))
    session.act_as("ann")
    given = on(STREAM, "s", "send", principal="bob")
    session.submit(CreateGrants(grants=(given,)))
    found = session.submit(ListGrants(kind=STREAM, name="s"))
    assert sorted(grant.principal for grant in found) == ["ann", "bob"]
    assert session.submit(DeleteGrants(grants=(given,))) == 1


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (on(STREAM, "other", "send"),),
        (on(STREAM, "s", "send"), on(STREAM, "other", "send")),
        (Grant(principal="ann", kinds=(STREAM, GROUP), name="s", operations=("send",)),),
        (Grant(principal="ann", kinds=(STREAM,), name="s", match="prefix", operations=("send",)),),
        (Grant(principal="ann", kinds=(STREAM,), match="all", operations=("send",)),),
        (on(SUBSCRIPTION, "s/a/b", "send"),),  # may be of the stream s/a
    ],
)
def test_nothing_else_is_that_ones_to_permit(grants: tuple[Grant, ...]) -> None:
    session = Engine().start().connect()
    session.act_as_broker()
    session.submit(CreateGrants(grants=(on(STREAM, "s", "permit"),)))
    session.act_as("ann")
    with pytest.raises(AccessRefused):
        session.submit(CreateGrants(grants=grants))
    with pytest.raises(AccessRefused):
        session.submit(ListGrants())
    with pytest.raises(AccessRefused):
        session.submit(ListGrants(kind=STREAM, name="other"))


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
