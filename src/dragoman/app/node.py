"""Who this node is: name, credentials, advertised addresses."""

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dragoman.kernel.api import Connection, Guesses
from dragoman.security.guesses import Guesses as FailedGuesses
from dragoman.security.logins import FailedLogin, FailedLogins

if TYPE_CHECKING:
    from dragoman.security.tokens import KeySet  # loads `cryptography`, which most brokers need not


class LocalNode:
    """See `kernel.api.Node`."""

    def __init__(
        self,
        version: str,
        cluster_id: str,
        users: Mapping[str, str],
        advertise: Mapping[str, tuple[str, int]],
        keys: Mapping[str, str] | None = None,
        issuer: str = "",
        tokens: "KeySet | None" = None,
        reauthenticate_ms: int = 0,
    ) -> None:
        self.version = version
        self.cluster_id = cluster_id
        self.issuer = issuer
        self.guesses: Guesses = FailedGuesses()
        self.tell: Callable[[FailedLogin], None] = lambda _: None
        self._failed = FailedLogins()
        self.reauthenticate_ms = reauthenticate_ms
        self._tokens = tokens
        self._users = dict(users)
        self._advertise = dict(advertise)
        self._keys = {name: secret.encode() for name, secret in (keys or {}).items()}

    def authenticate(self, user: str, password: bytes) -> str | None:
        """The principal, or None. Without configured users anybody is who they say."""
        if not self._users and self._tokens is None:
            return user
        expected = self._users.get(user)
        known = expected is not None and hmac.compare_digest(expected.encode(), password)
        return user if known else None

    def knows(self, user: str) -> bool:
        """See `kernel.api.Node.knows`."""
        return user in self._users

    def bearer(self, token: str, now_ms: int) -> tuple[str, int] | None:
        """See `kernel.api.Node.bearer`."""
        if self._tokens is None:
            return None
        from dragoman.security.tokens import TokenRefused  # noqa: PLC0415 - as below

        try:
            return self._tokens.read(token, now_ms)
        except TokenRefused:
            return None

    def secret(self, key: str) -> bytes | None:
        """The secret of a key, if there is one of that name."""
        return self._keys.get(key)

    def is_open(self) -> bool:
        """Whether nobody has to prove anything: neither users nor keys nor signers of tokens are configured."""
        return not self._users and not self._keys and self._tokens is None

    def login_failed(self, mechanism: str, user: str, connection: Connection, now_ms: int) -> None:
        """See `kernel.api.Node.login_failed`."""
        told = self._failed.failed(mechanism, user, connection.peer, connection.local[1], now_ms)
        if told is not None:
            self.tell(told)

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        """The operator's address for a protocol, if set."""
        return self._advertise.get(protocol)
