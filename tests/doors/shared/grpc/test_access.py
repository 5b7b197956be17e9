"""Who may call once keys are configured."""

import pytest
from tests.doors.pubsub.client import Pubsub, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.grpc.codes import NOT_FOUND, UNAUTHENTICATED

KEYS = {"app": b"secret"}


def test_anybody_may_call_until_keys_are_configured() -> None:
    assert refused(Pubsub(), "GetTopic", topic=topic("orders")).code == NOT_FOUND


@pytest.mark.parametrize(
    "metadata",
    [
        (b"x-goog-api-key", b"app:secret"),
        (b"authorization", b"Bearer app:secret"),
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
