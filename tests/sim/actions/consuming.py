"""Clients are handed messages, take them, settle them, and leave."""

from tests.sim.actions.replying import answer
from tests.sim.clients import Client, Held
from tests.sim.model import Reader
from tests.sim.translator import colour_of
from tests.sim.world import World

from dragoman.kernel import commands as c
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.lease import Delivery
from dragoman.model.errors import KernelError
from dragoman.model.levels import CANONICAL, SYNCED

CAUSES: dict[c.Outcome, str] = {
    "ack": "acked",
    "release": "delivery_limit",
    "reject": "rejected",
    "defer": "put off",
}


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
        passes_on=world.pick(-1, CANONICAL),
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
        holder = client.holders.pop(world.chance.randrange(len(client.holders)))
        world.ask(client, c.Cancel(holder=holder))
        world.unlock(holder)


def lease(world: World) -> None:
    client = world.client()
    name = world.queue_name()
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.2 and reader is not None and reader.settings.early
    if reader is None or not reader.settings.early:
        return  # a reply to it waits for more than its door's word: not played here
    command = c.Lease(name=name, count_max=world.pick(1, 1, 2, 5), no_ack=no_ack)
    answer(world, client, reader, command)


def _settle_one(world: World, outcome: c.Outcome) -> None:
    client = world.client()
    if client.held:
        held = client.held.pop(world.chance.randrange(len(client.held)))
        settle(world, client, held, outcome)


def settle(world: World, client: Client, held: Held, outcome: c.Outcome, colour: str = "") -> int:
    """Settle what somebody was handed, or a part of it, and set a colour; how many messages that were."""
    number, partition, holder, start, end = held
    if end - start > 1 and world.chance.random() < 0.4:
        middle = world.chance.randint(start + 1, end - 1)
        client.held.append(Held(number, partition, holder, middle, end))
        end = middle
        world.counts["settle in part"] += 1
    command = c.Settle(number, partition, holder, [(start, end)], outcome)
    command.failed = world.chance.random() < 0.5
    command.delay_ms = world.pick(-1, -1, 0, 80)
    reader = world.model.readers.get(number)
    owned = [] if reader is None else reader.between(partition, start, end)
    keys = [(number, partition, m.offset) for m in owned if m.holder == holder]
    mine = {offset for _, _, offset in keys}
    command.headers = {"colour": colour} if colour else None
    world.cause, world.failing, world.colour = CAUSES[outcome], command.failed, colour
    try:
        reply = client.session.settle(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
        assert reader is None or partition >= len(reader.parts)
        return 0
    finally:
        world.cause, world.failing, world.colour = "", False, ""
    assert (reply.settled, reply.missing) == (len(keys), end - start - len(keys))
    world.counts[outcome] += 1
    if colour:
        left = [m for m in owned if m.state in {s.RETURNED, s.WAITING, s.DEFERRED}]
        assert all(m.revised and colour_of(m.body) == colour for m in left if m.offset in mine)
    if outcome == "defer":
        now = [] if reader is None else reader.between(partition, start, end)
        assert sum(m.state == s.DEFERRED for m in now) >= len(keys)
    if outcome == "ack" and reader is not None and lasts(world, reader):
        done = [key for key in keys if not _is_on_its_way(world, *key)]
        client.wait("settlement", client.session.position(), SYNCED, done)
    if world.chance.random() < 0.1:  # once more: it is no longer held, nothing may happen
        world.cause = "acked"
        again = client.session.settle(c.Settle(number, partition, holder, [(start, end)], "ack"))
        world.cause = ""
        assert (again.settled, again.missing) == (0, end - start)
        world.counts["settle twice"] += 1
    return len(keys)


def _is_on_its_way(world: World, number: int, partition: int, offset: int) -> bool:
    """Whether it was handed to its holder again since, because somebody went back: that delivery comes all the same."""
    return any(
        lease[:2] == (number, partition) and lease[2] <= offset < lease[3]
        for lease in world.expected
    )


def lasts(world: World, reader: Reader) -> bool:
    """Whether what is settled in it stays settled."""
    settings = reader.settings
    return (
        world.model.streams[reader.stream].settings.durable
        and settings.durable
        and not reader.owner
    )


def ack(world: World) -> None:
    _settle_one(world, "ack")


def release(world: World) -> None:
    _settle_one(world, "release")


def reject(world: World) -> None:
    _settle_one(world, "reject")


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


def kept_for(world: World, session: int) -> list[Delivery]:
    """Deliveries that wait for the journal."""
    outbox = world.node.broker._outbox
    kept = [one for waiting in outbox._growing.values() for one in waiting]
    kept += [one for _, one in (*outbox._written, *outbox._synced)]
    return [delivery for to, delivery in kept + outbox._ripe if to == session]


def close(world: World) -> None:
    if world.clients:
        client = world.clients.pop(world.chance.randrange(len(world.clients)))
        world.receipts += world.lasting(client)
        world.cause = "delivery_limit"  # what is held is released: its attempts may be spent
        number = client.session.id
        lost = list(world.node.kernel._deliveries.get(number, []))
        lost += kept_for(world, number)
        world.node.broker.close(client.session)
        world.cause = ""
        lost += [d for known in client.waiting if known.what == "reply" for d in known.keys]
        for delivery in lost:  # handed over, on their way to a connection that is gone
            world.unexpect(delivery)
        world.counts["close"] += 1
