"""One connection's standing with the broker, as its door sees it."""

import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dragoman.kernel.api import ConnectionDoor, Delivery, Node, SessionLock
from dragoman.kernel.commands import DEFAULT_NAMESPACE, Lease, Publish, Settle
from dragoman.kernel.consumers import hold_back
from dragoman.kernel.permissions import ANY, Need
from dragoman.kernel.replies import PublishReply, SettleReply
from dragoman.model.errors import KernelError
from dragoman.runtime.killpoints import decided
from dragoman.runtime.outbox import depends_on
from dragoman.telemetry.counters import Handled

if TYPE_CHECKING:
    from dragoman.runtime.broker import Broker, Shell


class BrokerSession:
    """See `kernel.api.Session`."""

    __slots__ = (
        "_broker",
        "_kernel",
        "door",
        "has_published",
        "id",
        "opened_as",
        "protocol",
        "shell",
        "traffic",
    )

    door: ConnectionDoor

    def __init__(self, broker: "Broker", id: int, shell: "Shell", protocol: str) -> None:
        self._broker = broker
        self._kernel = broker.kernel
        self.id = id
        self.shell = shell
        self.has_published = False  # since its shell was last flushed
        self.protocol = protocol
        self.traffic = broker.meters.of(protocol)
        broker.kernel.state.protocols[id] = protocol
        self.opened_as = self.traffic  # whose connection it is, whatever it speaks of

    def publish(self, command: Publish) -> PublishReply:
        """See `kernel.api.Session.publish`."""
        state = self._kernel.state
        before = state.appended
        try:
            reply: PublishReply = self._broker.loaded(
                lambda: self._kernel.publish(command, self.id)
            )
        except KernelError as error:
            self._refused(error)
            raise
        reply.position = self._broker.position()
        self.has_published = True
        traffic = self.traffic
        traffic.published += command.packed or len(command.bodies)
        traffic.published_bytes += state.appended - before
        return reply

    def settle(self, command: Settle) -> SettleReply:
        """See `kernel.api.Session.settle`."""
        try:
            reply: SettleReply = self._broker.loaded(lambda: self._kernel.settle(command, self.id))
        except KernelError as error:
            self._refused(error)
            raise
        settled = self.traffic.settled
        settled[command.outcome] = settled.get(command.outcome, 0) + reply.settled
        if command.outcome == "ack":
            self._broker.meters.handled_of(command.subscription).acked += reply.settled
        return reply

    def submit(self, command: Any) -> Any:
        """See `kernel.api.Session.submit`."""
        try:
            reply = self._broker.loaded(lambda: self._kernel.submit(command, self.id))
        except KernelError as error:
            self._refused(error)
            raise
        decided(command)
        if type(command) is Lease:
            self.count_deliveries(reply, asked_for=True)
        return reply

    def _refused(self, error: KernelError) -> None:
        refused = self.traffic.refused
        refused[error.code] = refused.get(error.code, 0) + 1

    def count_deliveries(self, deliveries: Sequence[Delivery], *, asked_for: bool = False) -> None:
        """Messages on their way to the client."""
        traffic = self.traffic
        for delivery in deliveries:
            count = delivery.count()
            traffic.delivered += count
            traffic.delivered_bytes += sum(map(len, delivery.bodies))
            holder = delivery.holder
            handled = self._broker.meters.handled_of(holder.subscription.id)
            _count(handled, count, no_ack=holder.no_ack, asked_for=asked_for)
            if delivery.tries is not None:
                handled.redelivered += sum([tried > 0 for tried in delivery.tries])

    def hand_over(self, door: ConnectionDoor) -> None:
        """See `kernel.api.Session`."""
        self.door = door

    def count_delivered(self, count: int, size_bytes: int) -> None:
        """See `kernel.api.Session.count_delivered`."""
        self.traffic.delivered += count
        self.traffic.delivered_bytes += size_bytes

    def speak(self, protocol: str) -> None:
        """See `kernel.api.Session.speak`."""
        if protocol != self.protocol:
            self.protocol = protocol
            self.traffic = self._broker.meters.of(protocol)
            self._kernel.state.protocols[self.id] = protocol

    def act_as(self, principal: str, host: str = "") -> None:
        """See `kernel.api.Session.act_as`."""
        self._kernel.state.permissions.act_as(self.id, principal, host)

    def act_as_broker(self) -> None:
        """See `kernel.api.Session.act_as_broker`."""
        self._kernel.state.permissions.act_as_broker(self.id)

    def is_guarded(self, namespace: str = DEFAULT_NAMESPACE) -> bool:
        """See `kernel.api.Session.is_guarded`."""
        return namespace in self._kernel.state.permissions.guarded

    def may(self, need: Need) -> bool:
        """See `kernel.api.Session.may`."""
        state = self._kernel.state
        return not state.guarded or state.permissions.may(self.id, need)

    def may_anywhere(self, need: Need) -> bool:
        """See `kernel.api.Session.may_anywhere`."""
        state = self._kernel.state
        return not state.guarded or state.permissions.anywhere(self.id, need)

    def operations(self, kind: str, name: str, namespace: str = DEFAULT_NAMESPACE) -> int:
        """See `kernel.api.Session.operations`."""
        state = self._kernel.state
        return (
            state.permissions.operations(self.id, kind, name, namespace) if state.guarded else ANY
        )

    def wall_ms(self) -> int:
        """Wall time of this turn."""
        return self._kernel.now_ms

    def elapsed_ms(self) -> int:
        """Elapsed time of this turn."""
        return self._kernel.elapsed_ms

    def token(self, size_bytes: int) -> bytes:
        """Unpredictable bytes."""
        return self._kernel.token(size_bytes)

    def secret(self, purpose: str) -> bytes:
        """See `kernel.api.Session.secret`."""
        return hmac.digest(self._kernel.state.secret, purpose.encode(), "sha256")

    def position(self) -> int:
        """Of the frame that will hold everything decided so far, this turn's included."""
        return self._broker.position()

    def depends_on(self, reply: Sequence[Delivery] | SessionLock) -> tuple[int, int]:
        """See `kernel.api.Session.depends_on`."""
        return depends_on(reply, self._broker.position())

    def reached(self, level: int) -> int:
        """The highest position that has reached `level`."""
        return self._broker.commit.reached(level)

    def want(self, position: int, level: int) -> None:
        """See `kernel.api.Session.want`."""
        self._broker.wait(self, position, level)

    def watch(self, namespace: str, name: str) -> None:
        """See `kernel.api.Session.watch`."""
        self._broker.watch(self, namespace, name)

    def watch_pushed(self, face: str) -> None:
        """See `kernel.api.Session.watch_pushed`."""
        self._broker.watch_pushed(self, face)

    def aside(self, key: bytes, job: Callable[[], object]) -> object | None:
        """See `kernel.api.Session.aside`."""
        return self._broker.aside.ask(self, key, job, self._kernel.elapsed_ms)

    def wake(self) -> None:
        """See `kernel.api.Session.wake`."""
        self._broker.touch(self)

    def incarnation(self) -> int:
        """How often this store was started."""
        return self._kernel.state.incarnation

    def fault(self, error: Exception) -> None:
        """See `kernel.api.Session.fault`."""
        self._broker.note_fault(error)

    def node(self) -> Node:
        """Who we are."""
        return self._broker.node

    def hold_back(self, *, back: bool) -> None:
        """The connection cannot (or can again) take more bytes."""
        hold_back(self._kernel, self.id, back=back)
        self._broker.begin_turn()


def _count(handled: Handled, count: int, *, no_ack: bool, asked_for: bool) -> None:
    if asked_for:
        if no_ack:
            handled.got_no_ack += count
        else:
            handled.got += count
    elif no_ack:
        handled.delivered_no_ack += count
    else:
        handled.delivered += count
