"""Who may call once keys are configured."""

import pytest
from tests.doors.pubsub.client import Pubsub, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.shared.grpc.call import Status
from dragoman.security.guesses import GUESSES_MAX
from dragoman.wire.grpc.codes import NOT_FOUND, UNAUTHENTICATED

KEYS = {"app": b"secret"}


def test_anybody_may_call_until_keys_are_configured() -> None:
    assert refused(Pubsub(), "GetTopic", topic=topic("orders")).code == NOT_FOUND


@pytest.mark.parametrize(
    "metadata",
    [
        (b"x-goog-api-key", b"app:secret"),
        (b"authorization", b"Bearer app:secret"),
        (b"authorization", b"Bearer app until 1800000000000"),
    ],
)
def test_a_key_opens(metadata: tuple[bytes, bytes]) -> None:
    pubsub = Pubsub(KEYS)
    pubsub.metadata = (metadata,)
    assert refused(pubsub, "GetTopic", topic=topic("orders")).code == NOT_FOUND


@pytest.mark.parametrize(
    "metadata",
    [
        (b"x", b"y"),
        (b"x-goog-api-key", b"app:wrong"),
        (b"x-goog-api-key", b"app"),
        (b"authorization", b"Bearer nobody:secret"),
        (b"authorization", b"Bearer app until 1600000000000"),
        (b"authorization", b"Basic app:secret"),
        (b"authorization", b"Bearer \xff:\xff"),
    ],
)
def test_nothing_else_does(metadata: tuple[bytes, bytes]) -> None:
    pubsub = Pubsub(KEYS)
    pubsub.metadata = (metadata,)
    assert refused(pubsub, "GetTopic", topic=topic("orders")).code == UNAUTHENTICATED
    with pytest.raises(Status):
        pubsub.stream(subscription="projects/default/subscriptions/sub")
    name, colon, _ = metadata[1].removeprefix(b"Bearer ").partition(b":")
    shown = colon and not name.startswith(b"Basic")
    assert {user for _, user in pubsub.world.node.failed} <= {
        name.decode("latin-1") if shown else ""
    }


def test_guessing_is_limited_by_address_and_no_key_at_all_is_no_guess() -> None:
    pubsub = Pubsub(KEYS)
    good, bad = ((b"x-goog-api-key", b"app:" + each) for each in (b"secret", b"wrong"))

    def code(*metadata: tuple[bytes, bytes]) -> int:
        pubsub.metadata = metadata
        return refused(pubsub, "GetTopic", topic=topic("orders")).code

    for _ in range(2 * GUESSES_MAX):
        assert code() == UNAUTHENTICATED
    assert code(good) == NOT_FOUND
    for _ in range(GUESSES_MAX):
        assert code(bad) == UNAUTHENTICATED
    assert code(good) == UNAUTHENTICATED
