"""Policies over grants: what bindings become, how they are told, who may set them, what is refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.node import Connection, FakeDoor, FakePeer, World

from dragoman.doors.shared.grpc.call import Call, Kind, Method, Status
from dragoman.doors.shared.grpc.policies import (
    NEVER_SET,
    Policy,
    Resource,
    check,
    forget_policy,
    may,
    permitted,
    policy_of,
    set_policy,
)
from dragoman.kernel.api import (
    EVERYBODY,
    STREAM,
    SUBSCRIPTION,
    CreateGrants,
    Grant,
    ListGrants,
    Session,
)
from dragoman.model.errors import AccessRefused
from dragoman.model.levels import WRITTEN
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT
from dragoman.wire.protobuf.iam import IAM

TOPIC = Resource("p", "topics", STREAM, "orders")
QUEUE = Resource("p", "queues", STREAM, "orders")
SUB = Resource("p", "subscriptions", SUBSCRIPTION, "orders\0sub")
OWN = Resource("p", "subscriptions", SUBSCRIPTION, "orders\0orders")
PUBLISHER = "roles/pubsub.publisher"
ADMIN = "roles/pubsub.admin"


def opened(**users: bytes) -> Session:
    """Speaks for `root`, who may do everything."""
    world = World(users)
    world.broker.kernel.state.permissions.configure(["root"], [])
    session = Connection(world, lambda session, peer: FakeDoor()).session
    session.act_as("root")
    return session


@pytest.fixture
def session() -> Session:
    return opened(ann=b"x")


def asked(*bindings: Any, **fields: Any) -> Any:
    return IAM["SetIamPolicyRequest"](policy={"bindings": bindings, **fields})


def binding(role: str, *members: str) -> Any:
    return {"role": role, "members": members}


def put(session: Session, resource: Resource, *bindings: Any, **fields: Any) -> Any:
    return set_policy(session, resource, asked(*bindings, **fields)).message


def told(session: Session, resource: Resource) -> Any:
    return policy_of(session, resource).message


def test_a_policy_without_bindings_is_empty_and_its_etag_says_so(session: Session) -> None:
    assert told(session, TOPIC) == Policy(etag=NEVER_SET)


def test_bindings_are_told_by_role_and_member_and_what_is_set_twice_is_one(
    session: Session,
) -> None:
    reply = set_policy(
        session,
        TOPIC,
        asked(
            binding(PUBLISHER, "user:bob", "user:ann"), binding(ADMIN, "allUsers"), binding(ADMIN)
        ),
    )
    assert reply.level == WRITTEN
    policy = told(session, TOPIC)
    assert policy == reply.message
    found = [(each.role, list(each.members)) for each in policy.bindings]
    assert found == [(ADMIN, ["allUsers"]), (PUBLISHER, ["user:ann", "user:bob"])]
    assert policy.version == 1
    again = put(session, TOPIC, *policy.bindings, *policy.bindings)
    assert again == policy


def test_members_are_principals_and_a_binding_taken_away_takes_its_grant_back(
    session: Session,
) -> None:
    put(session, TOPIC, binding(PUBLISHER, "user:ann", "serviceAccount:bot@p", "allUsers"))
    grants: list[Grant] = session.submit(ListGrants(namespace="p"))
    assert {grant.principal for grant in grants} == {"ann", "bot@p", EVERYBODY}
    session.act_as("ann")
    assert may(session, TOPIC, "pubsub.topics.publish")
    session.act_as("root")
    put(session, TOPIC, binding(PUBLISHER, "serviceAccount:bot@p"))
    session.act_as("ann")
    assert not may(session, TOPIC, "pubsub.topics.publish")
    with pytest.raises(AccessRefused, match=r"pubsub\.topics\.publish"):
        check(session, TOPIC, "pubsub.topics.publish")


def test_policies_of_two_services_about_the_same_stream_are_two(session: Session) -> None:
    put(session, TOPIC, binding(PUBLISHER, "user:ann"))
    put(session, QUEUE, binding("roles/cloudtasks.viewer", "user:ann"))
    put(session, TOPIC)
    assert not told(session, TOPIC).bindings
    assert [each.role for each in told(session, QUEUE).bindings] == ["roles/cloudtasks.viewer"]


def test_grants_that_others_made_are_in_force_and_neither_told_nor_taken_back(
    session: Session,
) -> None:
    other = Grant(principal="ann", kinds=(STREAM,), name="orders", operations=("send",))
    session.submit(CreateGrants(namespace="p", grants=(other,)))
    put(session, TOPIC, binding(ADMIN, "user:bob"))
    put(session, TOPIC)
    assert session.submit(ListGrants(namespace="p")) == [other]
    session.act_as("ann")
    assert may(session, TOPIC, "pubsub.topics.publish")


def test_an_etag_is_of_the_bindings_it_was_told_with(session: Session) -> None:
    first = put(session, TOPIC, binding(PUBLISHER, "user:ann"), etag=NEVER_SET)
    second = put(session, TOPIC, binding(PUBLISHER, "user:bob"), etag=first.etag)
    for old in (NEVER_SET, first.etag):
        with pytest.raises(Status) as refused:
            put(session, TOPIC, etag=old)
        assert refused.value.code == ABORTED
    assert told(session, TOPIC) == second
    put(session, TOPIC)


def test_a_mask_without_bindings_changes_none(session: Session) -> None:
    policy = put(session, TOPIC, binding(PUBLISHER, "user:ann"))
    request = asked()
    request.update_mask.paths.append("etag")
    assert set_policy(session, TOPIC, request).message == policy


@pytest.mark.parametrize(
    ("bindings", "fields"),
    [
        ([binding("roles/pubsub.subscriber2", "user:ann")], {}),
        ([binding("roles/cloudtasks.viewer", "user:ann")], {}),
        ([binding(PUBLISHER, "group:all@x")], {}),
        ([binding(PUBLISHER, "domain:x")], {}),
        ([binding(PUBLISHER, "user:")], {}),
        ([binding(PUBLISHER, "user:*")], {}),
        ([binding(PUBLISHER, "ann")], {}),
        ([{**binding(PUBLISHER, "user:ann"), "condition": {"expression": "true"}}], {}),
        ([], {"version": 2}),
        ([], {"audit_configs": [{"service": "x"}]}),
    ],
)
def test_what_cannot_be_kept_to_is_refused_and_nothing_is_set(
    session: Session, bindings: list[Any], fields: Any
) -> None:
    with pytest.raises(Status) as refused:
        put(session, TOPIC, binding(PUBLISHER, "user:bob"), *bindings, **fields)
    assert refused.value.code == INVALID_ARGUMENT
    assert not told(session, TOPIC).bindings


def test_who_is_admin_of_one_thing_sets_its_policy_and_no_other(session: Session) -> None:
    put(session, TOPIC, binding(ADMIN, "user:ann"))
    session.act_as("ann")
    put(session, TOPIC, binding(ADMIN, "user:ann"), binding(PUBLISHER, "user:bob"))
    with pytest.raises(AccessRefused):
        put(session, SUB, binding(ADMIN, "user:ann"))
    with pytest.raises(AccessRefused):
        told(session, SUB)
    session.act_as("bob")
    with pytest.raises(AccessRefused):
        told(session, TOPIC)


def test_the_first_binding_guards_but_not_while_nobody_has_to_prove_who_he_is() -> None:
    for users, guarded in (({"ann": b"x"}, True), ({}, False)):
        session = opened(**users)
        put(session, TOPIC, binding(PUBLISHER, "user:ann"))
        assert session.is_guarded("p") is guarded
        assert told(session, TOPIC).bindings


def test_what_was_set_before_the_namespace_was_guarded_can_be_replaced_by_whom_that_shuts_out() -> (
    None
):
    session = opened(ann=b"x")
    session.submit(
        CreateGrants(
            namespace="p",
            guards=False,
            grants=(
                Grant(
                    principal="bob",
                    kinds=(STREAM,),
                    name="orders",
                    operations=("send",),
                    origin='gcp:{"collection":"topics","role":"x","member":"y"}',
                ),
            ),
        )
    )
    session.act_as("ann")
    policy = put(session, TOPIC, binding(PUBLISHER, "user:bob"))
    session.act_as("root")
    assert told(session, TOPIC) == policy
    assert session.is_guarded("p")


def test_a_subscription_called_as_its_stream_is_the_queue(session: Session) -> None:
    put(session, OWN, binding("roles/pubsub.subscriber", "user:ann"))
    session.act_as("ann")
    assert may(session, OWN, "pubsub.subscriptions.consume")
    assert not may(session, SUB, "pubsub.subscriptions.consume")
    assert not may(session, TOPIC, "pubsub.topics.publish")


def test_a_policy_is_forgotten_by_whoever_deletes_its_resource(session: Session) -> None:
    put(session, SUB, binding(ADMIN, "user:ann"))
    put(session, TOPIC, binding(ADMIN, "user:ann"))
    method = Method("m", Kind.UNARY, None, Policy, lambda call, request: policy_of(session, SUB))
    call = Call(method, session, FakePeer(), (), None)
    call.principal = "nobody"
    forget_policy(call, SUB)
    forget_policy(call, SUB)
    session.act_as("root")
    assert not told(session, SUB).bindings
    assert told(session, TOPIC).bindings


def test_permissions_are_those_that_one_has_and_must_be_such_as_there_are(
    session: Session,
) -> None:
    names = ["pubsub.topics.publish", "pubsub.topics.delete"]
    request: Any = SimpleNamespace(permissions=names)

    def found(resource: Resource | None) -> list[str]:
        message: Any = permitted(session, resource, request, "topics").message
        return list(message.permissions)

    assert found(TOPIC) == names
    assert found(None) == []
    put(session, TOPIC, binding(PUBLISHER, "user:ann"))
    session.act_as("ann")
    assert found(TOPIC) == names[:1]
    for wrong in ("pubsub.*", "pubsub.topics.fly", "pubsub.subscriptions.get"):
        with pytest.raises(Status) as refused:
            permitted(session, TOPIC, SimpleNamespace(permissions=[wrong]), "topics")
        assert refused.value.code == INVALID_ARGUMENT
