"""Paths of Event Hubs' links.

    HUB                                      send: the service chooses the partition, by key or in turns
    HUB/Partitions/N                         send to one partition
    HUB/Publishers/NAME                      send as a publisher, whose name is the key of all its events
    HUB/ConsumerGroups/GROUP/Partitions/N    receive

What is fixed of a path counts in any case; names count as they are.
"""

from typing import Final

from dragoman.doors.shared.amqp10.addresses import path_of

MANAGEMENT: Final = "$management"
PARTITIONS: Final = "partitions"
PUBLISHERS: Final = "publishers"
GROUPS: Final = "consumergroups"
DEFAULT_GROUP: Final = "$Default"


class Target:
    """Where events are sent. `partition` and `publisher` are empty where the path says nothing of them."""

    __slots__ = ("hub", "partition", "publisher")

    def __init__(self, hub: str, partition: str = "", publisher: str = "") -> None:
        self.hub = hub
        self.partition = partition
        self.publisher = publisher

    @property
    def is_plain(self) -> bool:
        """Whether it may as well be another service's: a name and nothing else."""
        return not (self.partition or self.publisher)


class Origin:
    """Where events are received from."""

    __slots__ = ("group", "hub", "partition")

    def __init__(self, hub: str, group: str, partition: str) -> None:
        self.hub = hub
        self.group = group
        self.partition = partition


def target_of(address: str) -> Target | None:
    """None for a path of another form."""
    match path_of(address).strip("/").split("/"):
        case [hub] if hub:
            return Target(hub)
        case [hub, kind, name] if name and kind.lower() == PARTITIONS:
            return Target(hub, partition=name)
        case [hub, kind, name] if name and kind.lower() == PUBLISHERS:
            return Target(hub, publisher=name)
        case _:
            return None


def origin_of(address: str) -> Origin | None:
    """None for a path of another form."""
    match path_of(address).strip("/").split("/"):
        case [hub, groups, group, partitions, partition] if (
            groups.lower() == GROUPS and partitions.lower() == PARTITIONS
        ):
            return Origin(hub, group, partition)
        case _:
            return None


def is_management(address: str) -> bool:
    """Whether it is the address of what hubs say of themselves."""
    return path_of(address).strip("/").lower() == MANAGEMENT
