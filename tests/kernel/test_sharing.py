"""Share groups and their leased subscriptions: made, moved, forgotten, retained, and there again after a restart."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.kernel.groups.test_sharer import beat, read_by, world
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import (
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    Lease,
    Publish,
)
from dragoman.kernel.groups.commands import DeleteGroup, GroupKind, ListGroups
from dragoman.kernel.groups.group import Groups
from dragoman.kernel.groups.sharebeats import ForgetShares, ListShares, MoveShares, ShareInfo
from dragoman.kernel.leases.commands import CreateSubscription, ListSubscriptions
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import (
    GroupNotEmpty,
    GroupNotFound,
    InconsistentProtocol,
    InvalidArgument,
    PartitionNotFound,
    StreamNotFound,
)
from dragoman.model.levels import AMQP091

NAME = f"share:{GROUP}"


def publish(made: GroupWorld, count: int, name: str = "t") -> None:
    command = Publish("default", Address(name), AMQP091, [b"x" * 100] * count)
    command.partition = 0
    made.kernel.publish(command)
    for partition in made.kernel.state.stream("default", name).partitions:
        partition.committed = partition.end


def lease(made: GroupWorld, **more: Any) -> list[tuple[int, int]]:
    terms: dict[str, Any] = {"count_max": 100, "lease_duration_ms": 60_000, **more}
    found: list[Delivery] = made.submit(Lease(name="t", subscription=NAME, **terms))
    return [(delivery.start, delivery.end) for delivery in found]


def shares(made: GroupWorld) -> list[tuple[str, int, int, int]]:
    found: list[ShareInfo] = made.submit(ListShares(group=GROUP))
    return [(share.stream, share.partition, share.start, share.left) for share in found]


def move(*places: tuple[str, int, int]) -> MoveShares:
    return MoveShares(group=GROUP, places=places, subscription=NAME)


def test_a_group_reads_each_stream_by_a_subscription_of_its_own() -> None:
    made = world()
    publish(made, 3)
    beat(made)
    [info] = made.submit(ListSubscriptions(name="t"))
    assert (info.name, info.settings.group, info.ready) == (NAME, GROUP, 3)
    assert lease(made, partition=1) == []
    assert lease(made, partition=0, bytes_max=150) == [(0, 2)]
    assert shares(made) == [("t", 0, 0, 3), ("t", 1, 0, 0)]
    with pytest.raises(PartitionNotFound):
        lease(made, partition=2)


def test_a_group_is_there_as_long_as_it_reads_something() -> None:
    made = world()
    beat(made)
    beat(made, "a", -1)
    [listed] = made.submit(ListGroups())
    assert (listed.kind, listed.state) == (GroupKind.SHARED, "empty")
    with pytest.raises(InconsistentProtocol):
        made.join()
    made.submit(DeleteGroup(group=GROUP))
    assert made.submit(ListSubscriptions(name="t")) == []
    assert made.submit(ListGroups()) == []


def test_a_subscription_that_names_a_group_makes_it_known() -> None:
    made = world()
    beat(made)
    [subscription] = made.kernel.state.subscriptions.values()
    again = Groups()
    again.share(subscription.stream, GROUP)
    shared = again.by_key["default", GROUP].shared
    assert shared is not None
    assert shared.subscriptions == {subscription.stream.id: subscription.id}
    subscription.stream.subscriptions.clear()
    again.share(subscription.stream, GROUP)
    assert shared.subscriptions == {}


def test_a_deleted_stream_is_read_no_more() -> None:
    made = world()
    beat(made)
    made.submit(DeleteStream(name="t"))
    assert shares(made) == []


def test_a_group_without_members_is_moved_all_or_nothing() -> None:
    made = world()
    publish(made, 5)
    beat(made)
    with pytest.raises(GroupNotEmpty):
        made.submit(move(("t", 0, 2)))
    beat(made, "a", -1)
    for place, error in ((("none", 0, 0), StreamNotFound), (("t", 9, 0), PartitionNotFound)):
        with pytest.raises(error):
            made.submit(move(("t", 0, 4), place))
    assert shares(made)[0] == ("t", 0, 0, 5)
    made.submit(move(("t", 0, 4)))
    assert shares(made)[0] == ("t", 0, 4, 1)


def test_a_group_forgets_streams() -> None:
    made = world()
    beat(made)
    with pytest.raises(GroupNotEmpty):
        made.submit(ForgetShares(group=GROUP, streams=("t",)))
    beat(made, "a", -1)
    assert made.submit(ForgetShares(group=GROUP, streams=("t", "none"))) == [True, False]
    with pytest.raises(GroupNotFound):
        made.submit(ListShares(group="none"))


def test_a_group_does_not_hold_what_its_stream_retains_by_itself() -> None:
    made = GroupWorld()
    made.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=1_000)))
    publish(made, 3)
    beat(made)
    assert lease(made, count_max=1) == [(0, 1)]
    made.advance(10_000)
    assert shares(made) == [("t", 0, 3, 0)]


def test_a_group_holds_what_nothing_else_would_keep() -> None:
    made = world()
    beat(made)
    publish(made, 3)
    made.advance(10_000)
    assert shares(made)[0] == ("t", 0, 0, 3)


# A queue that lets a group in


def queue(made: GroupWorld, **settings: Any) -> None:
    said = SubscriptionSettings(share_group=GROUP, **settings)
    made.submit(DeclareQueue(name="t", settings=said))


def takes(made: GroupWorld, **more: Any) -> list[tuple[int, int]]:
    """What a member of the group is given."""
    return lease(made, group=GROUP, **more)


def test_members_of_a_group_that_a_queue_lets_in_compete_for_its_messages() -> None:
    made = world(1)
    queue(made)
    publish(made, 4)
    assert read_by(beat(made)) == [0]
    assert [known.name for known in made.submit(ListSubscriptions(name="t"))] == ["t"]
    found: list[Delivery] = made.submit(Lease(name="t", count_max=3, lease_duration_ms=60_000))
    assert [(one.start, one.end) for one in found] == [(0, 3)]
    assert takes(made) == [(3, 4)]


def test_a_queue_lets_a_group_in_and_shuts_it_out_while_it_reads() -> None:
    made = world(1)
    settings = made.submit(DeclareQueue(name="t")).settings
    beat(made)
    publish(made, 4)
    assert takes(made, count_max=1) == [(0, 1)], "by a subscription of its own"
    let_in = replace(settings, share_group=GROUP)
    made.submit(AlterSubscription(name="t", settings=let_in))
    made.submit(Lease(name="t", count_max=2, lease_duration_ms=60_000))
    assert takes(made, count_max=1) == [(2, 3)]
    made.submit(AlterSubscription(name="t", settings=settings))
    assert takes(made, count_max=1) == [(1, 2)]


def test_a_group_that_a_queue_lets_in_ends_and_moves_nothing_of_the_queue() -> None:
    made = world(1)
    queue(made)
    assert shares(made) == []
    assert made.submit(ForgetShares(group=GROUP, streams=("t",))) == [False]
    with pytest.raises(GroupNotEmpty):
        made.submit(DeleteGroup(group=GROUP))
    with pytest.raises(InvalidArgument, match="among others"):
        made.submit(move(("t", 0, 0)))
    made.submit(DeleteQueue(name="t"))
    made.submit(DeleteGroup(group=GROUP))


def test_a_group_reads_a_stream_by_one_queue_and_only_if_it_is_a_share_group() -> None:
    made = world(1)
    queue(made)
    again = CreateSubscription(
        name="t", subscription="more", settings=SubscriptionSettings(share_group=GROUP)
    )
    with pytest.raises(InvalidArgument, match="another of its queues"):
        made.submit(again)


def test_a_queue_does_not_let_in_a_group_that_reads_by_cursors() -> None:
    made = world(1)
    made.join()
    with pytest.raises(InvalidArgument, match="reads by cursors"):
        queue(made)
