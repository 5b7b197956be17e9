"""Topics whose readers have rules with actions: each makes a changed copy, behind its message, for its reader alone."""

from typing import Any

from tests.sim.actions.publishing import send
from tests.sim.actions.replying import answer
from tests.sim.world import ALL, KEYS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

TOPICS = ["x0", "x1"]
READERS = ["a", "b", "c"]


def create_topic(world: World) -> None:
    settings = StreamSettings(level=world.pick(WRITTEN, SYNCED), retention_ms=-1)
    world.ask(world.client(), c.CreateStream(name=world.pick(*TOPICS), settings=settings))


def _rules(world: World) -> dict[str, Any]:
    """Up to three; those that act set a colour."""
    rules = []
    for number in range(world.pick(1, 2, 3)):
        rule: dict[str, Any] = {"name": f"r{number}", "kind": "true"}
        if world.chance.random() < 0.7:
            rule |= {"kind": "sql", "expression": f"colour = '{world.pick(*KEYS)}'"}
        if world.chance.random() < 0.6:
            rule["action"] = {"expression": f"SET colour = '{world.pick(*KEYS)}'"}
        rules.append(rule)
    return {"rules": rules}


def subscribe_with_rules(world: World) -> None:
    settings = SubscriptionSettings(
        dialect="servicebus",
        filter=_rules(world),
        ttl_ms=world.pick(-1, -1, 300),
        attempts_max=world.pick(0, 2),
        dead_letter=world.pick(None, Address("q0")),
    )
    command = CreateSubscription(
        name=world.pick(*TOPICS),
        subscription=world.pick(*READERS),
        settings=settings,
        from_end=world.pick(True, False),
    )
    world.ask(world.client(), command)


def alter_rules(world: World) -> None:
    """For what is sent from now on."""
    found = [reader for reader in world.model.readers.values() if reader.has_rules]
    if found:
        reader = world.chance.choice(found)
        subscription = world.node.kernel.state.subscriptions[reader.id]
        fields = subscription.settings.__struct_fields__
        kept = {name: getattr(subscription.settings, name) for name in fields}
        settings = SubscriptionSettings(**{**kept, "filter": _rules(world)})
        command = AlterSubscription(
            name=world.name_of(reader), subscription=reader.name, settings=settings
        )
        world.counts["alter rules"] += world.ask(world.client(), command) is not None


def publish_to_topic(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 1, 2, 4))]
    command = c.Publish(ALL, Address(world.pick(*TOPICS)), CANONICAL, bodies)
    if world.model.named(command.address.name) is None:
        return
    if world.chance.random() < 0.2:
        command.expires_ms = [world.pick(0, world.clock.wall + world.pick(30, 300)) for _ in bodies]
    send(world, world.client(), command, bodies)


def take_copies(world: World) -> None:
    found = [reader for reader in world.model.readers.values() if reader.has_rules]
    if not found:
        return
    reader = world.chance.choice(found)
    ready = {message.offset for message in reader.ready() if message.entry.taker}
    command = c.Lease(
        name=world.name_of(reader), subscription=reader.name, count_max=world.pick(1, 2, 5)
    )
    if answer(world, world.client(), reader, command):
        left = {message.offset for message in reader.ready()}
        world.counts["take a copy"] += bool(ready - left)


MIX: list[tuple[Action, float]] = [
    (create_topic, 6),
    (subscribe_with_rules, 12),
    (alter_rules, 4),
    (publish_to_topic, 30),
    (take_copies, 30),
]
MET = ["a copy for another rule", "a rule makes a copy", "alter rules", "take a copy"]
