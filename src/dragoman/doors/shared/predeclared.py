"""The exchanges that every virtual host of RabbitMQ has from the start (AMQP 0-9-1, section 3.1.3).

They are routes, made when a door that speaks of exchanges first comes to a namespace: a broker that nobody uses so has
none. Whoever comes first, they are the broker's own.
"""

from collections.abc import Iterable
from typing import Final

from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import DeclareRoute, RouteInfo, RouteSettings, Session

PREDECLARED: Final = {
    "amq.direct": RouteSettings(kind="direct"),
    "amq.fanout": RouteSettings(kind="fanout"),
    "amq.headers": RouteSettings(kind="headers"),
    "amq.match": RouteSettings(kind="headers"),
    "amq.rabbitmq.trace": RouteSettings(kind="topic", internal=True),
    "amq.topic": RouteSettings(kind="topic"),
}


def declare_predeclared(
    session: Session,
    namespace: str,
    principal: str,
    host: str,
    names: Iterable[str] = tuple(PREDECLARED),
) -> list[RouteInfo]:
    """See that those of `names` are there; then speak for `principal` at `host` again. Reply: those that are new."""
    with as_broker(session, principal, host):
        infos: list[RouteInfo] = [
            session.submit(DeclareRoute(namespace=namespace, name=name, settings=PREDECLARED[name]))
            for name in names
        ]
    return [info for info in infos if info.created]
