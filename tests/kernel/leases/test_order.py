"""Orders against a list of messages, through leases, settlements, time, checkpoints and restarts of a whole node."""

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.runtime.node import TestNode, declare

from dragoman.kernel.commands import DescribeQueue, Lease, Publish, PurgeQueue, Settle
from dragoman.kernel.leases.commands import LeaseDeferred
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import Address
from dragoman.model.errors import ResourceLocked
from dragoman.model.levels import CANONICAL
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState

READY, LEASED, WAITING, DEFERRED, DONE = "READY", "LEASED", "WAITING", "DEFERRED", "DONE"
LEASE_MS, RETRY_MS = 1000, 700


class Message:
    def __init__(self, offset: int, body: bytes, priority: int, key: bytes) -> None:
        self.offset = offset
        self.body = body
        self.priority = priority
        self.key = key
        self.state = READY
        self.is_aside = False  # LEASED, and DEFERRED before that
        self.delivery: Delivery | None = None
        self.until_ms = 0

    def end_lease(self) -> None:
        """Nobody has said what becomes of it."""
        self.state = DEFERRED if self.is_aside else READY


class OrderMachine(RuleBasedStateMachine):
    settings_of: ClassVar[dict[str, Any]] = {}
    colours: ClassVar[tuple[str, ...]] = ("red",)

    def __init__(self) -> None:
        super().__init__()
        self.parts = (MemoryLog(), MemorySegments(), MemoryState())
        self.node = TestNode(*self.parts)
        self.session = self.node.connect()
        declare(self.session, "q", **self.settings_of)
        self.messages: list[Message] = []
        self.end = 0
        self.is_cold = False

    # --- the list ---

    def of(self, state: str) -> list[Message]:
        return [message for message in self.messages if message.state == state]

    def back(self, messages: list[Message]) -> None:
        """Return them, and what follows them in their keys where that is revoked."""
        for message in messages:
            message.end_lease()
        if self.settings_of.get("revoke_followers"):
            for message in [known for known in messages if known.state == READY]:
                for other in self.of(LEASED):
                    if message.key and other.key == message.key and other.offset > message.offset:
                        other.end_lease()

    def check_taken(self, taken: list[int], count_max: int) -> None:
        ready = sorted(self.of(READY), key=lambda message: (-message.priority, message.offset))
        assert taken == [message.offset for message in ready][: len(taken)]
        self.check_count(taken, count_max, len(ready))

    def check_count(self, taken: list[int], count_max: int, ready: int) -> None:
        """As many as there are, but a lease may end before a block whose bodies are on disk."""
        wanted = min(count_max, ready)
        assert len(taken) == wanted or (self.is_cold and 0 < len(taken) < wanted)

    # --- rules ---

    @rule(
        batch=st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from([b"", b"a", b"b", b"c"]), st.booleans()),
            min_size=1,
            max_size=6,
        ),
        packed=st.booleans(),
    )
    def publish(self, batch: list[tuple[int, bytes, bool]], *, packed: bool) -> None:
        bodies = []
        for priority, key, is_red in batch:
            colour = "red" if is_red else self.colours[-1]
            body = b"%d;colour=%s" % (self.end, colour.encode())
            bodies.append(body)
            if colour == "red":
                self.messages.append(Message(self.end, body, min(priority, 2), key))
            self.end += 1
        publish = Publish("default", Address("q"), CANONICAL, bodies)
        if packed:
            publish.bodies, publish.packed, publish.partition = [b"\n".join(bodies)], len(bodies), 0
        publish.priorities = [priority for priority, _, _ in batch]
        publish.keys = [key for _, key, _ in batch]
        self.session.publish(publish)
        self.node.settle()

    @rule(count_max=st.integers(1, 8), timed=st.booleans())
    def lease(self, count_max: int, *, timed: bool) -> None:
        duration_ms = LEASE_MS if timed else 0
        deliveries = self.session.submit(
            Lease(name="q", count_max=count_max, lease_duration_ms=duration_ms)
        )
        taken = [offset for one in deliveries for offset in range(one.start, one.end)]
        self.check_taken(taken, count_max)
        self.note(deliveries, duration_ms)

    def note(self, deliveries: list[Delivery], duration_ms: int) -> None:
        by_offset = {message.offset: message for message in self.messages}
        for one in deliveries:
            for offset in range(one.start, one.end):
                message = by_offset[offset]
                if one.block.packed:
                    assert one.bodies[0].split(b"\n")[offset - one.block.offset] == message.body
                else:
                    assert one.bodies[offset - one.start] == message.body
                message.is_aside = message.state == DEFERRED
                message.state = LEASED
                message.delivery = one
                message.until_ms = self.node.clock.now_ms + duration_ms if duration_ms else 0

    @precondition(lambda self: self.of(LEASED))
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["ack", "ack", "release", "reject", "defer", "delay"]),
    )
    def settle(self, data: st.DataObject, outcome: str) -> None:
        message = data.draw(st.sampled_from(self.of(LEASED)))
        assert message.delivery is not None
        holder = message.delivery.holder
        settle = Settle(
            holder.subscription.id,
            0,
            holder.id,
            [(message.offset, message.offset + 1)],
            "release" if outcome == "delay" else outcome,  # type: ignore[arg-type]
        )
        settle.delay_ms = RETRY_MS if outcome == "delay" else 0
        assert self.session.settle(settle).settled == 1
        if outcome in {"release", "delay"}:
            self.back([message])
        if outcome != "release" and message.state != DEFERRED:
            message.state = {"defer": DEFERRED, "delay": WAITING}.get(outcome, DONE)
            message.until_ms = self.node.clock.now_ms + RETRY_MS
        self.node.settle()

    @precondition(lambda self: self.of(DEFERRED))
    @rule(data=st.data())
    def lease_deferred(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.of(DEFERRED)))
        command = LeaseDeferred(name="q", offsets=[message.offset])
        rivals = [known for known in self.of(LEASED) if known.key == message.key != b""]
        if rivals and self.settings_of.get("order") == "key":
            with pytest.raises(ResourceLocked):
                self.session.submit(command)
        else:
            self.note(self.session.submit(command), 0)

    @rule(duration_ms=st.sampled_from([300, 700, 1000]))
    def pass_time(self, duration_ms: int) -> None:
        self.node.settle()
        self.node.clock.now_ms += duration_ms
        now_ms = self.node.clock.now_ms
        self.node.settle()
        for message in self.of(WAITING):
            if message.until_ms <= now_ms:
                message.state = READY
        self.back([message for message in self.of(LEASED) if 0 < message.until_ms <= now_ms])

    @rule()
    def purge(self) -> None:
        ready = self.of(READY)
        assert self.session.submit(PurgeQueue(name="q")) == len(ready)
        for message in ready:
            message.state = DONE
        self.node.settle()

    @rule()
    def reconnect(self) -> None:
        self.node.broker.close(self.session)
        self.node.settle()
        self.session = self.node.connect()
        for message in self.of(LEASED):
            if not message.until_ms:
                message.end_lease()

    @rule()
    def checkpoint(self) -> None:
        self.node.settle()
        self.node.checkpoint()

    @rule(with_checkpoint=st.booleans())
    def restart(self, *, with_checkpoint: bool) -> None:
        self.node.settle()
        if with_checkpoint:
            self.node.checkpoint()
        self.node = TestNode(*self.parts)
        self.session = self.node.connect()
        self.node.settle()
        self.is_cold = True
        for message in [m for m in self.of(LEASED) if not m.until_ms]:
            message.end_lease()
        for message in self.of(WAITING):
            message.until_ms = self.node.clock.now_ms + RETRY_MS
        for message in self.of(LEASED):
            message.until_ms = self.node.clock.now_ms + LEASE_MS

    @invariant()
    def counts_are_exact(self) -> None:
        info = self.session.submit(DescribeQueue(name="q"))
        assert (info.ready, info.leased) == (len(self.of(READY)), len(self.of(LEASED)))
        (window,) = self.node.kernel.state.subscription("default", "q").windows
        open_ = [message.offset for message in self.messages if message.state != DONE]
        assert window.floor() == min(open_, default=self.end)
        if self.end:
            assert window.is_done(0, self.end) == (not open_)

    def teardown(self) -> None:
        self.pass_time(LEASE_MS)
        self.reconnect()
        for message in self.of(DEFERRED):
            message.state = DONE  # nobody asks for them
        seen = []
        while self.of(READY):
            self.lease(100, timed=False)
            for message in self.of(LEASED):
                assert message.delivery is not None
                holder = message.delivery.holder
                runs = [(message.offset, message.offset + 1)]
                self.session.settle(Settle(holder.subscription.id, 0, holder.id, runs, "ack"))
                message.state = DONE
                seen.append(message.offset)
        assert len(seen) == len(set(seen))


class PriorityMachine(OrderMachine):
    settings_of: ClassVar[dict[str, Any]] = {"order": "priority", "priorities": 2}


class FilterMachine(OrderMachine):
    settings_of: ClassVar[dict[str, Any]] = {
        "order": "priority",
        "priorities": 2,
        "filter": {"colour": "red"},
    }
    colours: ClassVar[tuple[str, ...]] = ("red", "blue")


class KeyMachine(OrderMachine):
    settings_of: ClassVar[dict[str, Any]] = {"order": "key", "filter": {"colour": "red"}}
    colours: ClassVar[tuple[str, ...]] = ("red", "blue")

    def check_taken(self, taken: list[int], count_max: int) -> None:
        locked = {message.key for message in self.of(LEASED) + self.of(WAITING)} - {b""}
        free = [message for message in self.of(READY) if message.key not in locked]
        self.check_count(taken, count_max, len(free))
        for key in {message.key for message in free}:
            waiting = sorted(message.offset for message in free if message.key == key)
            mine = [offset for offset in taken if offset in waiting]
            assert mine == waiting[: len(mine)]
        assert {message.offset for message in free} >= set(taken)


class FairMachine(OrderMachine):
    settings_of: ClassVar[dict[str, Any]] = {"order": "fair"}

    def check_taken(self, taken: list[int], count_max: int) -> None:
        ready = self.of(READY)
        self.check_count(taken, count_max, len(ready))
        served: list[int] = []
        for key in {message.key for message in ready}:
            waiting = sorted(message.offset for message in ready if message.key == key)
            mine = [offset for offset in taken if offset in waiting]
            assert mine == waiting[: len(mine)]
            if len(mine) < len(waiting):
                served.append(len(mine))
            assert not served or len(mine) <= max(served) + 1
        assert max(served, default=0) - min(served, default=0) <= 1


class RevokingMachine(KeyMachine):
    settings_of: ClassVar[dict[str, Any]] = {"order": "key", "revoke_followers": True}
    colours: ClassVar[tuple[str, ...]] = ("red",)


PROFILE = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TestPriority = PriorityMachine.TestCase
TestFilter = FilterMachine.TestCase
TestKeys = KeyMachine.TestCase
TestRevoking = RevokingMachine.TestCase
TestFair = FairMachine.TestCase
for _case in (TestPriority, TestFilter, TestKeys, TestRevoking, TestFair):
    _case.settings = PROFILE
del _case
