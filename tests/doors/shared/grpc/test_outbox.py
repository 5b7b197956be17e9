from tests.doors.shared.grpc.client import Client, World

from dragoman.doors.shared.grpc.outbox import Held, Outbox
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN


def test_what_waits_leaves_in_the_order_of_the_journal_and_of_its_call() -> None:
    world = World()
    outbox = Outbox(Client(world).session)
    left: list[str] = []
    first, second = Held(), Held()
    world.commit.far = 0
    assert outbox.is_held(first, 5, SYNCED)
    outbox.hold(first, 5, SYNCED, 10, lambda: left.append("first"))
    assert outbox.is_held(first, 0, APPLIED)
    outbox.hold(first, 0, APPLIED, 1, lambda: left.append("behind first"))
    outbox.hold(second, 6, WRITTEN, 1, lambda: left.append("second"))
    outbox.release()
    assert (left, outbox.size_bytes, outbox.is_empty()) == ([], 12, False)
    world.commit.far = 5
    outbox.release()
    assert left == ["first", "behind first"]
    world.commit.far = 6
    outbox.release()
    assert left[2:] == ["second"]
    assert (outbox.size_bytes, outbox.is_empty(), first.level) == (0, True, APPLIED)
    assert not outbox.is_held(first, 0, APPLIED)
