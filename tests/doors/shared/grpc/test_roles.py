"""The table of permissions and roles: whole, and as Google's documentation has it."""

import pytest

from dragoman.doors.shared.grpc.roles import (
    COLLECTIONS,
    RIGHTS,
    ROLES,
    operations_of,
    right_of,
)
from dragoman.kernel.api import OPERATIONS, PERMIT, SEND


def test_every_permission_is_about_one_collection_and_says_what_the_kernel_knows() -> None:
    for name, right in RIGHTS.items():
        assert [each for each in COLLECTIONS if right_of(name, each)] == [
            each for each, begins in COLLECTIONS.items() if name.startswith(begins)
        ]
        assert right.needs
        assert set(right.gives) <= OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_what_a_permission_gives_is_what_it_needs(name: str) -> None:
    right = RIGHTS[name]
    given = [OPERATIONS[each] for each in right.gives]
    assert not given or any(each & right.needs for each in given)


@pytest.mark.parametrize(
    ("role", "collection", "operations"),
    [
        ("roles/pubsub.publisher", "topics", ("send",)),
        ("roles/pubsub.publisher", "subscriptions", ()),
        ("roles/pubsub.subscriber", "topics", ("declare",)),
        ("roles/pubsub.subscriber", "subscriptions", ("receive", "settle")),
        ("roles/pubsub.subscriber", "snapshots", ("read",)),
        ("roles/pubsub.viewer", "schemas", ("describe", "inspect")),
        ("roles/pubsub.viewer", "queues", ()),
        ("roles/viewer", "queues", ("describe", "inspect", "read")),
        ("roles/cloudtasks.enqueuer", "queues", ("send",)),
        ("roles/cloudtasks.taskRunner", "queues", ("receive",)),
        ("roles/cloudtasks.taskDeleter", "queues", ("settle",)),
        ("roles/cloudtasks.admin", "topics", ()),
        ("roles/storage.admin", "topics", ()),
    ],
)
def test_a_role_is_granted_what_its_permissions_on_the_collection_give(
    role: str, collection: str, operations: tuple[str, ...]
) -> None:
    assert operations_of(role, collection) == operations


def test_editors_do_all_but_let_others() -> None:
    admin, editor = (
        operations_of(f"roles/pubsub.{each}", "topics") for each in ("admin", "editor")
    )
    assert set(admin) - set(editor) == {"permit"}
    assert "pubsub.topics.setIamPolicy" not in ROLES["roles/editor"]


def test_a_permission_that_is_not_about_the_collection_is_none() -> None:
    assert right_of("pubsub.topics.publish", "subscriptions") is None
    assert right_of("pubsub.topics.fly", "topics") is None
    publish = right_of("pubsub.topics.publish", "topics")
    assert publish is not None
    assert publish.needs == SEND
    assert RIGHTS["pubsub.topics.setIamPolicy"].needs == PERMIT
