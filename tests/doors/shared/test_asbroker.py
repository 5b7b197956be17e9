import pytest
from tests.runtime.engine import Engine

from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import CreateStream, DescribeStream, SetGuard
from dragoman.model.errors import AccessRefused


def test_within_the_broker_acts_and_behind_it_the_principal_again_whatever_happened() -> None:
    session = Engine().start().connect()
    session.submit(SetGuard(guarded=True))
    with as_broker(session, "ann", "h"):
        session.submit(CreateStream(name="s"))
    with pytest.raises(AccessRefused, match="ann"):
        session.submit(DescribeStream(name="s"))
    with pytest.raises(ZeroDivisionError), as_broker(session, "bob", "h"):
        raise ZeroDivisionError
    with pytest.raises(AccessRefused, match="bob"):
        session.submit(DescribeStream(name="s"))
