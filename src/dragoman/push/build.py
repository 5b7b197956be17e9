"""An outbound from what the operator says. Loads aiohttp, so it is itself loaded late, and off the loop's thread."""

import asyncio
import ssl
from collections.abc import Sequence

from dragoman.push.client import Client
from dragoman.push.guard import Guard
from dragoman.push.lanes import Lanes
from dragoman.push.outbound import HttpOutbound
from dragoman.push.resolver import LookUp, Resolver, SystemLookUp


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Verifies names and chains: the system's authorities, and those of the file `ca`. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca:
        context.load_verify_locations(ca)
    return context


def outbound(
    loop: asyncio.AbstractEventLoop,
    tls: ssl.SSLContext,
    user_agent: str,
    allow: Sequence[str] = (),
    *,
    loopback: bool = False,
    requests_max: int | None = None,
    look_up: LookUp | None = None,
) -> HttpOutbound:
    """On the loop's thread. Raises ValueError for an entry of `allow` that is none."""
    guard = Guard(allow, loopback=loopback)
    resolver = Resolver(guard, look_up or SystemLookUp())
    client = Client(guard, resolver, tls, user_agent)
    return HttpOutbound(client, Lanes(places_max=requests_max), loop)
