"""Policies: told, set with an etag, and what they permit in a world of one principal."""

from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, snapshot, subscription, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT, NOT_FOUND

BINDINGS: list[Any] = [{"role": "roles/pubsub.publisher", "members": ["allUsers"]}]


def made() -> Pubsub:
    pubsub = Pubsub()
    pubsub.make()
    pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub"))
    return pubsub


@pytest.mark.parametrize("resource", [topic("orders"), subscription("sub"), snapshot("snap")])
def test_a_policy_is_kept_and_told(resource: str) -> None:
    pubsub = made()
    assert not pubsub.ask("GetIamPolicy", resource=resource).bindings
    kept = pubsub.ask("SetIamPolicy", resource=resource, policy={"bindings": BINDINGS})
    assert pubsub.ask("GetIamPolicy", resource=resource) == kept
    assert kept.bindings[0].role == "roles/pubsub.publisher"


def test_an_etag_that_is_old_is_refused() -> None:
    pubsub = made()
    resource = topic("orders")
    first = pubsub.ask("GetIamPolicy", resource=resource)
    first.bindings.add(role="roles/viewer")
    second = pubsub.ask("SetIamPolicy", resource=resource, policy=first)
    assert refused(pubsub, "SetIamPolicy", resource=resource, policy=first).code == ABORTED
    assert pubsub.ask("SetIamPolicy", resource=resource, policy=second).etag != second.etag


def test_whoever_may_call_may_do_everything() -> None:
    pubsub = made()
    wanted = ["pubsub.topics.publish", "pubsub.topics.delete"]
    found = pubsub.ask("TestIamPermissions", resource=topic("orders"), permissions=wanted)
    assert list(found.permissions) == wanted
    status = refused(
        pubsub, "TestIamPermissions", resource=topic("orders"), permissions=["pubsub.*"]
    )
    assert status.code == INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (topic("absent"), NOT_FOUND),
        (subscription("absent"), NOT_FOUND),
        (snapshot("absent"), NOT_FOUND),
        ("projects/default/things/abc", INVALID_ARGUMENT),
        ("x", INVALID_ARGUMENT),
    ],
)
def test_what_is_not_there_has_no_policy(resource: str, code: int) -> None:
    for method in ("GetIamPolicy", "SetIamPolicy", "TestIamPermissions"):
        assert refused(made(), method, resource=resource).code == code
