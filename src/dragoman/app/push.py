"""Pushing, put together: sessions without sockets for the faces that push, and outbound HTTP once somebody needs it.

    broker ── session ── PushDoor ── renderer of a face
                            |
                       LateOutbound ──(first request: loaded on a thread)──> push.HttpOutbound

Nothing but small objects exists before the first request: neither modules nor a connection, and a broker that pushes
nothing starts as fast and stays as small as one that cannot.
"""

import asyncio
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Final

import dragoman
from dragoman.app.config import ServeOptions, is_private
from dragoman.doors.shared.push.door import PushDoor, Pushed
from dragoman.doors.shared.push.renderer import Renderer
from dragoman.kernel.api import Session
from dragoman.ports.outbound import Answered, Outgoing
from dragoman.push.guard import Guard
from dragoman.runtime.broker import Broker
from dragoman.runtime.session import BrokerSession

if TYPE_CHECKING:
    import ssl

    from dragoman.push.outbound import HttpOutbound

FILES_SHARE: Final = (
    4  # of the files that the process may open, outbound requests take at most one in so many
)
REOPEN_S: Final = 1.0  # until a session that was lost to a fault is opened again
IDLE_STEP_S: Final = 0.01

Done = Callable[[Answered], None]


class LateOutbound:
    """See `ports.outbound.Outbound`. Loads the real one at the first request, and gives each answer a turn."""

    def __init__(
        self, broker: Broker, loop: asyncio.AbstractEventLoop, guard: Guard, ca: str, agent: str
    ) -> None:
        self._broker = broker
        self._loop = loop
        self._guard = guard
        self._ca = ca
        self._agent = agent
        self._waiting: list[tuple[Outgoing, Done]] = []  # while it is loaded: one of each who sends
        self._is_loading = False
        self.made: HttpOutbound | None = None

    def send(self, request: Outgoing, done: Done) -> None:
        """See `Outbound.send`."""
        if self.made is not None:
            self.made.send(request, self._turned(done))
            return
        self._waiting.append((request, done))
        if not self._is_loading:
            self._is_loading = True
            Thread(target=self._load, name="dragoman-push", daemon=True).start()

    def room(self, url: str) -> int:
        """See `Outbound.room`. One at a time until it is loaded."""
        return self.made.room(url) if self.made is not None else 0

    def _turned(self, done: Done) -> Done:
        """What is told within a turn of the broker, whose clock and records it needs."""

        def told(answered: Answered) -> None:
            self._broker.begin_turn()
            try:
                done(answered)
            except Exception as error:  # noqa: BLE001 - as of a door
                self._broker.on_door_fault(error)

        return told

    def _load(self) -> None:
        """On a thread: modules, and the system's authorities."""
        from dragoman.push import build  # noqa: PLC0415 - that is the point
        from dragoman.push.trust import tls_context  # noqa: PLC0415

        with suppress(RuntimeError):  # the loop is closed by now: nobody waits
            try:
                tls = tls_context(self._ca)
            except OSError as error:  # the file was there when the process began
                self._loop.call_soon_threadsafe(self._failed, f"{self._ca}: {error}")
            else:
                self._loop.call_soon_threadsafe(self._loaded, build.outbound, tls)

    def _failed(self, text: str) -> None:
        """Whoever waits is told; the next request tries again."""
        self._is_loading = False
        waiting, self._waiting = self._waiting, []
        for _, done in waiting:
            self._turned(done)(Answered(0, failure="tls", text=text))

    def _loaded(self, make: "Callable[..., HttpOutbound]", tls: "ssl.SSLContext") -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        share = files // FILES_SHARE
        self.made = make(
            self._loop,
            self._guard,
            tls,
            self._agent,
            pushes=self._broker.meters.pushes,
            requests_max=share,
        )
        waiting, self._waiting = self._waiting, []
        for request, done in waiting:
            self.send(request, done)

    async def close(self) -> None:
        """Give up what is under way."""
        if self.made is not None:
            await self.made.close()


class _Shell:
    """The socket side of a session that has none; see `runtime.broker.Shell`."""

    def __init__(self, lost: Callable[[], object]) -> None:
        self._lost = lost

    def flush(self) -> None: ...

    def throttle(self, *, on: bool) -> None: ...

    def abort(self) -> None:
        self._lost()


@dataclass
class _Face:
    """Somebody who pushes, and its session."""

    renderer: Renderer
    pushed: Pushed
    session: BrokerSession | None = field(default=None)

    @property
    def door(self) -> PushDoor | None:
        door = None if self.session is None else self.session.door
        assert door is None or isinstance(door, PushDoor)
        return door


def make_pusher(broker: Broker, loop: asyncio.AbstractEventLoop, options: ServeOptions) -> "Pusher":
    """As the operator wants it."""
    guard = Guard(options.push_allow, loopback=is_private(options))
    agent = f"Dragoman/{dragoman.__version__}"
    return Pusher(broker, loop, LateOutbound(broker, loop, guard, options.push_ca, agent))


class Pusher:
    """All faces that push, and the outbound that they share: handshakes go through it, too."""

    def __init__(
        self, broker: Broker, loop: asyncio.AbstractEventLoop, outbound: LateOutbound
    ) -> None:
        self.outbound = outbound
        self._broker = broker
        self._loop = loop
        self._faces: list[_Face] = []
        self._is_leaving = False

    def add(self, renderer: Renderer, pushed: Pushed) -> None:
        """Push for this face from now on."""
        face = _Face(renderer, pushed)
        self._faces.append(face)
        self._open(face)

    def _open(self, face: _Face) -> None:
        if self._is_leaving:
            return

        def make(session: Session) -> PushDoor:
            session.act_as_broker()  # what is pushed was allowed when its subscription was made
            return PushDoor(
                session, self.outbound, face.renderer, face.pushed, self._broker.on_door_fault
            )

        face.session = self._broker.open(
            make, _Shell(lambda: self._loop.call_soon(self._lost, face))
        )
        assert face.door is not None
        face.door.refresh()

    def _lost(self, face: _Face) -> None:
        """Its door has failed, which it never should."""
        self._close(face)
        self._loop.call_later(REOPEN_S, self._open, face)

    def _close(self, face: _Face) -> None:
        if face.session is not None:
            self._broker.close(face.session)
            face.session = None

    async def close(self, deadline_s: float) -> None:
        """Take nothing more, settle what comes back in time, give the rest back."""
        self._is_leaving = True
        doors = [face.door for face in self._faces if face.door is not None]
        self._broker.begin_turn()
        for door in doors:
            door.shut("broker is shutting down")
        end = self._loop.time() + deadline_s
        while not all(door.is_idle for door in doors) and self._loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(IDLE_STEP_S)
        for face in self._faces:
            self._close(face)
        await self.outbound.close()
