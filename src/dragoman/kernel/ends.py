"""What a door may know of both ends, the broker that it speaks for and the connection that it speaks on; and what
both know of the door.
"""

from collections.abc import Sequence
from typing import Protocol

from dragoman.kernel.entities import Holder
from dragoman.kernel.leases.lease import Delivery


class Guesses(Protocol):
    """Failed proofs of who one is, by the address of the connection; see `security.guesses`. Times are elapsed ms."""

    def may_try(self, host: str, now_ms: int) -> bool:
        """Whether what the address shows is looked at."""
        ...

    def failed(self, host: str, now_ms: int) -> None:
        """The address has shown something that is not good."""
        ...


class Node(Protocol):
    """What doors tell clients about the broker itself."""

    version: str
    cluster_id: str
    issuer: str
    """Who signs the tokens that targets of pushes are shown: a URL that says where the broker is reached."""

    @property
    def guesses(self) -> Guesses:
        """Of all doors together."""
        ...

    def authenticate(self, user: str, password: bytes) -> str | None:
        """The principal's name, or None when refused. Any credentials are taken while none are configured."""
        ...

    def knows(self, user: str) -> bool:
        """Whether the operator's configuration has a user or key of that name."""
        ...

    reauthenticate_ms: int
    """How long a login holds on a connection before it has to be proved anew; 0 as long as the connection."""

    def bearer(self, token: str, now_ms: int) -> tuple[str, int] | None:
        """The principal that a signed token is of, and until when (wall ms) it is good; None when refused."""
        ...

    def secret(self, key: str) -> bytes | None:
        """The secret of a key (`[keys.NAME]`), None when there is none of that name."""
        ...

    def is_open(self) -> bool:
        """Whether any credentials are taken, because none are configured."""
        ...

    def login_failed(
        self, mechanism: str, user: str, connection: "Connection", now_ms: int
    ) -> None:
        """Somebody has not proved who it says it is, as of this elapsed ms: the operator is told, now and then; see
        `security.logins`.
        """
        ...

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        """The address to give clients instead of the one they connected to, if the operator set one."""
        ...


class Connection(Protocol):
    """What a door may know of the connection it speaks on. Addresses are (host, port)."""

    local: tuple[str, int]
    peer: tuple[str, int]
    is_tls: bool
    certified: str
    """Who the client's certificate says it is, signed by an authority of the operator's; empty without one."""


class ConnectionDoor(Protocol):
    """One connection of one protocol, without a socket. No method raises, whatever the bytes."""

    def receive(self, data: bytes) -> None:
        """Bytes from the peer."""
        ...

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for consumers of this session, safe enough to leave at once."""
        ...

    def cancelled(self, holder: Holder) -> None:
        """A consumer ended because its queue went away."""
        ...

    def answered(self, ticket: int, result: object) -> None:
        """What a command promised by a ticket: its result, or the KernelError that refuses it."""
        ...

    def progressed(self) -> None:
        """Something asked for by `want`, `watch`, `watch_pushed` or `aside` has happened."""
        ...

    def tick(self) -> None:
        """`next_tick_ms` is reached."""
        ...

    def next_tick_ms(self) -> int | None:
        """Elapsed time at which the door wants `tick`; None never."""
        ...

    def data_to_send(self) -> Sequence[bytes | memoryview]:
        """Take what is ready to be sent."""
        ...

    def is_full(self) -> bool:
        """Whether nothing more is to be read until what is here has been worked off."""
        ...

    def is_closing(self) -> bool:
        """Whether the connection is to be closed once everything is sent."""
        ...

    def lost(self) -> None:
        """The connection is gone; its session closes next."""
        ...

    def shut(self, reason: str) -> None:
        """The broker is leaving: say so in the protocol's words, then be closing."""
        ...
