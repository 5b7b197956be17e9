"""Where the kernel asks its permissions, in a node of which some namespace is guarded.

before   every command, by the table in `needs`
after    lists, of which nothing is shown that the caller may not see
"""

from typing import TYPE_CHECKING, Any

from dragoman.kernel.commands import Publish, Settle
from dragoman.kernel.listing import GetListing
from dragoman.kernel.needs import SHOWN, TABLE, of_publish, of_settle
from dragoman.kernel.permissions import DESCRIBE, STREAM, Need

if TYPE_CHECKING:
    from dragoman.kernel.state import State


def check_publish(state: "State", command: Publish, session: int) -> None:
    """Raises AccessRefused."""
    state.permissions.check(session, of_publish(state, command))


def check_settle(state: "State", command: Settle, session: int) -> None:
    """Raises AccessRefused."""
    state.permissions.check(session, of_settle(state, command))


def check(state: "State", command: Any, session: int) -> None:
    """Raises AccessRefused."""
    state.permissions.check(session, TABLE[type(command)](state, command))


def shown(state: "State", command: Any, reply: Any, session: int) -> Any:
    """The reply without what its caller may not see."""
    permissions = state.permissions
    if type(command) is GetListing:
        space = command.namespace
        return reply.seen(
            permissions.standing(session),
            lambda name: permissions.may(session, Need(space, STREAM, name, DESCRIBE)),
        )
    need_of = SHOWN.get(type(command))
    if need_of is None:
        return reply
    return [item for item in reply if permissions.may(session, need_of(command, item))]
