"""What a step of a pump publishes; how pumps go on is in `test_pumps`."""

from tests.kernel.pumped import bodies, pump, stream, wait
from tests.runtime.engine import Engine
from tests.runtime.node import publish

from dragoman.kernel.quotas import Quotas


def test_what_a_pump_carries_or_gives_up_is_not_lost_to_a_quota_that_was_lowered() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "source")
    stream(session, "target")
    publish(session, "source", b"1234")
    node.settle()
    node.kernel.state.quotas = Quotas(message_bytes_max=2)
    pump(session, "source", "target", attempts_max=1)
    wait(node, 1_000)
    assert bodies(session, "target") == [b"1234"]


def test_a_node_without_room_is_waited_for_even_where_a_target_is_not() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "source")
    stream(session, "target")
    publish(session, "source", b"1234")
    node.settle()
    node.kernel.state.quotas = Quotas(stored_bytes_max=5)
    pump(session, "source", "target", waits_for_room=False, attempts_max=1, retry_ms=10)
    wait(node, 1_000)
    assert bodies(session, "target") == []
    node.kernel.state.quotas = Quotas()
    wait(node, 1_000)
    assert bodies(session, "target") == [b"1234"]


def test_on_a_full_disk_a_pump_waits_and_loses_nothing() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "source")
    stream(session, "target")
    publish(session, "source", b"1")
    node.settle()
    node.kernel.state.is_full = True
    pump(session, "source", "target", attempts_max=1, retry_ms=10)
    wait(node, 1_000)
    assert bodies(session, "target") == []
    node.kernel.state.is_full = False
    wait(node, 1_000)
    assert bodies(session, "target") == [b"1"]
