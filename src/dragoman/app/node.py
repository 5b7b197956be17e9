"""Who this node is: name, credentials, advertised addresses."""

import hmac
from collections.abc import Mapping

from dragoman.kernel.api import Guesses
from dragoman.security.guesses import Guesses as FailedGuesses


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
    ) -> None:
        self.version = version
        self.cluster_id = cluster_id
        self.issuer = issuer
        self.guesses: Guesses = FailedGuesses()
        self._users = dict(users)
        self._advertise = dict(advertise)
        self._keys = {name: secret.encode() for name, secret in (keys or {}).items()}

    def authenticate(self, user: str, password: bytes) -> str | None:
        """The principal, or None. Without configured users anybody is who they say."""
        if not self._users:
            return user
        expected = self._users.get(user)
        known = expected is not None and hmac.compare_digest(expected.encode(), password)
        return user if known else None

    def secret(self, key: str) -> bytes | None:
        """The secret of a key, if there is one of that name."""
        return self._keys.get(key)

    def is_open(self) -> bool:
        """Whether nobody has to prove anything: neither users nor keys are configured."""
        return not self._users and not self._keys

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        """The operator's address for a protocol, if set."""
        return self._advertise.get(protocol)
