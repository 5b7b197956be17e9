"""An outbound from what the operator says. Loaded late: most brokers push nothing."""

import asyncio
import ssl

from dragoman.push.client import Client
from dragoman.push.guard import Guard
from dragoman.push.lanes import Lanes
from dragoman.push.outbound import HttpOutbound
from dragoman.push.resolver import LookUp, Resolver, SystemLookUp
from dragoman.telemetry.counters import Pushes


def outbound(
    loop: asyncio.AbstractEventLoop,
    guard: Guard,
    tls: ssl.SSLContext,
    user_agent: str,
    *,
    pushes: Pushes | None = None,
    requests_max: int | None = None,
    look_up: LookUp | None = None,
) -> HttpOutbound:
    """On the loop's thread. `pushes` counts what becomes of requests."""
    resolver = Resolver(guard, look_up or SystemLookUp())
    client = Client(loop, guard, resolver, tls, user_agent)
    return HttpOutbound(client, Lanes(places_max=requests_max), loop, pushes or Pushes())
