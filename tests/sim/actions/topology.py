"""Streams, queues, routes and bindings come, change and go."""

from msgspec.structs import replace
from tests.sim.world import KEYS, QUEUES, ROUTES, STREAMS, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.levels import SYNCED, WRITTEN


def declare_queue(world: World) -> None:
    chance, pick = world.chance, world.pick
    exclusive = chance.random() < 0.08
    limited = chance.random() < 0.35
    name = pick(*QUEUES, *STREAMS) if chance.random() < 0.3 else pick(*QUEUES)
    attached = world.model.named(name) is not None
    settings = SubscriptionSettings(
        durable=chance.random() < 0.85,
        early=chance.random() < 0.6,
        ttl_ms=pick(-1, -1, -1, -1, -1, 0, 50, 200, 1_000),
        length_max=pick(-1, 0, 2, 5, 10) if limited else -1,
        # of what was there before it, a reader counts shares: not played where exactness matters
        bytes_max=pick(-1, -1, 60, 200) if limited and not attached else -1,
        overflow=pick("drop-head", "reject-publish", "reject-publish-dead-letter"),
        attempts_max=pick(0, 1, 2),
        attempts_counted=pick("leased", "failed"),
        retry_ms=pick(0, 0, 60),
        dead_letter=pick(
            None,
            Address(pick(*QUEUES)),
            Address(pick(*ROUTES), pick("", *KEYS), is_route=True),
            Address(pick(*ROUTES), pick("", *KEYS), is_route=True),
        ),
        single_active=chance.random() < 0.05,
        exclusive=exclusive,
        auto_delete=chance.random() < 0.05,
    )
    stream = StreamSettings(level=pick(WRITTEN, SYNCED), durable=settings.durable and not exclusive)
    info = world.ask(world.client(), c.DeclareQueue(name=name, settings=settings, stream=stream))
    if info is not None and info.created:
        reader = world.model.queue(name)
        assert reader is not None and reader.id == info.id
        world.counts["attach a queue" if name in STREAMS else "make a queue"] += 1


def delete_queue(world: World) -> None:
    if_unused, if_empty = world.chance.random() < 0.3, world.chance.random() < 0.3
    name = world.pick(*QUEUES, *STREAMS)
    reader = world.model.queue(name)
    info = world.ask(
        world.client(), c.DeleteQueue(name=name, if_unused=if_unused, if_empty=if_empty)
    )
    assert info is None or (reader is not None and not (if_empty and info.ready))


def create_stream(world: World) -> None:
    settings = StreamSettings(
        partitions=world.pick(1, 2), level=world.pick(WRITTEN, SYNCED), retention_ms=-1
    )
    world.ask(world.client(), c.CreateStream(name=world.pick(*STREAMS), settings=settings))


def delete_stream(world: World) -> None:
    world.ask(world.client(), c.DeleteStream(name=world.pick(*STREAMS)))


def alter_stream(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is not None and stream.keeps():
        settings = StreamSettings(
            partitions=min(len(stream.ends) + 1, 4), level=stream.settings.level, retention_ms=-1
        )
        world.ask(world.client(), c.AlterStream(name=stream.name, settings=settings))


def declare_route(world: World) -> None:
    name = world.pick(*ROUTES)
    settings = RouteSettings(
        kind=world.pick("direct", "fanout", "topic", "headers"),
        durable=world.chance.random() < 0.85,
        alternate=world.pick("", "", *ROUTES),
    )
    world.ask(world.client(), c.DeclareRoute(name=name, settings=settings))


def alter_route(world: World) -> None:
    known = world.model.route(world.pick(*ROUTES))
    if known is not None:
        settings = replace(known.settings, alternate=world.pick("", *ROUTES))
        world.ask(world.client(), c.AlterRoute(name=known.name, settings=settings))


def delete_route(world: World) -> None:
    world.ask(
        world.client(), c.DeleteRoute(name=world.pick(*ROUTES), if_unused=world.pick(True, False))
    )


def binding(world: World, route: str) -> BindingSettings:
    known = world.model.route(route)
    if known is not None and known.settings.kind == "headers":
        return BindingSettings(arguments={"x-match": "all", "colour": world.pick(*KEYS)})
    return BindingSettings(key=world.pick(*KEYS, "red.*", "#", "*"))


def bind(world: World) -> None:
    route = world.route_name()
    to_route = world.chance.random() < 0.2
    target = world.route_name() if to_route else world.pick(world.queue_name(), *STREAMS)
    command = c.Bind(route=route, target=target, to_route=to_route, binding=binding(world, route))
    world.ask(world.client(), command)


def unbind(world: World) -> None:
    if world.model.bindings:
        bound = world.chance.choice(world.model.bindings)
        targets = world.model.routes if bound.to_route else world.model.streams
        command = c.Unbind(
            route=world.model.routes[bound.route].name,
            target=targets[bound.target].name,
            to_route=bound.to_route,
            binding=bound.binding,
        )
        world.ask(world.client(), command)


def purge(world: World) -> None:
    name = world.queue_name()
    count = world.ask(world.client(), c.PurgeQueue(name=name), "purged")
    left = world.model.queue(name)
    assert count is None or (left is not None and not left.ready())
    world.counts["purge something"] += bool(count)


def trim(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is not None:
        partition = world.chance.randrange(len(stream.ends))
        offset = world.chance.randint(0, stream.ends[partition] + 1)
        world.ask(
            world.client(), c.TrimStream(name=stream.name, partition=partition, offset=offset)
        )
