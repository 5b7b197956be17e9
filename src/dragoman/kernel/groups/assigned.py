"""A group that the broker assigns (KIP-848): its members, epochs, and who holds which partition. Decides nothing.

    Assigned 1 -- n AssignedMember
        epoch       grows with every change of members, subscriptions or partitions; `target` is of that epoch
        owners      who holds a partition, or is still giving it back: nobody else is given it before
    AssignedMember
        places      what it was told to read;  revoking: what it was told to give back, and has not yet
        epoch       of the target that it has come to; it lags behind while it has partitions to give back

Lives as long as this process: members who speak to the next one are unknown, and join again.
"""

from typing import Final

from dragoman.kernel.groups.assignors import UNIFORM, Place

LEFT_FOR_NOW: Final = -2


class ClassicTerms:
    """What a member of the classic protocol said: see `mixed`."""

    __slots__ = ("protocols", "session_timeout_ms")

    def __init__(self, protocols: tuple[tuple[str, bytes], ...], session_timeout_ms: int) -> None:
        self.protocols = protocols
        self.session_timeout_ms = session_timeout_ms


class AssignedMember:
    """One member. `expires_ms` is when its silence, `revoke_ms` when its slowness to give back ends it; elapsed."""

    __slots__ = (
        "assignor",
        "classic",
        "client_host",
        "client_id",
        "epoch",
        "epoch_before",
        "expires_ms",
        "id",
        "instance_id",
        "legal",
        "pattern",
        "places",
        "rack_id",
        "rebalance_timeout_ms",
        "revoke_ms",
        "revoking",
        "topics",
    )

    def __init__(self, id: str, instance_id: str | None) -> None:
        self.id = id
        self.instance_id = instance_id
        self.classic: ClassicTerms | None = None  # it speaks the classic protocol
        self.client_id = ""
        self.client_host = ""
        self.rack_id: str | None = None
        self.rebalance_timeout_ms = 0
        self.topics: tuple[str, ...] = ()
        self.pattern = ""
        self.legal = ""  # names that its protocol can say
        self.assignor = ""
        self.epoch = 0
        self.epoch_before = 0
        self.places: set[Place] = set()
        self.revoking: set[Place] = set()
        self.expires_ms = 0
        self.revoke_ms = 0  # 0: it has nothing to give back

    @property
    def key(self) -> str:
        """What tells it from others in an assignment: a static member's outlives its id."""
        return self.instance_id or self.id

    def is_settled(self, target: set[Place]) -> bool:
        """Whether it reads what it is to read, and has given back the rest."""
        return self.places == target and not self.revoking


class Assigned:
    """One group's members and what each is to read."""

    __slots__ = (
        "assignor",
        "epoch",
        "instances",
        "matched",
        "members",
        "owners",
        "seen",
        "streams",
        "target",
        "wants",
    )

    def __init__(self) -> None:
        self.epoch = 0
        self.assignor = UNIFORM
        self.members: dict[str, AssignedMember] = {}
        self.instances: dict[str, str] = {}  # of static members: instance id -> member id
        self.target: dict[str, set[Place]] = {}  # by member id
        self.owners: dict[Place, str] = {}  # who holds it: a member id
        # What the target was made of: streams per member, and how many partitions each has.
        self.wants: dict[str, frozenset[int]] = {}
        self.streams: dict[int, int] = {}
        self.matched: dict[tuple[str, str], frozenset[int]] = {}  # streams by pattern, looked up
        self.seen = (0, 0)  # when: see `Lookup.signature`

    def next_ms(self) -> int:
        """Elapsed time at which somebody may have to go; 0 never."""
        times = [member.expires_ms for member in self.members.values()]
        times += [member.revoke_ms for member in self.members.values() if member.revoke_ms]
        return min(times, default=0)

    def is_stable(self) -> bool:
        """Whether everybody reads what it is to read."""
        return all(
            member.epoch == self.epoch and member.is_settled(self.target.get(member.id, set()))
            for member in self.members.values()
        )
