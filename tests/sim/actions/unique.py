"""Messages with an id, to streams that take each once in a while."""

from tests.sim.actions.publishing import send
from tests.sim.actions.topology import binding
from tests.sim.invariants.plans import is_sure, known_at
from tests.sim.model import Stream
from tests.sim.world import ALL, KEYS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

QUEUES = ["u0", "u1"]
IDS = ["", *"abcdefgh"]


def declare_unique(world: World) -> None:
    settings = SubscriptionSettings(
        length_max=world.pick(-1, -1, 5),
        overflow=world.pick("drop-head", "reject-publish", "reject-publish-dead-letter"),
        dead_letter=world.pick(None, Address(world.pick("q0", *QUEUES))),
    )
    stream = StreamSettings(
        partitions=world.pick(1, 1, 2),
        level=world.pick(WRITTEN, SYNCED),
        dedup_window_ms=world.pick(100, 400, 1_500),
    )
    command = c.DeclareQueue(name=world.pick(*QUEUES), settings=settings, stream=stream)
    world.ask(world.client(), command)


def shorten_window(world: World) -> None:
    """A longer one would have to know what was forgotten rightly."""
    stream = world.model.named(world.pick(*QUEUES))
    window_ms = 0 if stream is None else stream.settings.dedup_window_ms
    shorter = [each for each in (0, 100, 400) if each < window_ms]
    if stream is not None and shorter:
        settings = StreamSettings(
            partitions=len(stream.ends),
            level=stream.settings.level,
            dedup_window_ms=world.chance.choice(shorter),
        )
        world.ask(world.client(), c.AlterStream(name=stream.name, settings=settings))


def publish_unique(world: World) -> None:
    route = world.chance.random() < 0.2
    address = Address(world.pick(*QUEUES))
    count = world.pick(1, 1, 2, 4)
    if route:
        address, count = Address(world.route_name(), world.pick(*KEYS), is_route=True), 1
    bodies = [world.body() for _ in range(count)]
    command = c.Publish(ALL, address, CANONICAL, bodies)
    client = world.client()
    command.dedup = [some_id(world, address, body) for body in bodies]
    stream = None if route else world.model.named(address.name)
    wanted = [] if stream is None else _repeats(world, stream, command.dedup)
    reply = send(world, client, command, bodies)
    if reply is not None and not route and reply.refused < 0:
        assert sorted(reply.duplicates or ()) == wanted, (reply.duplicates, wanted)
        world.counts["publish a repeated id"] += len(wanted)
        world.counts["publish a new id"] += len(bodies) - len(wanted)


def some_id(world: World, address: Address, body: bytes) -> str:
    targets = world.model.targets(address, body) or []
    sure = [each for each in IDS if all(is_sure(world, stream, each) for stream in targets)]
    return str(world.chance.choice(sure))


def _repeats(world: World, stream: Stream, ids: list[str]) -> list[int]:
    """Which of these were sent before, as far as the window goes, or in this very publish."""
    if not stream.settings.dedup_window_ms:
        return []
    return [
        index
        for index, identity in enumerate(ids)
        if identity and (known_at(world, stream.id, identity) >= 0 or identity in ids[:index])
    ]


def bind_unique(world: World) -> None:
    route = world.route_name()
    command = c.Bind(route=route, target=world.pick(*QUEUES), binding=binding(world, route))
    world.ask(world.client(), command)


MIX: list[tuple[Action, float]] = [
    (declare_unique, 10),
    (shorten_window, 1),
    (publish_unique, 45),
    (bind_unique, 3),
]
MET = ["an id is new again", "publish a new id", "publish a repeated id"]
