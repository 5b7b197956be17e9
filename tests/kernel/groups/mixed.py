"""Clients of both protocols in one group, each as its library behaves: for tests of groups on their way."""

from typing import Any

from tests.kernel.groups.test_reconciler import Member
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.groups.commands import Heartbeat, Joined, JoinGroup, Synced, SyncGroup
from dragoman.model.errors import (
    IllegalGeneration,
    KernelError,
    MemberIdRequired,
    RebalanceInProgress,
    UnknownMember,
)


class Classic:
    """A consumer of the classic protocol: eager, or cooperative. `step` is one round of its poll loop."""

    def __init__(
        self, world: GroupWorld, name: str, *, eager: bool = True, instance: str | None = None
    ) -> None:
        self.world = world
        self.name = name
        self.eager = eager
        self.instance = instance
        self.id = ""
        self.generation = -1
        self.reads: set[int] = set()  # partitions of stream `t`
        self.ticket: int | None = None
        self.sync_ticket: int | None = None
        self.must_join = True
        self.leads: Joined | None = None

    def step(self) -> None:
        if self.ticket is not None:
            self._heard_join(self.world.results.get(self.ticket))
        elif self.sync_ticket is not None:
            self._heard_sync(self.world.results.get(self.sync_ticket))
        elif self.must_join:
            self._join()
        else:
            self._beat()

    def _submit(self, command: Any) -> Any:
        try:
            return self.world.submit(command)
        except KernelError as error:
            return error

    def _join(self) -> None:
        if self.eager:
            self.reads = set()
        owned = (("t", tuple(sorted(self.reads))),) if self.reads else ()
        reply = self._submit(
            JoinGroup(
                group=GROUP,
                member_id=self.id,
                instance_id=self.instance,
                client_id=self.name,
                session_timeout_ms=10_000,
                rebalance_timeout_ms=60_000,
                protocol_type="consumer",
                protocols=(("range", b"t"),),
                must_ask_twice=True,
                topics=("t",),
                owned=owned,
            )
        )
        if isinstance(reply, int):
            self.ticket = reply
        else:
            self._heard_join(reply)

    def _heard_join(self, result: object) -> None:
        if result is None:
            return
        self.ticket = None
        if isinstance(result, MemberIdRequired):
            self.id = result.member_id
            return
        if isinstance(result, KernelError):
            self._lost(result)
            return
        assert isinstance(result, Joined)
        self.id, self.generation = result.member_id, result.generation
        self._sync(result)

    def _sync(self, joined: Joined) -> None:
        members = sorted(known for known, _, _ in joined.members)
        places = tuple(
            (known, (("t", tuple(range(at, 4, len(members)))),)) for at, known in enumerate(members)
        )
        reply = self._submit(
            SyncGroup(
                group=GROUP,
                member_id=self.id,
                instance_id=self.instance,
                generation=self.generation,
                assignments=tuple(
                    (known, repr(dict(mine)["t"]).encode()) for known, mine in places
                ),
                places=places,
            )
        )
        if isinstance(reply, int):
            self.sync_ticket = reply
            self._heard_sync(self.world.results.get(reply))
        else:
            self._heard_sync(reply)

    def _heard_sync(self, result: object) -> None:
        if result is None:
            return
        self.sync_ticket = None
        if isinstance(result, KernelError):
            self._lost(result)
            return
        assert isinstance(result, Synced)
        if result.places is None:
            told = {int(at) for at in result.assignment.decode().strip("(),").split(",") if at}
        else:
            told = {at for _, _, indexes in result.places for at in indexes}
        self.must_join = not self.eager and bool(self.reads - told)  # it has let go of something
        self.reads = told

    def _beat(self) -> None:
        reply = self._submit(
            Heartbeat(
                group=GROUP,
                member_id=self.id,
                instance_id=self.instance,
                generation=self.generation,
            )
        )
        if isinstance(reply, KernelError):
            self._lost(reply)

    def _lost(self, error: KernelError) -> None:
        assert isinstance(error, (RebalanceInProgress, IllegalGeneration, UnknownMember)), error
        self.must_join = True
        if isinstance(error, UnknownMember):
            self.id, self.reads = "", set()


def shares(*members: Classic | Member) -> list[set[int]]:
    return [
        set(each.reads) if isinstance(each, Classic) else {at for _, at in each.reads}
        for each in members
    ]


def turn(*members: Classic | Member) -> None:
    """Each does one thing, and nobody reads what another reads."""
    for each in members:
        if isinstance(each, Classic):
            each.step()
        else:
            each.beat()
        each.world.advance(50)
        read = [at for share in shares(*members) for at in share]
        assert len(read) == len(set(read)), shares(*members)


def settle(*members: Classic | Member, turns: int = 14) -> None:
    for _ in range(turns):
        turn(*members)
