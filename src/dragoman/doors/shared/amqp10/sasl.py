"""Who a client says it is (part 5, section 5.3). No credentials are judged here but by the node.

PLAIN        authzid NUL user NUL password (RFC 4616): a user of the broker, or a key's name and secret
ANONYMOUS    nobody; a client without SASL is nobody, too
MSSBCBS      nobody yet: claims come through `$cbs`
EXTERNAL     nobody: certificates name nobody here
"""

from typing import Final

from dragoman.kernel.api import Node
from dragoman.wire.amqp10.performatives import SaslInit

NOBODY: Final = frozenset(("ANONYMOUS", "MSSBCBS", "EXTERNAL"))


class LoginRefused(Exception):
    """The client is not who it says."""


def principal_of(init: SaslInit, node: Node, host: str, now_ms: int) -> str | None:
    """Who it is; None is nobody, who may claim more later. `host` is where it is, `now_ms` elapsed time. Raises
    LoginRefused.
    """
    if init.mechanism in NOBODY:
        return None
    parts = (init.initial_response or b"").split(b"\0")
    if init.mechanism != "PLAIN" or len(parts) != 3:
        raise LoginRefused(init.mechanism)
    if not node.guesses.may_try(host, now_ms):
        raise LoginRefused("too many attempts have failed")
    found = node.authenticate(parts[1].decode(errors="replace"), parts[2])
    if found is None:
        node.guesses.failed(host, now_ms)
        raise LoginRefused(init.mechanism)
    return found
