"""A kernel with groups, its clock in the test's hands, and members that join, sync and leave."""

from typing import Any

from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import CreateStream
from dragoman.kernel.groups.commands import (
    CommitCursors,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    ListCursors,
    Synced,
    SyncGroup,
)
from dragoman.kernel.groups.coordinator import INITIAL_DELAY_MS
from dragoman.kernel.groups.group import Group
from dragoman.kernel.settings import StreamSettings

GROUP = "workers"


class GroupWorld:
    def __init__(self) -> None:
        self.kernel = make_kernel()
        self.kernel.begin(1)
        self.kernel.now_ms = self.kernel.elapsed_ms = 1_000_000
        self.results: dict[int, object] = {}

    def advance(self, by_ms: int) -> None:
        self.kernel.now_ms += by_ms
        self.kernel.elapsed_ms += by_ms
        while self.kernel.sweep():
            pass
        self.collect()

    def collect(self) -> None:
        groups = self.kernel.state.groups
        answers, groups.answers = groups.answers, []
        for _, ticket, result in answers:
            assert ticket not in self.results, "a promise is kept once"
            self.results[ticket] = result

    def submit(self, command: Any, session: int = 1) -> Any:
        reply = self.kernel.submit(command, session)
        self.collect()
        return reply

    @property
    def group(self) -> Group:
        return self.kernel.state.groups.by_key["default", GROUP]

    def stream(self, name: str, partitions: int = 1) -> None:
        settings = StreamSettings(partitions=partitions, retention_ms=-1)
        self.submit(CreateStream(name=name, settings=settings))

    def join(self, member_id: str = "", session: int = 1, **more: Any) -> Any:
        """A ticket or the result."""
        terms: dict[str, Any] = {
            "session_timeout_ms": 10_000,
            "rebalance_timeout_ms": 60_000,
            "protocol_type": "consumer",
            "protocols": (("range", b"r"),),
            "client_id": "c",
            **more,
        }
        return self.submit(JoinGroup(group=GROUP, member_id=member_id, **terms), session)

    def result(self, ticket: object) -> Any:
        assert isinstance(ticket, int)
        return self.results.get(ticket)

    def joined(self, ticket: object) -> Joined:
        found = self.result(ticket)
        assert isinstance(found, Joined), found
        return found

    def sync(self, joined: Joined, session: int = 1, **assignments: bytes) -> Any:
        by_id = {**assignments}
        given = tuple((known, by_id.get(known, known.encode())) for known, _, _ in joined.members)
        return self.submit(
            SyncGroup(
                group=GROUP,
                member_id=joined.member_id,
                generation=joined.generation,
                assignments=given,
            ),
            session,
        )

    def synced(self, reply: object) -> Synced:
        found = self.results[reply] if isinstance(reply, int) else reply
        assert isinstance(found, Synced), found
        return found

    def alone(self, **more: Any) -> Joined:
        """A group of one, stable."""
        ticket = self.join(**more)
        self.advance(INITIAL_DELAY_MS)
        joined = self.joined(ticket)
        self.synced(self.sync(joined))
        return joined

    def pair(self, **more: Any) -> tuple[Joined, Joined]:
        """A group of two, stable; the leader first."""
        first, second = self.join(**more), self.join(session=2, **more)
        self.advance(INITIAL_DELAY_MS)
        one, two = self.joined(first), self.joined(second)
        waiting = self.sync(two, 2)
        self.synced(self.sync(one))
        self.synced(waiting)
        return one, two

    def beat(self, joined: Joined) -> None:
        self.submit(
            Heartbeat(group=GROUP, member_id=joined.member_id, generation=joined.generation)
        )

    def leave(self, member_id: str, **more: Any) -> None:
        self.submit(LeaveGroup(group=GROUP, member_id=member_id, **more))

    def commit(self, *cursors: tuple[str, int, int], joined: Joined | None = None) -> Any:
        who: dict[str, Any] = (
            {}
            if joined is None
            else {"member_id": joined.member_id, "generation": joined.generation}
        )
        rows = tuple((name, partition, offset, -1, "") for name, partition, offset in cursors)
        return self.submit(CommitCursors(group=GROUP, cursors=rows, **who))

    def cursors(self) -> dict[tuple[str, int], int]:
        found = self.submit(ListCursors(group=GROUP))
        return {(cursor.stream, cursor.partition): cursor.offset for cursor in found}
