"""Policies: told, set with an etag, and what they permit in a world of one principal."""

from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, snapshot, subscription, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.schemas import Schema
from dragoman.doors.shared.grpc.call import Status
from dragoman.kernel.api import CreateGrants, DeleteStream, Grant, ListGrants
from dragoman.model.errors import AccessRefused
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED

BINDINGS: list[Any] = [{"role": "roles/pubsub.admin", "members": ["allUsers"]}]
KEYS = {"root": b"x", "ann": b"x"}


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
    assert kept.bindings[0].role == "roles/pubsub.admin"


@pytest.mark.parametrize("resource", ALL)
def test_a_policy_goes_with_its_resource(resource: str) -> None:
    pubsub = made()
    pubsub.ask("SetIamPolicy", resource=resource, policy={"bindings": BINDINGS})
    pubsub.ask("DeleteSnapshot", snapshot=snapshot("snap"))
    pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    pubsub.ask("DeleteTopic", topic=topic("orders"))
    pubsub.ask("DeleteSchema", name=schema("plan"))
    assert pubsub.connection.session.submit(ListGrants()) == []
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
    first.bindings.add(role="roles/viewer", members=["user:bob"])
    second = pubsub.ask("SetIamPolicy", resource=resource, policy=first)
    assert refused(pubsub, "SetIamPolicy", resource=resource, policy=first).code == ABORTED
    second.bindings[0].members.append("user:ann")
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
    for method in ("GetIamPolicy", "SetIamPolicy"):
        assert refused(made(), method, resource=resource).code == code
    if code == NOT_FOUND:
        assert not made().ask("TestIamPermissions", resource=resource).permissions
    else:
        assert refused(made(), "TestIamPermissions", resource=resource).code == code


# --- by whoever is not everybody ---


def guarded() -> Pubsub:
    """A world of keys, in which `root` may do everything and has made one of each; `ann` may nothing yet."""
    pubsub = Pubsub(KEYS)
    state = pubsub.world.broker.kernel.state
    state.permissions.configure(["root"], ["default"])
    state.guarded = True
    speak(pubsub, "root")
    pubsub.make()
    make_rest(pubsub)
    pubsub.publish(b"m")
    speak(pubsub, "ann")
    return pubsub


def speak(pubsub: Pubsub, who: str) -> None:
    pubsub.metadata = ((b"x-goog-api-key", f"{who}:x".encode()),)


def give(pubsub: Pubsub, role: str, resource: str) -> None:
    """To ann, by root."""
    speak(pubsub, "root")
    policy = {"bindings": [{"role": f"roles/pubsub.{role}", "members": ["user:ann"]}]}
    pubsub.ask("SetIamPolicy", resource=resource, policy=policy)
    speak(pubsub, "ann")


ORDERS, SUB, SNAP, PLAN = ALL
NEW: Any = {"type": Schema.AVRO, "definition": '"int"'}
MASK: Any = {"paths": ["labels"]}
ACK: Any = {"subscription": SUB, "ack_ids": ["x"]}
POLICY: Any = {"policy": {}}
ATTEMPTS: list[tuple[str, dict[str, Any]]] = [
    ("CreateTopic", {"name": topic("other")}),
    ("UpdateTopic", {"topic": {"name": ORDERS}, "update_mask": MASK}),
    ("Publish", {"topic": ORDERS, "messages": [{"data": b"x"}]}),
    ("GetTopic", {"topic": ORDERS}),
    ("ListTopicSubscriptions", {"topic": ORDERS}),
    ("ListTopicSnapshots", {"topic": ORDERS}),
    ("DeleteTopic", {"topic": ORDERS}),
    ("DetachSubscription", {"subscription": SUB}),
    ("CreateSubscription", {"name": subscription("new"), "topic": ORDERS}),
    ("GetSubscription", {"subscription": SUB}),
    ("UpdateSubscription", {"subscription": {"name": SUB}, "update_mask": MASK}),
    ("DeleteSubscription", {"subscription": SUB}),
    ("ModifyAckDeadline", {**ACK, "ack_deadline_seconds": 10}),
    ("Acknowledge", ACK),
    ("Pull", {"subscription": SUB, "max_messages": 1, "return_immediately": True}),
    ("ModifyPushConfig", {"subscription": SUB, "push_config": {}}),
    ("GetSnapshot", {"snapshot": SNAP}),
    ("CreateSnapshot", {"name": snapshot("new"), "subscription": SUB}),
    ("UpdateSnapshot", {"snapshot": {"name": SNAP}, "update_mask": MASK}),
    ("DeleteSnapshot", {"snapshot": SNAP}),
    ("Seek", {"subscription": SUB, "time": {"seconds": 1}}),
    ("Seek", {"subscription": SUB, "snapshot": SNAP}),
    ("CreateSchema", {"parent": "projects/default", "schema_id": "new", "schema": NEW}),
    ("GetSchema", {"name": PLAN}),
    ("ListSchemaRevisions", {"name": PLAN}),
    ("CommitSchema", {"name": PLAN, "schema": NEW}),
    ("RollbackSchema", {"name": PLAN, "revision_id": "x"}),
    ("DeleteSchemaRevision", {"name": f"{PLAN}@x"}),
    ("DeleteSchema", {"name": PLAN}),
    (
        "ValidateMessage",
        {"parent": "projects/default", "name": PLAN, "message": b"1", "encoding": 1},
    ),
    *(("GetIamPolicy", {"resource": each}) for each in ALL),
    *(("SetIamPolicy", {"resource": each, **POLICY}) for each in ALL),
]


def test_what_was_not_granted_is_refused_whatever_is_called_and_lists_show_nothing() -> None:
    pubsub = guarded()
    for method, fields in ATTEMPTS:
        assert refused(pubsub, method, **fields).code == PERMISSION_DENIED, method
    with pytest.raises(AccessRefused):
        pubsub.stream(subscription=SUB)
    place = {"project": "projects/default"}
    assert not pubsub.ask("ListTopics", **place).topics
    assert not pubsub.ask("ListSubscriptions", **place).subscriptions
    assert not pubsub.ask("ListSnapshots", **place).snapshots
    assert not pubsub.ask("ListSchemas", parent="projects/default").schemas
    wanted = ["pubsub.topics.publish", "pubsub.topics.get"]
    assert not pubsub.ask("TestIamPermissions", resource=ORDERS, permissions=wanted).permissions


def test_the_owner_of_all_may_call_everything_and_others_are_asked_for_nothing_more() -> None:
    pubsub = guarded()
    kinds = ("stream", "subscription", "snapshot", "schema", "namespace")
    grant = Grant(principal="ann", kinds=kinds, match="all", operations=("all", "permit"))
    session = pubsub.connection.session
    session.act_as("root")
    session.submit(CreateGrants(grants=(grant,)))
    denied = []
    for method, fields in ATTEMPTS:
        try:
            pubsub.ask(method, **fields)
        except Status as error:
            denied += [method] if error.code == PERMISSION_DENIED else []
    assert denied == []


def test_a_publisher_publishes_and_does_nothing_else() -> None:
    pubsub = guarded()
    speak(pubsub, "root")
    (received,) = pubsub.pull()
    ids = [received.ack_id]
    give(pubsub, "publisher", ORDERS)
    pubsub.publish(b"mine")
    for method, fields in ATTEMPTS:
        if method != "Publish":
            with_ids = fields | {"ack_ids": ids} if "ack_ids" in fields else fields
            assert refused(pubsub, method, **with_ids).code == PERMISSION_DENIED, method
    names = ["pubsub.topics.get", "pubsub.topics.publish", "pubsub.topics.delete"]
    found = pubsub.ask("TestIamPermissions", resource=ORDERS, permissions=names)
    assert list(found.permissions) == ["pubsub.topics.publish"]
    give(pubsub, "viewer", ORDERS)
    assert refused(pubsub, "Publish", topic=ORDERS, messages=[{"data": b"x"}]).code == (
        PERMISSION_DENIED
    )
    assert pubsub.ask("GetTopic", topic=ORDERS).name == ORDERS
    assert [each.name for each in pubsub.ask("ListTopics", project="projects/default").topics] == [
        ORDERS
    ]


def test_a_publisher_need_not_know_the_schema_that_his_topic_asks_for() -> None:
    pubsub = guarded()
    speak(pubsub, "root")
    settings = {"schema": PLAN, "encoding": 1}
    pubsub.ask("CreateTopic", name=topic("planned"), schema_settings=settings)
    give(pubsub, "publisher", topic("planned"))
    for _ in range(2):
        pubsub.publish(b"1", name="planned")
    status = refused(pubsub, "Publish", topic=topic("planned"), messages=[{"data": b"x"}])
    assert status.code == INVALID_ARGUMENT
    give(pubsub, "viewer", topic("planned"))
    assert pubsub.ask("GetTopic", topic=topic("planned")).schema_settings.schema == PLAN


def test_a_subscriber_takes_and_settles_from_its_subscription_alone() -> None:
    pubsub = guarded()
    speak(pubsub, "root")
    pubsub.make(sub="another")
    give(pubsub, "subscriber", SUB)
    stream = pubsub.stream(subscription=SUB)
    (received,) = stream.messages()
    ids = [received.ack_id]
    pubsub.ask("ModifyAckDeadline", subscription=SUB, ack_ids=ids, ack_deadline_seconds=20)
    pubsub.ask("Acknowledge", subscription=SUB, ack_ids=ids)
    pubsub.ask("Seek", subscription=SUB, time={"seconds": 1})
    for method, fields in (
        ("GetSubscription", {"subscription": SUB}),
        ("Seek", {"subscription": SUB, "snapshot": SNAP}),
        ("Pull", {"subscription": subscription("another"), "max_messages": 1}),
        ("Publish", {"topic": ORDERS, "messages": [{"data": b"x"}]}),
    ):
        assert refused(pubsub, method, **fields).code == PERMISSION_DENIED, method
    give(pubsub, "subscriber", SNAP)
    pubsub.ask("Seek", subscription=SUB, snapshot=SNAP)


def test_a_subscriber_of_a_topic_attaches_subscriptions_also_one_called_as_the_topic() -> None:
    pubsub = guarded()
    give(pubsub, "subscriber", ORDERS)
    for name in ("mine", "orders"):
        fields: Any = {"name": subscription(name), "topic": ORDERS}
        assert pubsub.ask("CreateSubscription", **fields).topic == ORDERS
    asked = {"subscription": subscription("mine"), "max_messages": 1, "return_immediately": True}
    assert refused(pubsub, "Pull", **asked).code == PERMISSION_DENIED
    give(pubsub, "subscriber", subscription("orders"))
    pubsub.pull("orders")
    assert refused(pubsub, "Pull", **asked).code == PERMISSION_DENIED


def test_an_editor_of_a_subscription_changes_and_deletes_it_and_its_policy_goes_with_it() -> None:
    pubsub = guarded()
    give(pubsub, "editor", SUB)
    changed = {"name": SUB, "labels": {"a": "b"}}
    pubsub.ask("UpdateSubscription", subscription=changed, update_mask={"paths": ["labels"]})
    assert pubsub.ask("GetSubscription", subscription=SUB).labels == {"a": "b"}
    listed = pubsub.ask("ListSubscriptions", project="projects/default").subscriptions
    assert [each.name for each in listed] == [SUB]
    assert refused(pubsub, "SetIamPolicy", resource=SUB, policy={}).code == PERMISSION_DENIED
    pubsub.ask("DetachSubscription", subscription=SUB)
    assert pubsub.ask("GetSubscription", subscription=SUB).detached
    pubsub.ask("DeleteSubscription", subscription=SUB)
    session = pubsub.connection.session
    session.act_as("root")
    assert session.submit(ListGrants()) == []


def test_an_admin_of_a_topic_lets_others() -> None:
    pubsub = guarded()
    give(pubsub, "admin", ORDERS)
    policy = pubsub.ask("GetIamPolicy", resource=ORDERS)
    policy.bindings.add(role="roles/pubsub.viewer", members=["user:root"])
    kept = pubsub.ask("SetIamPolicy", resource=ORDERS, policy=policy)
    assert len(kept.bindings) == 2
    names = ["pubsub.topics.setIamPolicy", "pubsub.topics.getIamPolicy"]
    found = pubsub.ask("TestIamPermissions", resource=ORDERS, permissions=names)
    assert list(found.permissions) == names


def test_schemas_and_snapshots_are_changed_and_deleted_by_their_editors() -> None:
    pubsub = guarded()
    give(pubsub, "editor", PLAN)
    give(pubsub, "editor", SNAP)
    revision = pubsub.ask("CommitSchema", name=PLAN, schema=NEW).revision_id
    assert pubsub.ask("GetSchema", name=PLAN).revision_id == revision
    assert len(pubsub.ask("ListSchemas", parent="projects/default").schemas) == 1
    labels = {"name": SNAP, "labels": {"a": "b"}}
    pubsub.ask("UpdateSnapshot", snapshot=labels, update_mask={"paths": ["labels"]})
    assert pubsub.ask("GetSnapshot", snapshot=SNAP).labels == {"a": "b"}
    pubsub.ask("DeleteSnapshot", snapshot=SNAP)
    pubsub.ask("DeleteSchema", name=PLAN)


def test_a_subscription_of_another_project_is_judged_where_its_topic_is() -> None:
    pubsub = guarded()
    elsewhere = "projects/other/subscriptions/sub"
    give(pubsub, "subscriber", ORDERS)
    pubsub.ask("CreateSubscription", name=elsewhere, topic=ORDERS)
    asked = {"subscription": elsewhere, "max_messages": 1, "return_immediately": True}
    assert refused(pubsub, "Pull", **asked).code == PERMISSION_DENIED
    give(pubsub, "subscriber", elsewhere)
    pubsub.ask("Pull", **asked)
    assert refused(pubsub, "Pull", **asked | {"subscription": SUB}).code == PERMISSION_DENIED
    give(pubsub, "editor", elsewhere)
    pubsub.ask("DeleteSubscription", subscription=elsewhere)
    assert refused(pubsub, "GetSubscription", subscription=SUB).code == PERMISSION_DENIED


def test_a_stream_of_messages_is_refused_before_anything_is_told() -> None:
    pubsub = guarded()
    give(pubsub, "viewer", SUB)
    with pytest.raises(AccessRefused):
        pubsub.stream(subscription=SUB)
    (streaming,) = pubsub.connection.door.waiting
    assert streaming.sent == []
