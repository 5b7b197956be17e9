"""What a door asks of the broker on behalf of one connection: commands, time, chance, and what to wait for."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dragoman.kernel.commands import DEFAULT_NAMESPACE, Publish, Settle
from dragoman.kernel.ends import ConnectionDoor, Node
from dragoman.kernel.leases.commands import SessionLock
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.permissions import Need
from dragoman.kernel.replies import PublishReply, SettleReply


class Session(Protocol):
    """One connection's standing with the broker. Everything it holds and owns goes with `close`."""

    id: int

    def publish(self, command: Publish) -> PublishReply:
        """Applied at once; `reply.position` and `reply.level` say what its confirm waits for. Raises KernelError."""
        ...

    def settle(self, command: Settle) -> SettleReply:
        """Raises KernelError."""
        ...

    def submit(self, command: Any) -> Any:
        """Any other command; the reply's shape is named in the command's docstring. Raises KernelError."""
        ...

    def act_as(self, principal: str, host: str = "") -> None:
        """Speak for a principal from now on, who comes from the address `host`. Until told, a session is nobody's."""
        ...

    def act_as_broker(self) -> None:
        """Speak for the broker itself from now on, which may do everything: the operator on this machine, what is
        pushed. Never for what a client merely says of itself.
        """
        ...

    def is_guarded(self, namespace: str = DEFAULT_NAMESPACE) -> bool:
        """Whether what is not granted is refused in the namespace."""
        ...

    def may(self, need: Need) -> bool:
        """Whether the principal is allowed what is needed. Commands ask by themselves: this is for doors whose
        protocol knows finer differences than commands do, or hides what may not be seen.
        """
        ...

    def may_anywhere(self, need: Need) -> bool:
        """Whether the principal is allowed what is needed with some name of the kind; `need.name` says nothing."""
        ...

    def operations(self, kind: str, name: str, namespace: str = DEFAULT_NAMESPACE) -> int:
        """All that the principal is allowed to do with something: bits of `kernel.permissions`."""
        ...

    def wall_ms(self) -> int:
        """Wall time of this turn."""
        ...

    def elapsed_ms(self) -> int:
        """Elapsed time of this turn, for a door's own deadlines."""
        ...

    def token(self, size_bytes: int) -> bytes:
        """Unpredictable bytes, for names and ids that a door makes up."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes that nobody can guess, the same for a purpose as long as the store lasts: the key of `Tokens`."""
        ...

    def position(self) -> int:
        """Everything decided so far is in frames at or below this position."""
        ...

    def depends_on(self, reply: Sequence[Delivery] | SessionLock) -> tuple[int, int]:
        """The (position, level) to wait for before a client is shown deliveries that it was leased by a command of this
        turn (`Lease`, `LeaseDeferred`), or a session that it was given (`AcceptSession`). What comes by
        `ConnectionDoor.deliver` has waited already.
        """
        ...

    def reached(self, level: int) -> int:
        """The highest position that has reached `level` (APPLIED, WRITTEN or SYNCED)."""
        ...

    def want(self, position: int, level: int) -> None:
        """Ask to be told (`ConnectionDoor.progressed`) when `position` has reached `level`."""
        ...

    def watch(self, namespace: str, name: str) -> None:
        """Ask to be told (`ConnectionDoor.progressed`), once, when the stream's committed end has moved, or it was
        deleted.
        """
        ...

    def watch_pushed(self, face: str) -> None:
        """Ask to be told (`ConnectionDoor.progressed`), once, when what `ListPushed` says of `face` has changed: a
        subscription was made, altered or deleted. Messages in it are no change.
        """
        ...

    def aside(self, key: bytes, job: Callable[[], object]) -> object | None:
        """What `job` returns, which is worked out beside the turns because it takes long. None until it is known:
        then comes `ConnectionDoor.progressed`, and who asks again is told. `key` names the work, which is done once for
        all who ask, and remembered for a while. Raises QuotaExceeded when too much waits already.
        """
        ...

    def wake(self) -> None:
        """Something was done to this session's door by another's: send what it has to send."""
        ...

    def incarnation(self) -> int:
        """How often this store was started: the leader epoch that Kafka clients see."""
        ...

    def speak(self, protocol: str) -> None:
        """Count what follows as this protocol's, where one connection serves several."""
        ...

    def hand_over(self, door: ConnectionDoor) -> None:
        """Another door speaks on this connection from now on: its client has asked for another protocol."""
        ...

    def count_delivered(self, count: int, size_bytes: int) -> None:
        """Tell of messages that a cursor read and the client was handed; those of leases are counted as they come."""
        ...

    def fault(self, error: Exception) -> None:
        """Tell the operator of a fault of ours that the client was given an answer for."""
        ...

    def node(self) -> Node:
        """Who we are and where we are reached."""
        ...
