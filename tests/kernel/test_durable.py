"""What is written down: everything about durable entities, nothing about the others. One kernel makes the records."""

from typing import Any

import pytest
from tests.fakes.kernel import make_kernel
from tests.kernel.leases.made import Queue

from dragoman.kernel.commands import (
    AlterRoute,
    Bind,
    Consume,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    DeleteQueue,
    DeleteRoute,
    DeleteStream,
    Publish,
    PurgeQueue,
    TrimStream,
    Unbind,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.levels import CANONICAL


def written(kernel: Kernel, *commands: Any, session: int = 1) -> list[str]:
    """Names of the records that these commands leave for the journal."""
    kernel.drain_records()
    for command in commands:
        kernel.submit(command, session)
    return [type(record).__name__ for record in kernel.drain_records()]


def queue(name: str = "q", **settings: Any) -> DeclareQueue:
    stream = StreamSettings(durable=settings.get("durable", True))
    return DeclareQueue(name=name, settings=SubscriptionSettings(**settings), stream=stream)


def test_a_durable_queue_is_written_from_its_making_to_its_end() -> None:
    kernel = make_kernel()
    assert written(kernel, queue()) == ["StreamCreated", "SubscriptionCreated"]
    assert written(kernel, DeleteQueue(name="q")) != []


@pytest.mark.parametrize("settings", [{"durable": False}, {"exclusive": True, "durable": False}])
def test_of_a_queue_that_ends_with_the_process_nothing_is_written(settings: dict[str, Any]) -> None:
    made = Queue.__new__(Queue)
    made.kernel, made.name, made.session = make_kernel(), "q", 1
    assert written(made.kernel, queue(**settings)) == []
    made.publish(b"1", b"2", b"3")
    (held,) = made.lease(1)
    made.settle(held)
    assert written(made.kernel, Consume(name="q"), PurgeQueue(name="q")) == []
    assert written(made.kernel, DeleteQueue(name="q")) == []


def test_messages_and_settlements_of_a_durable_queue_are_written() -> None:
    made = Queue()
    made.kernel.drain_records()
    made.publish(b"1", b"2")
    (held,) = made.lease(1)
    made.settle(held)
    names = [type(record).__name__ for record in made.kernel.drain_records()]
    assert names == ["Published", "Leased", "Settled"]


@pytest.mark.parametrize(
    ("route", "target", "lasting"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_binding_lasts_as_long_as_both_its_ends(route: bool, target: bool, lasting: bool) -> None:
    kernel = make_kernel()
    kernel.submit(DeclareRoute(name="r", settings=RouteSettings(durable=route)), 1)
    kernel.submit(queue("t", durable=target), 1)
    binding = BindingSettings(key="k")
    bound = written(kernel, Bind(route="r", target="t", binding=binding))
    unbound = written(kernel, Unbind(route="r", target="t", binding=binding))
    assert [bool(bound), bool(unbound)] == [lasting, lasting]


@pytest.mark.parametrize("durable", [True, False])
def test_a_route_is_written_as_its_settings_say(durable: bool) -> None:
    kernel = make_kernel()
    made = written(kernel, DeclareRoute(name="r", settings=RouteSettings(durable=durable)))
    settings = RouteSettings(durable=durable, alternate="a")
    altered = written(kernel, AlterRoute(name="r", settings=settings))
    gone = written(kernel, DeleteRoute(name="r"))
    assert [bool(made), bool(altered), bool(gone)] == [durable] * 3


@pytest.mark.parametrize("durable", [True, False])
def test_a_stream_and_its_trims_are_written_as_its_settings_say(durable: bool) -> None:
    kernel = make_kernel()
    settings = StreamSettings(durable=durable, retention_ms=-1)
    made = written(kernel, CreateStream(name="s", settings=settings))
    kernel.publish(Publish("default", Address("s"), CANONICAL, [b"x"]))
    kernel.state.stream("default", "s").partitions[0].committed = 1
    trimmed = written(kernel, TrimStream(name="s", partition=0, offset=1))
    gone = written(kernel, DeleteStream(name="s"))
    assert [bool(made), bool(trimmed), bool(gone)] == [durable] * 3


def test_a_restart_is_always_written() -> None:
    kernel = make_kernel()
    kernel.begin(7)
    assert [type(record).__name__ for record in kernel.drain_records()] == ["Started"]
