"""Share groups and their leased subscriptions: made, moved, forgotten, retained, and there again after a restart."""

from typing import Any

import pytest
from tests.kernel.groups.test_sharer import beat, world
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import CreateStream, DeleteStream, Lease, Publish
from dragoman.kernel.groups.commands import DeleteGroup, GroupKind, ListGroups
from dragoman.kernel.groups.group import Groups
from dragoman.kernel.groups.sharebeats import ForgetShares, ListShares, MoveShares, ShareInfo
from dragoman.kernel.leases.commands import ListSubscriptions
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.errors import (
    GroupNotEmpty,
    GroupNotFound,
    InconsistentProtocol,
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
    again.share(subscription)
    shared = again.by_key["default", GROUP].shared
    assert shared is not None
    assert shared.subscriptions == {subscription.stream.id: subscription.id}
    again.unshare(subscription)
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
