"""A door's own look or act in the middle of a client's request, for what the door answers for by itself: exchanges that
every virtual host has, an offset that is told and not read. Never around a command whose effect the client chose.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dragoman.kernel.api import Session


@contextmanager
def as_broker(session: Session, principal: str, host: str) -> Iterator[None]:
    """Within, the session speaks for the broker; then for the principal again."""
    session.act_as_broker()
    try:
        yield
    finally:
        session.act_as(principal, host)
