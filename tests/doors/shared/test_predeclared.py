import pytest
from tests.runtime.engine import Engine

from dragoman.doors.shared.predeclared import PREDECLARED, declare_predeclared
from dragoman.kernel.api import DeclareRoute, SetGuard
from dragoman.model.errors import AccessRefused


def test_they_are_made_once_by_the_broker_for_somebody_who_may_make_nothing() -> None:
    session = Engine().start().connect()
    session.submit(SetGuard(guarded=True))
    made = declare_predeclared(session, "default", "ann", "h")
    assert {info.name: info.settings for info in made} == PREDECLARED
    assert declare_predeclared(session, "default", "ann", "h") == []
    with pytest.raises(AccessRefused, match="ann"):
        session.submit(DeclareRoute(name="x"))
