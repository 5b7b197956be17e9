"""Policies: told, set with an etag, and what they permit in a world of one principal."""

from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, snapshot, subscription, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.finding import POLICY
from dragoman.doors.pubsub.schemas import Schema
from dragoman.kernel.api import DeleteStream, ListDocuments
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT, NOT_FOUND

BINDINGS: list[Any] = [{"role": "roles/pubsub.publisher", "members": ["allUsers"]}]


def made() -> Pubsub:
    pubsub = Pubsub()
    pubsub.make()
    make_rest(pubsub)
    return pubsub


def make_rest(pubsub: Pubsub) -> None:
    pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub"))
    plan = {"type": Schema.AVRO, "definition": '"int"'}
    pubsub.ask("CreateSchema", parent="projects/default", schema_id="plan", schema=plan)


def schema(name: str) -> str:
    return f"projects/default/schemas/{name}"


ALL = [topic("orders"), subscription("sub"), snapshot("snap"), schema("plan")]


@pytest.mark.parametrize("resource", ALL)
def test_a_policy_is_kept_and_told(resource: str) -> None:
    pubsub = made()
    assert not pubsub.ask("GetIamPolicy", resource=resource).bindings
    kept = pubsub.ask("SetIamPolicy", resource=resource, policy={"bindings": BINDINGS})
    assert pubsub.ask("GetIamPolicy", resource=resource) == kept
    assert kept.bindings[0].role == "roles/pubsub.publisher"


@pytest.mark.parametrize("resource", ALL)
def test_a_policy_goes_with_its_resource(resource: str) -> None:
    pubsub = made()
    pubsub.ask("SetIamPolicy", resource=resource, policy={"bindings": BINDINGS})
    pubsub.ask("DeleteSnapshot", snapshot=snapshot("snap"))
    pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    pubsub.ask("DeleteTopic", topic=topic("orders"))
    pubsub.ask("DeleteSchema", name=schema("plan"))
    session = pubsub.connection.session
    assert session.submit(ListDocuments(kind=POLICY)) == []
    pubsub.make()
    make_rest(pubsub)
    assert not pubsub.ask("GetIamPolicy", resource=resource).bindings


def test_what_was_left_by_another_protocol_is_no_policy_of_what_is_made_anew() -> None:
    pubsub = made()
    pubsub.ask("SetIamPolicy", resource=topic("orders"), policy={"bindings": BINDINGS})
    pubsub.connection.session.submit(DeleteStream(name="orders"))
    pubsub.ask("CreateTopic", name=topic("orders"))
    assert not pubsub.ask("GetIamPolicy", resource=topic("orders")).bindings


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
        (schema("absent"), NOT_FOUND),
        ("projects/default/things/abc", INVALID_ARGUMENT),
        ("x", INVALID_ARGUMENT),
    ],
)
def test_what_is_not_there_has_no_policy(resource: str, code: int) -> None:
    for method in ("GetIamPolicy", "SetIamPolicy", "TestIamPermissions"):
        assert refused(made(), method, resource=resource).code == code
