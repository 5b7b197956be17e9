"""The life of a broker process: recover, bind, say where, serve until told to leave.

Everything is put together here and nowhere else; the parts know each other only by their ports.
"""

import asyncio
import errno
import gc
import json
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dragoman
from dragoman.app.broker import BrokerParts, assemble
from dragoman.app.build import build
from dragoman.app.config import ALIASES, PROTOCOLS, ServeOptions
from dragoman.app.endpoints import Endpoint, endpoints_of, table_of
from dragoman.app.errors import StartError
from dragoman.listeners.certified import NAMES
from dragoman.listeners.listen import Listener
from dragoman.listeners.shell import Doors
from dragoman.ports.clock import Clock

GC_THRESHOLDS: Final = (5_000, 5, 2_000)  # objects, then collections of the generation below
SWITCH_INTERVAL_S: Final = 0.0005  # Python's own is ten times that
DRAIN_DEADLINE_S: Final = 10.0
ANYBODY: Final = 0o644  # may read the ready file, unless it holds a password
OWNER_ONLY: Final = 0o600


@dataclass
class Running:
    """A broker that serves: its parts, its ports, its end."""

    options: ServeOptions
    parts: BrokerParts
    doors: Doors
    listeners: dict[str, Listener] = field(default_factory=dict)
    aliases: list[Listener] = field(default_factory=list)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str | None = None

    def endpoints(self, *, hidden: bool = False) -> dict[str, Endpoint]:
        """Where each protocol is served; `hidden` leaves passwords out."""
        ports = {name: (listener.host, listener.port) for name, listener in self.listeners.items()}
        return endpoints_of(ports, self.options, hidden=hidden)

    async def stop(self) -> None:
        """Accept no more, let every connection say goodbye, write what is left, close the store."""
        for listener in {*self.listeners.values(), *self.aliases}:
            listener.stop()
        for shell in list(self.doors.open):
            shut = getattr(shell, "shut", None)
            if shut is not None:
                shut("broker is shutting down")
        await self.parts.close(DRAIN_DEADLINE_S)
        for shell in list(self.doors.open):
            abort = getattr(shell, "abort", None)
            if abort is not None:
                abort()  # whoever has not hung up by now
        await asyncio.sleep(0)  # for the loop to close them


def raise_file_limit() -> None:
    """As many open files as the system allows us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def hand_over_soon() -> None:
    """The turn asks for the interpreter back after every write to a socket: while a checkpoint is being encoded beside
    it, it would wait Python's usual 5 ms each time, and a turn of many sockets tens of them.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def calm_collector() -> None:
    """Look for cycles less often, and never among what was loaded at start: a full search is a pause for everybody."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def start(options: ServeOptions, clock: Clock | None = None) -> Running:
    """Recover the store and bind every port. Raises StartError with one line for the operator."""
    loop = asyncio.get_running_loop()
    parts = assemble(options, loop, clock)
    name_of = NAMES[options.tls_client_name]
    doors = Doors(parts.broker, parts.doors, parts.tls, options.connections_max, name_of)
    running = Running(options, parts, doors)
    parts.on_failure = lambda text: _fail(running, text)
    try:
        declare_topology(running)
        bind(running)
        name_issuer(running)
        declare_eventgrid(running)
    except (OSError, StartError) as error:
        await parts.close(0)
        raise StartError(str(error)) from error
    for listener in {*running.listeners.values(), *running.aliases}:
        listener.start()
    parts.is_bound = True
    return running


def _fail(running: Running, text: str) -> None:
    running.failure = text
    running.leaving.set()


def declare_topology(running: Running) -> None:
    """Make what the configuration says exists. Raises StartError with a line for each thing that cannot be."""
    if not running.options.topology:
        return
    from dragoman.app.topology import declare  # noqa: PLC0415 - most brokers have no file

    problems = declare(running.parts.broker.kernel, running.options.topology)
    running.parts.broker.begin_turn()
    if problems:
        raise StartError("\n".join(problems))


def declare_eventgrid(running: Running) -> None:
    """Make what the configuration says exists of Event Grid, now that its address is known. Raises StartError."""
    if not running.options.eventgrid:
        return
    from dragoman.app.eventgrid import declare  # noqa: PLC0415 - most brokers have none
    from dragoman.doors.eventgrid.kinds import Base  # noqa: PLC0415

    at = running.endpoints()["eventgrid"].document
    broker = running.parts.broker
    broker.begin_turn()
    problems = declare(
        broker.kernel, running.options.eventgrid, Base("http", f"{at['host']}:{at['port']}")
    )
    if problems:
        raise StartError("\n".join(problems))


def name_issuer(running: Running) -> None:
    """Tokens say where their key is found, now that that is known; unless the operator said what they are to say."""
    node = running.parts.broker.node
    found = running.endpoints()
    at = found.get("pubsub", next(iter(found.values()))).document  # every port answers
    host, port = node.advertised("pubsub") or (at["host"], at["port"])
    node.issuer = node.issuer or f"http://{f'[{host}]' if ':' in host else host}:{port}"


def bind(running: Running) -> None:
    """Bind the port of every protocol; protocols that share a port share its listener. Raises StartError."""
    options = running.options
    shared: dict[int, Listener] = {}
    for name, port in options.ports.items():
        listener = shared.get(port) if port or options.one_port else None
        if listener is None:
            try:
                listener = Listener(running.doors, options.host, port)
            except OSError as error:
                raise StartError(_not_bound(options, name, error)) from error
            shared[port] = listener
            for alias in ALIASES.get(name, ()) if port == PROTOCOLS[name] else ():
                bind_alias(running, alias)
        running.listeners[name] = listener


def bind_alias(running: Running, port: int) -> None:
    """A further port by habit. Who has it keeps it: nobody asked for it by name."""
    with suppress(OSError):
        running.aliases.append(Listener(running.doors, running.options.host, port))


def _not_bound(options: ServeOptions, name: str, error: OSError) -> str:
    """Why a protocol's port could not be bound, in one line."""
    port = options.ports[name]
    if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
        return f"host {options.host}: cannot listen there: {error.strerror}"
    what = "is taken" if error.errno == errno.EADDRINUSE else "is not allowed to this user"
    return f"port {port} ({name}) {what}; choose another with --port {'all' if options.one_port else name}=0"


def ready_document(running: Running, *, hidden: bool = False) -> dict[str, Any]:
    """What `--ready-file` holds; `hidden` leaves passwords out."""
    options = running.options
    endpoints = running.endpoints(hidden=hidden)
    return {
        "endpoints": {name: endpoint.document for name, endpoint in endpoints.items()},
        "pid": running.parts.pid,
        "version": dragoman.__version__,
        "build": build(),
        "data": None if options.memory else str(Path(options.data).resolve()),
        "ca": str(Path(options.tls_ca).resolve()) if options.tls_ca else None,
    }


def write_ready_file(path: str, document: Mapping[str, Any], *, secret: bool) -> None:
    """Whole or not at all: readers never see half of it; `secret` keeps others from reading it. Raises StartError."""
    target = Path(path)
    draft = target.with_name(target.name + ".draft")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(OWNER_ONLY if secret else ANYBODY, exist_ok=False)
        draft.write_text(json.dumps(document, indent=1) + "\n")
        draft.replace(target)
    except OSError as error:
        raise StartError(f"ready file {path}: {error.strerror}") from error


def announce(running: Running) -> None:
    """Say where everything is, to people and to programs. Raises StartError when programs cannot be told."""
    options = running.options
    if options.ready_file:
        document = ready_document(running)
        write_ready_file(options.ready_file, document, secret=bool(options.users or options.keys))
    shown = ready_document(running, hidden=True)
    if options.log == "json":
        sys.stdout.write(json.dumps({"event": "ready", **shown}) + "\n")
    else:
        sys.stdout.write(table_of(shown, running.endpoints(hidden=True), options.tls_cert))
    sys.stdout.flush()


async def run(options: ServeOptions) -> int:
    """Serve until told to leave; the exit status."""
    loop = asyncio.get_running_loop()
    running = await start(options)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave, running, loop)
    try:
        announce(running)
    except StartError:
        await running.stop()
        raise
    await running.leaving.wait()
    await running.stop()
    if running.failure:
        sys.stderr.write(f"dragoman: stopped: {running.failure}\n")
        return 1
    return 0


def _leave(running: Running, loop: asyncio.AbstractEventLoop) -> None:
    """The first signal drains; the second ends the process at once."""
    running.leaving.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


def serve(options: ServeOptions) -> int:
    """Run a broker in this process; the exit status."""
    import uvloop  # noqa: PLC0415 - only a serving process needs it

    raise_file_limit()
    calm_collector()
    hand_over_soon()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(options))
    except StartError as error:
        sys.stderr.write(f"dragoman: {error}\n")
        return 2
