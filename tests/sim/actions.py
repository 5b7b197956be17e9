"""What happens in a life, one function each: what clients do, what the machine does, what goes wrong. And how often."""

from tests.sim import invariants as inv
from tests.sim.world import ALL, KEYS, QUEUES, ROUTES, STREAMS, Action, Client, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import KernelError
from dragoman.model.levels import APPLIED, CANONICAL, SYNCED, WRITTEN

# --- what clients do -----------------------------------------------------------------------------------------------


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


def delete_route(world: World) -> None:
    world.ask(
        world.client(), c.DeleteRoute(name=world.pick(*ROUTES), if_unused=world.pick(True, False))
    )


def _binding(world: World, route: str) -> BindingSettings:
    known = world.model.route(route)
    if known is not None and known.settings.kind == "headers":
        return BindingSettings(arguments={"x-match": "all", "colour": world.pick(*KEYS)})
    return BindingSettings(key=world.pick(*KEYS, "red.*", "#", "*"))


def bind(world: World) -> None:
    route = world.route_name()
    to_route = world.chance.random() < 0.2
    target = world.route_name() if to_route else world.pick(world.queue_name(), *STREAMS)
    command = c.Bind(route=route, target=target, to_route=to_route, binding=_binding(world, route))
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


def publish(world: World) -> None:
    address = world.pick(
        Address(world.queue_name()),
        Address(world.queue_name()),
        Address(world.pick(*STREAMS)),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
    )
    bodies = [world.body() for _ in range(world.pick(1, 1, 1, 2, 3, 8))]
    packed = world.chance.random() < 0.15
    command = c.Publish(ALL, address, CANONICAL, [b"\n".join(bodies)] if packed else bodies)
    command.packed = len(bodies) if packed else 0
    if not packed and world.chance.random() < 0.2:
        command.expires_ms = [
            world.pick(0, world.clock.wall + world.pick(0, 30, 300)) for _ in bodies
        ]
        world.counts["publish with expiry"] += 1
    if world.chance.random() < 0.15:
        command.level = SYNCED
    _send(world, world.client(), command, bodies)


def _send(world: World, client: Client, command: c.Publish, bodies: list[bytes]) -> None:
    model = world.model
    world.plan = {}
    refused = inv.plan_publish(
        model,
        command.address,
        bodies,
        world.plan,
        packed=command.packed > 0 and not _each(world, command.address),
    )
    planned = bool(world.plan)
    targets = [set(model.targets(command.address, body) or ()) for body in bodies]
    ends = {stream.id: list(stream.ends) for stream in model.streams.values()}
    world.cause = "published"
    reply = None
    try:
        reply = client.session.publish(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
    left, world.plan, world.cause = world.plan, None, ""
    if reply is None:
        assert not planned
        return
    assert not left, f"never published: {left}"
    assert reply.refused == refused, (reply.refused, refused)
    assert reply.routed == max(map(len, targets)) or refused >= 0
    _count_publish(world, command, targets, refused)
    keys = [
        (stream.id, partition, offset)
        for stream in model.streams.values()
        if stream.settings.durable
        for partition, end in enumerate(stream.ends)
        for offset in range(ends[stream.id][partition], end)
    ]
    if reply.level > APPLIED:
        client.waiting.append(("confirm", reply.position, reply.level, keys))
        client.session.want(reply.position, reply.level)


def _each(world: World, address: Address) -> bool:
    """Whether the address opens batches: some route that is reached looks into messages."""
    model = world.model
    start = model.route(address.name) if address.is_route else None
    seen = [] if start is None else [start.id]
    for route in seen:  # grows
        settings = model.routes[route].settings
        bound = [b for b in model.bindings if b.route == route]
        if settings.kind == "headers" and bound:
            return True
        matched = [b for b in bound if model.matches(b, address.key, b"")]
        alternate = model.route(settings.alternate)
        onward = [b.target for b in matched if b.to_route]
        onward += [alternate.id] if alternate is not None and not matched else []
        seen += [target for target in onward if target not in seen]
    return False


def _count_publish(world: World, command: c.Publish, targets: list[set[int]], refused: int) -> None:
    counts = world.counts
    counts["publish"] += 1
    counts["publish a batch"] += not command.packed and len(command.bodies) > 1
    counts["publish packed"] += command.packed > 0
    counts["publish through a route"] += command.address.is_route
    counts["publish to several"] += max(map(len, targets)) > 1
    counts["publish nowhere"] += not any(targets)
    counts["publish refused"] += refused >= 0


def consume(world: World) -> None:
    client = world.client()
    name = world.queue_name()
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.12 and reader is not None and reader.settings.early
    command = c.Consume(
        name=name,
        credit_max=world.pick(0, 1, 2, 5),
        pool=world.pick(0, 0, *client.pools),
        no_ack=no_ack,
        exclusive=world.chance.random() < 0.04,
        priority=world.pick(0, 0, 1),
    )
    holder = world.ask(client, command)
    if holder is not None:
        client.holders.append(holder.id)
        world.counts["consume without acknowledging"] += no_ack
        world.counts["consume in a pool"] += command.pool > 0
        world.counts["consume with priority"] += command.priority > 0


def cancel(world: World) -> None:
    client = world.client()
    if client.holders:
        world.ask(
            client, c.Cancel(holder=client.holders.pop(world.chance.randrange(len(client.holders))))
        )


def lease(world: World) -> None:
    client = world.client()
    name = world.queue_name()
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.2 and reader is not None and reader.settings.early
    if reader is None or not reader.settings.early:
        return  # a reply to it waits for more than its door's word: not played here
    command = c.Lease(name=name, count_max=world.pick(1, 1, 2, 5), no_ack=no_ack)
    world.delivered(client, world.ask(client, command) or [])


def _settle(world: World, outcome: c.Outcome) -> None:
    client = world.client()
    if not client.held:
        return
    held = client.held.pop(world.chance.randrange(len(client.held)))
    number, partition, holder, start, end = held
    if end - start > 1 and world.chance.random() < 0.4:
        middle = world.chance.randint(start + 1, end - 1)
        client.held.append((number, partition, holder, middle, end))
        end = middle
        world.counts["settle in part"] += 1
    command = c.Settle(number, partition, holder, [(start, end)], outcome)
    command.failed = world.chance.random() < 0.5
    command.delay_ms = world.pick(-1, -1, 0, 80)
    reader = world.model.readers.get(number)
    owned = [] if reader is None else reader.between(partition, start, end)
    mine = [m for m in owned if m.holder == holder]
    keys = [(number, partition, m.offset) for m in mine]
    world.cause = {"ack": "acked", "release": "delivery_limit", "reject": "rejected"}[outcome]
    try:
        reply = client.session.settle(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
        assert reader is None
        return
    finally:
        world.cause = ""
    assert (reply.settled, reply.missing) == (len(keys), end - start - len(keys))
    world.counts[outcome] += 1
    if (
        outcome == "ack"
        and reader is not None
        and world.model.streams[reader.stream].settings.durable
    ):
        client.waiting.append(("settlement", client.session.position(), SYNCED, keys))
        client.session.want(client.session.position(), SYNCED)
    if world.chance.random() < 0.1:  # once more: it is no longer held, nothing may happen
        world.cause = "acked"
        again = client.session.settle(c.Settle(number, partition, holder, [(start, end)], "ack"))
        world.cause = ""
        assert (again.settled, again.missing) == (0, end - start)
        world.counts["settle twice"] += 1


def ack(world: World) -> None:
    _settle(world, "ack")


def release(world: World) -> None:
    _settle(world, "release")


def reject(world: World) -> None:
    _settle(world, "reject")


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


def read(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    offset = world.chance.randint(0, stream.ends[partition])
    command = c.Read(
        name=stream.name, partition=partition, offset=offset, bytes_max=world.pick(1, 200, 10_000)
    )
    extract = world.ask(world.client(), command)
    if extract is None:
        return
    entries = {entry.offset: entry for entry in stream.entries[partition]}
    for block in extract.blocks:
        bodies = block.bodies[0].split(b"\n") if block.packed else block.bodies
        for at, body in enumerate(bodies, block.offset):
            if at < extract.end and at in entries:
                key = (stream.id, partition, at)
                assert body == entries[at].body
                level = stream.settings.level
                assert world.seen.setdefault(key, (body, level))[0] == body, f"{key} has changed"
                position = inv.position_of(world, *key)
                inv.leaves(world, "read", position, stream.settings.level)
                if stream.settings.level == SYNCED:
                    world.used.add(key)
                world.counts["read an entry"] += 1


def credit(world: World) -> None:
    client = world.client()
    if client.holders:
        world.ask(
            client,
            c.SetCredit(holder=world.pick(*client.holders), credit_max=world.pick(0, 1, 3, 10)),
        )


def pool(world: World) -> None:
    client = world.client()
    number = world.ask(
        client, c.OpenPool(pool=world.pick(0, *client.pools), credit_max=world.pick(0, 1, 2, 6))
    )
    if number not in client.pools:
        client.pools.append(number)


def hold_back(world: World) -> None:
    world.client().session.hold_back(back=world.pick(True, False, False))
    world.counts["hold back"] += 1


def close(world: World) -> None:
    if world.clients:
        client = world.clients.pop(world.chance.randrange(len(world.clients)))
        world.cause = "delivery_limit"  # what is held is released: its attempts may be spent
        number = client.session.id
        lost = list(world.node.kernel._deliveries.get(number, []))
        outbox = world.node.broker._outbox
        kept = [one for waiting in outbox._growing.values() for one in waiting]
        kept += [one for _, one in (*outbox._written, *outbox._synced)]
        lost += [delivery for to, delivery in kept if to == number]
        world.node.broker.close(client.session)
        world.cause = ""
        for delivery in lost:  # handed over, on their way to a connection that is gone
            world.expected.pop(
                (delivery.holder.subscription.id, delivery.partition, delivery.start), None
            )
        world.counts["close"] += 1


# --- what the machine does -----------------------------------------------------------------------------------------


def turn(world: World) -> None:
    world.node.broker.begin_turn()
    world.node.scheduler.turn()
    late = [
        key
        for key, expected in world.expected.items()
        if expected[0].settings.early and key not in world.spared
    ]
    assert not late, f"leased and never delivered: {late}"
    world.counts["turn"] += 1


def run_journal(world: World) -> None:
    world.counts["journal runs"] += world.node.journal.run_one()


def run_storage(world: World) -> None:
    world.counts["storage runs"] += world.node.storage.run_one()


def run_post(world: World) -> None:
    world.counts["post"] += world.node.run_post()


def advance(world: World) -> None:
    elapsed = world.pick(1, 10, 60, 300)
    step = world.chance.choices([0, 500, -500], [20, 1, 1])[0]
    world.counts["wall clock steps"] += step != 0
    world.node.advance(elapsed, elapsed + step)
    world.counts["time passes"] += 1


def begin_checkpoint(world: World) -> None:
    world.node.checkpointer.begin()
    world.counts["checkpoint begun"] += world.node.checkpointer.is_busy


def rest(world: World) -> None:
    world.node.advance(1, 1)
    world.rest()


def whole_checkpoint(world: World) -> None:
    world.rest()
    world.node.checkpointer.begin()
    world.rest()


def crash(world: World) -> None:
    world.crash()


def lose_power_inside_a_call(world: World) -> None:
    world.disk.faults.power_lost_at = world.chance.randint(1, 12)


def lose_power_around_a_commit(world: World) -> None:
    side = world.pick("power_lost_before", "power_lost_after")
    setattr(world.store, side, 1)


def fill_the_disk(world: World) -> None:
    used = world.disk._used_bytes()
    world.disk.faults.budget_bytes = used + world.chance.randint(0, 2_000)


def fail_the_disk(world: World) -> None:
    fault = world.pick("fail_sync_at", "fail_write_at", "full_write_at", "fail_read_at")
    setattr(world.disk.faults, fault, world.chance.randint(1, 4))


def fail_the_store(world: World) -> None:
    setattr(world.store, world.pick("full_at", "fail_at"), 1)


MIX: list[tuple[Action, float]] = [
    (declare_queue, 9),
    (delete_queue, 1.2),
    (create_stream, 2),
    (delete_stream, 0.5),
    (alter_stream, 0.6),
    (declare_route, 5),
    (delete_route, 0.6),
    (bind, 9),
    (unbind, 1.2),
    (publish, 40),
    (consume, 12),
    (cancel, 2),
    (lease, 8),
    (ack, 16),
    (release, 12),
    (reject, 8),
    (purge, 1.5),
    (trim, 1),
    (read, 3),
    (credit, 2),
    (pool, 2),
    (hold_back, 1),
    (close, 1.2),
    (turn, 30),
    (run_journal, 25),
    (run_storage, 12),
    (run_post, 25),
    (advance, 8),
    (begin_checkpoint, 4),
    (whole_checkpoint, 2),
    (rest, 4),
    (crash, 1.5),
    (lose_power_inside_a_call, 0.8),
    (lose_power_around_a_commit, 0.4),
    (fill_the_disk, 1.6),
    (fail_the_disk, 0.4),
    (fail_the_store, 0.9),
]
ACTIONS = [action for action, _ in MIX]
WEIGHTS = [weight for _, weight in MIX]
