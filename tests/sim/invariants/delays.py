"""Section 5: what is delayed is shown when its time has come, in order, and not before; and no more is held than may be."""

from typing import TYPE_CHECKING

from tests.sim.model.readers import DELAYED

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s

if TYPE_CHECKING:
    from tests.sim.world import World


def what_is_shown_is_due(world: "World", record: r.Shown) -> None:
    reader = world.model.readers[record.subscription]
    shown = [m for m in reader.parts[record.partition] if m.offset < record.offset]
    delayed = [message for message in shown if message.state == DELAYED]
    if record.dropped:
        assert world.cause == "purged", "nobody asked for a purge"
        return
    world.counts["show"] += len(delayed)
    early = [m for m in delayed if m.entry.stored_ms + reader.settings.delay_ms > world.now_ms]
    assert not early or world.cause == "ends a delay", f"{early} shown at {world.now_ms}"


def delays_equal(world: "World") -> None:
    """What windows count as delayed; and nobody holds more than may be held."""
    for subscription in world.node.kernel.state.subscriptions.values():
        reader = world.model.readers[subscription.id]
        for window, part in zip(subscription.windows, reader.parts, strict=True):
            delayed = [message for message in part if message.state == DELAYED]
            assert window.delayed == len(delayed), (subscription.name, window.delayed, delayed[:3])
            assert all(message.offset >= window.shown for message in delayed)
        most = reader.settings.leased_max
        held = [message for message in reader.messages() if message.state == s.LEASED]
        assert not most or len(held) <= most, (
            f"{subscription.name}: {len(held)} held, {most} may be"
        )


def nothing_due_is_delayed(world: "World") -> None:
    for reader in world.model.readers.values():
        for part in reader.parts:
            head = next((message for message in part if message.state == DELAYED), None)
            due_ms = 0 if head is None else head.entry.stored_ms + reader.settings.delay_ms
            assert head is None or due_ms > world.now_ms, f"{head} was due at {due_ms}"


def documents_equal(world: "World") -> None:
    found = {
        name: (document.version, document.body)
        for (_, _, name), document in world.node.kernel.state.documents.by_key.items()
    }
    wanted = {name: (known.version, known.body) for name, known in world.model.documents.items()}
    assert found == wanted
