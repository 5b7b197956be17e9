"""Putting a broker together: engine, kernel, runtime, doors. The only place that names every part."""

import asyncio
import hashlib
import os
import ssl
import traceback
from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import dragoman
from dragoman.app.config import ServeOptions, is_private
from dragoman.app.errors import StartError
from dragoman.app.lag import LoopLag
from dragoman.app.loop import LoopScheduler, SystemClock, SystemEntropy, boot_id, worked_ns
from dragoman.app.node import LocalNode
from dragoman.app.plugins import load as load_plugins
from dragoman.app.telling import tell
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.shared.amqp10.profile import Profile
from dragoman.doors.shared.rest.call import Face
from dragoman.formats.schemas.languages import Languages
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import ConnectionDoor, Session
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.listeners.shell import MakeDoor, Peer
from dragoman.ports.clock import Clock
from dragoman.ports.entropy import Entropy
from dragoman.ports.storage import Segments, StateStore, StorageError
from dragoman.runtime.aside import Aside
from dragoman.runtime.broker import Broker, Scheduler
from dragoman.runtime.checkpoint import Checkpointer
from dragoman.runtime.commit import Commit
from dragoman.runtime.nocommit import NoCommit
from dragoman.runtime.recovery import recover
from dragoman.runtime.room import Room
from dragoman.runtime.worker import ThreadWorker

if TYPE_CHECKING:
    from dragoman.app.push import Pusher
    from dragoman.doors.cloudtasks.executed import Executed
    from dragoman.doors.shared.grpc.call import Service
    from dragoman.doors.shared.push.issuer import Issuer
    from dragoman.security.tokens import KeySet

CLUSTER_ID_BYTES: Final = 16
RESERVE_BYTES: Final = (
    64 << 20
)  # one more journal file, so that settlements go on when the disk is full
WEBSOCKET_PROTOCOLS: Final = ("AMQPWSB10", "amqp")  # Azure's name of AMQP 1.0, and the standard's
DRAIN_STEP_S: Final = 0.005
PUSH_DRAIN_S_MAX: Final = 3.0  # for targets to answer what is under way at the end


class Closes(Protocol):
    """Something to be closed at the end."""

    def close(self) -> None: ...


class BrokerParts:
    """A broker put together, and its end."""

    def __init__(self, broker: Broker, options: ServeOptions) -> None:
        """Raises StartError."""
        self.broker = broker
        self.roster = Roster()
        self.doors = make_doors(
            lambda: _faces(self, options),
            lambda: _services(self, options),
            lambda: _profiles(options),
            self.roster,
            options.kafka_limits,
        )
        self.tls = make_tls(options)
        self.is_bound = False  # every port, so that clients reach it
        self.lag = LoopLag(asyncio.get_running_loop(), broker.meters.loop_lag)
        self.pid = os.getpid()
        self.checkpointer: Checkpointer | None = None
        self.room: Room | None = None
        self.engine: list[Closes] = []
        self.make_pusher: Callable[[], Pusher]
        self._pusher: Pusher | None = None
        self._pushing: set[str] = set()  # faces
        self.on_failure: Callable[[str], None] = lambda _: None

    @property
    def pusher(self) -> "Pusher":
        """Whatever pushes; made when it is first asked for."""
        if self._pusher is None:
            self._pusher = self.make_pusher()
        return self._pusher

    @cached_property
    def issuer(self) -> "Issuer":
        """Whoever signs tokens for those that are called."""
        from dragoman.doors.shared.push.issuer import Issuer  # noqa: PLC0415 - as above

        return Issuer()

    @cached_property
    def executed(self) -> "Executed":
        """How much of its queues Cloud Tasks has dispatched lately."""
        from dragoman.doors.cloudtasks.executed import Executed  # noqa: PLC0415 - as above

        return Executed()

    def push(self, face: str) -> None:
        """Push what is the face's, from now on: something is."""
        from dragoman.app.renderers import RENDERERS  # noqa: PLC0415 - most brokers push nothing

        make = RENDERERS.get(face)
        if make is not None and face not in self._pushing:
            self._pushing.add(face)
            self.pusher.add(*make(self))

    async def close(self, deadline_s: float) -> None:
        """Write what is left, checkpoint, close the engine. A broken store is closed as it is."""
        end = asyncio.get_running_loop().time() + deadline_s
        self.lag.stop()
        if self._pusher is not None:
            await self._pusher.close(min(deadline_s, PUSH_DRAIN_S_MAX))
        self.broker.aside.close()
        commit = self.broker.commit
        if self.room is not None:
            self.room.close()
        await _until(self._is_written, end)
        if self.checkpointer is not None and commit.failed is None:
            checkpointer = self.checkpointer
            self.broker.give_back()
            checkpointer.begin()
            await _until(lambda: not checkpointer.is_busy, end)
            checkpointer.close()
        commit.close()
        for part in self.engine:
            part.close()

    def _is_written(self) -> bool:
        commit = self.broker.commit
        if commit.failed is not None or (commit.is_idle and not self.broker.kernel.has_records()):
            return True
        self.broker.begin_turn()  # records wait for the end of a turn to be handed over
        commit.want_sync(commit.position())
        commit.pump()
        return False


async def _until(done: Callable[[], bool], end: float) -> None:
    """Wait for `done`, at most until the loop's time `end`."""
    loop = asyncio.get_running_loop()
    while not done() and loop.time() < end:  # noqa: ASYNC110 - a few times in a process's life
        await asyncio.sleep(DRAIN_STEP_S)


def assemble(
    options: ServeOptions,
    loop: asyncio.AbstractEventLoop,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
) -> BrokerParts:
    """A broker on `options`, recovered and ready to be connected to. Raises StartError."""
    clock = clock or SystemClock()
    entropy = entropy or SystemEntropy()
    kernel = Kernel(FormatTranslator(), Routing(), _below(entropy), entropy.token)
    kernel.state.languages = Languages()
    kernel.state.rules.plugins.load = partial(load_plugins, clock)
    kernel.state.permissions.configure(options.superusers, options.guarded)
    kernel.state.guarded = bool(options.guarded)
    scheduler = LoopScheduler(loop)
    if options.memory:
        broker = Broker(
            kernel, NoCommit(), clock, scheduler, _node(options, entropy.token(CLUSTER_ID_BYTES))
        )
        kernel.state.has_checkpoints = False
        kernel.begin(1)
        parts = BrokerParts(broker, options)
    else:
        parts = _durable(options, kernel, clock, scheduler, entropy, loop)
    parts.broker.aside = Aside(
        lambda: ThreadWorker("dragoman-aside"), loop.call_soon_threadsafe, parts.broker.tell_soon
    )
    parts.broker.on_fault = lambda error: _stop(parts, error)
    parts.broker.on_door_fault = traceback.print_exception
    parts.make_pusher = lambda: _pusher(parts.broker, loop, options)
    parts.broker.on_pushed = lambda face: _soon(loop, parts.push, face)
    return parts


def _soon(loop: asyncio.AbstractEventLoop, step: Callable[[str], None], face: str) -> None:
    loop.call_soon(step, face)  # not in the middle of a turn


def _pusher(broker: Broker, loop: asyncio.AbstractEventLoop, options: ServeOptions) -> "Pusher":
    from dragoman.app.push import make_pusher  # noqa: PLC0415 - most brokers push nothing

    return make_pusher(broker, loop, options)


def _stop(parts: BrokerParts, error: Exception) -> None:
    traceback.print_exception(error)
    parts.on_failure(f"a fault: {error!r}")


def _below(entropy: Entropy) -> Callable[[int], int]:
    return lambda limit: int.from_bytes(entropy.token(8), "big") % limit


def _node(options: ServeOptions, cluster_id: bytes) -> LocalNode:
    credentials = {**options.keys, **options.users}  # a key opens what a password does
    node = LocalNode(
        dragoman.__version__,
        cluster_id.hex(),
        credentials,
        options.advertise,
        options.keys,
        options.push_issuer,
        _key_set(options),
        options.reauthenticate_ms,
    )
    node.tell = partial(tell, as_json=options.log == "json")
    return node


def _key_set(options: ServeOptions) -> "KeySet | None":
    """Raises StartError."""
    if not options.oauth_keys:
        return None
    from dragoman.security.tokens import KeySet  # noqa: PLC0415 - loads `cryptography`

    try:
        document = Path(options.oauth_keys).read_bytes()
        return KeySet(document, options.oauth_issuer, options.oauth_audience, options.oauth_claim)
    except (OSError, ValueError) as error:
        raise StartError(f"oauth_keys: {options.oauth_keys}: {error}") from error


def _cluster_id(secret: bytes) -> bytes:
    """Of a store that no checkpoint has named yet; its secret is in the journal's first frame, and stays the same."""
    return hashlib.sha256(b"cluster" + secret).digest()[:CLUSTER_ID_BYTES]


def _durable(
    options: ServeOptions,
    kernel: Kernel,
    clock: Clock,
    scheduler: Scheduler,
    entropy: Entropy,
    loop: asyncio.AbstractEventLoop,
) -> BrokerParts:
    try:
        files = open_files(Path(options.data), entropy)
        log, segments, state, engine = files.log, files.segments, files.state, files.all
        recovered = recover(kernel, log, segments, state, clock.wall_ms(), boot_id())
    except StorageError as error:
        raise StartError(f"data in {options.data}: {error}") from error
    cluster_id = recovered.cluster_id or _cluster_id(kernel.state.secret)
    broker: Broker
    parts: BrokerParts

    def failed(error: StorageError) -> None:
        parts.on_failure(f"the journal failed: {error}")

    def progressed() -> None:
        broker.on_progress()

    post = loop.call_soon_threadsafe
    journal_worker = ThreadWorker("dragoman-journal")
    commit = Commit(log, recovered.position, journal_worker, post, progressed, failed, log)
    broker = Broker(kernel, commit, clock, scheduler, _node(options, cluster_id))
    storage_worker = ThreadWorker("dragoman-storage")
    checkpointer = Checkpointer(
        kernel, commit, segments, state, recovered, cluster_id, storage_worker, post
    )
    checkpointer.on_failure = failed
    room = Room(kernel.state, commit, checkpointer, scheduler, files.free_bytes, RESERVE_BYTES)
    commit.on_full = checkpointer.on_full = room.refused
    broker.loader = checkpointer.loader
    broker.after_turn = checkpointer.look
    checkpointer.wake = broker.begin_turn
    parts = BrokerParts(broker, options)
    parts.checkpointer = checkpointer
    broker.meters.checkpoint = checkpointer.times
    parts.engine = engine
    parts.room = room
    room.watch()
    broker.begin_turn()
    return parts


class FileEngine:
    """The file engine: its parts, in the order in which they are closed."""

    def __init__(self, path: Path, entropy: Entropy) -> None:
        """Raises StorageError."""
        from dragoman.storage.files.directory import (  # noqa: PLC0415 - not needed in memory
            DataDirectory,
        )
        from dragoman.storage.journal.journal import Journal  # noqa: PLC0415
        from dragoman.storage.segments.store import SegmentStore  # noqa: PLC0415
        from dragoman.storage.state.sqlite import SqliteState  # noqa: PLC0415

        directory = DataDirectory(path)
        disk = directory.disk("journal")
        self.free_bytes = disk.free_bytes
        self.log = Journal(disk, entropy, reserve_bytes=RESERVE_BYTES)
        self.segments: Segments = SegmentStore(directory.disk("segments"))
        self.state: StateStore = SqliteState(directory.state_path)
        self.all: list[Closes] = [self.log, self.segments, self.state, directory]


def open_files(path: Path, entropy: Entropy) -> FileEngine:
    """The file engine in a directory. Raises StorageError."""
    return FileEngine(path, entropy)


def _faces(parts: BrokerParts, options: ServeOptions) -> Sequence[Face]:
    from dragoman.app.faces import make_faces  # noqa: PLC0415 - when they are asked for

    return make_faces(parts, options)


def _services(parts: BrokerParts, options: ServeOptions) -> "Sequence[Service]":
    from dragoman.app.services import make_services  # noqa: PLC0415 - when they are asked for

    return make_services(parts, options)


def make_doors(
    faces: Callable[[], Sequence[Face]],
    services: "Callable[[], Sequence[Service]]",
    profiles: Callable[[], Sequence[Profile]],
    roster: Roster,
    kafka_limits: str,
) -> dict[str, MakeDoor]:
    """A door per protocol. Services over HTTP share one, and are asked for when somebody first speaks HTTP."""
    from dragoman.doors.amqp091.door import door_maker as amqp  # noqa: PLC0415
    from dragoman.doors.kafka.clientlimits import SETS  # noqa: PLC0415
    from dragoman.doors.kafka.door import door_maker as kafka  # noqa: PLC0415
    from dragoman.doors.shared.amqp10.door import door_maker as amqp10  # noqa: PLC0415
    from dragoman.doors.shared.rest.door import door_maker  # noqa: PLC0415
    from dragoman.doors.shared.rest.routes import Table  # noqa: PLC0415

    http2: list[MakeDoor] = []
    web = cache(lambda: Table(faces()))

    def make_http2(session: Session, peer: Peer) -> ConnectionDoor:
        if not http2:
            from dragoman.doors.shared.grpc.door import door_maker  # noqa: PLC0415 - with protobuf
            from dragoman.doors.shared.grpc.table import Table as Methods  # noqa: PLC0415

            http2.append(door_maker(lambda: Methods(services()), web))
        return http2[0](session, peer)

    generic = amqp10(profiles)
    sockets = dict.fromkeys(WEBSOCKET_PROTOCOLS, (generic, "amqp10"))
    return {
        "amqp": amqp(roster),
        "amqp10": generic,
        "kafka": kafka(SETS[kafka_limits], worked_ns),
        "http": door_maker(web, sockets),
        "http2": make_http2,
    }


def _profiles(options: ServeOptions) -> Sequence[Profile]:
    """The services over AMQP 1.0, in the order in which they are asked for a node; the generic one is the last."""
    from dragoman.doors.amqp10.profile import GenericProfile  # noqa: PLC0415 - when somebody speaks it
    from dragoman.doors.eventhubs.profile import EventHubsProfile  # noqa: PLC0415
    from dragoman.doors.servicebus.profile import ServiceBusProfile  # noqa: PLC0415

    return [EventHubsProfile(creates=is_private(options)), ServiceBusProfile(), GenericProfile()]


def make_tls(options: ServeOptions) -> ssl.SSLContext | None:
    """The certificate's context, if one is given. Clients are asked for theirs if somebody's are believed; one that
    shows none comes in like any other. Raises StartError.
    """
    if not options.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"])
    key = options.tls_key or options.tls_cert
    try:
        for path in (options.tls_cert, key):
            Path(path).open("rb").close()  # `load_cert_chain` does not say which one is missing
        context.load_cert_chain(options.tls_cert, key, _no_password)
        if options.tls_client_ca:
            path = options.tls_client_ca
            Path(path).open("rb").close()
            context.load_verify_locations(path)
            context.verify_mode = ssl.CERT_OPTIONAL
    except ssl.SSLError as error:
        raise StartError(f"certificate {options.tls_cert} with key {key}: {error}") from error
    except OSError as error:
        raise StartError(f"certificate or key {error.filename}: {error.strerror}") from error
    return context


def _no_password() -> str:
    """In place of a question at the terminal, which nobody may be there to answer."""
    raise StartError("the TLS key is encrypted; give one that is not")
