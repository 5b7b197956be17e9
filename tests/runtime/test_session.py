"""What a session says of the store it stands on."""

import pytest
from tests.runtime.engine import Engine


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_secret_is_the_same_for_a_purpose_as_long_as_the_store_lasts(*, is_saved: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    secret, other = session.secret("a"), session.secret("b")
    assert len(secret) == len(other) == 32
    assert secret != other
    node.settle()
    if is_saved:
        node.checkpoint()
    for _ in range(2):
        node = engine.start()
        session = node.connect()
        assert (session.secret("a"), session.secret("b")) == (secret, other)
        assert node.connect().secret("a") == secret


def test_a_store_that_has_no_secret_yet_gets_one_when_it_is_started() -> None:
    node = Engine().start()
    before = node.connect().secret("a")
    node.kernel.state.secret = b""
    node.kernel.begin(2)
    assert node.connect().secret("a") != before
