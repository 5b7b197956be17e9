"""What a door may know of both ends: the broker that it speaks for, the connection that it speaks on."""

from typing import Protocol


class Node(Protocol):
    """What doors tell clients about the broker itself."""

    version: str
    cluster_id: str
    issuer: str
    """Who signs the tokens that targets of pushes are shown: a URL that says where the broker is reached."""

    def authenticate(self, user: str, password: bytes) -> str | None:
        """The principal's name, or None when refused. Any credentials are taken while none are configured."""
        ...

    def secret(self, key: str) -> bytes | None:
        """The secret of a key (`[keys.NAME]`), None when there is none of that name."""
        ...

    def is_open(self) -> bool:
        """Whether any credentials are taken, because none are configured."""
        ...

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        """The address to give clients instead of the one they connected to, if the operator set one."""
        ...


class Connection(Protocol):
    """What a door may know of the connection it speaks on. Addresses are (host, port)."""

    local: tuple[str, int]
    peer: tuple[str, int]
    is_tls: bool
