import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.catalogue import (
    NAMES_MAX,
    BindingInfo,
    Census,
    ListBindings,
    ListNames,
    ListNamespaces,
    TakeCensus,
)
from dragoman.kernel.commands import (
    Bind,
    Consume,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    Lease,
    Publish,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    PumpSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import InvalidArgument, RouteNotFound

MINE = 1


def world() -> Kernel:
    kernel = make_kernel()
    for name in ("a", "ab", "b"):
        kernel.submit(DeclareQueue(name=name), MINE)
    kernel.submit(CreateStream(name="log"), MINE)
    kernel.submit(DeclareRoute(name="r"), MINE)
    kernel.submit(DeclareRoute(name="s", namespace="other"), MINE)
    kernel.submit(DeclareRoute(name="t"), MINE)
    kernel.submit(Bind(route="r", target="b", binding=BindingSettings(key="k")), MINE)
    kernel.submit(Bind(route="r", target="t", to_route=True), MINE)
    settings = PumpSettings(targets=(Address("b"),))
    kernel.submit(CreatePump(name="p", source="log", settings=settings), MINE)
    return kernel


def names(kernel: Kernel, kind: str, **options: object) -> list[str]:
    found: list[str] = kernel.submit(ListNames(kind=kind, **options), MINE)  # type: ignore[arg-type]
    return found


def test_names_are_listed_by_kind_in_order() -> None:
    kernel = world()
    assert names(kernel, "queue") == ["a", "ab", "b"]
    assert names(kernel, "stream") == ["a", "ab", "b", "log"]
    assert names(kernel, "route") == ["r", "t"]
    assert names(kernel, "pump") == ["p"]
    assert names(kernel, "route", namespace="other") == ["s"]


def test_a_page_begins_behind_a_name_and_holds_those_that_contain_a_text() -> None:
    kernel = world()
    assert names(kernel, "stream", count_max=2) == ["a", "ab"]
    assert names(kernel, "stream", count_max=2, after="ab") == ["b", "log"]
    assert names(kernel, "stream", contains="b") == ["ab", "b"]


@pytest.mark.parametrize("count", [0, -1, NAMES_MAX + 1])
def test_a_page_has_a_size(count: int) -> None:
    with pytest.raises(InvalidArgument):
        names(world(), "stream", count_max=count)


def test_namespaces_are_those_with_something_in_them() -> None:
    assert world().submit(ListNamespaces(), MINE) == ["default", "other"]
    assert make_kernel().submit(ListNamespaces(), MINE) == ["default"]


def test_namespaces_of_our_own_are_not_shown() -> None:
    kernel = world()
    later = Publish("default", Address("a"), 0, [b"x"])
    later.due_ms = 1_000_000
    kernel.publish(later)
    assert kernel.submit(ListNamespaces(), MINE) == ["default", "other"]


def test_bindings_tell_route_target_and_settings() -> None:
    kernel = world()
    expected = [
        BindingInfo("r", "b", False, BindingSettings(key="k")),
        BindingInfo("r", "t", True, BindingSettings()),
    ]
    assert kernel.submit(ListBindings(), MINE) == expected
    assert kernel.submit(ListBindings(route="r"), MINE) == expected
    assert kernel.submit(ListBindings(route="t"), MINE) == []
    with pytest.raises(RouteNotFound):
        kernel.submit(ListBindings(route="x"), MINE)


def test_a_census_counts_messages_by_state_and_names_the_deepest() -> None:
    kernel = world()
    delayed = SubscriptionSettings(delay_ms=1_000)
    kernel.submit(DeclareQueue(name="slow", settings=delayed), MINE)
    kernel.publish(Publish("default", Address("a"), 0, [b"1", b"2", b"3"]))
    kernel.publish(Publish("default", Address("b"), 0, [b"1", b"2"]))
    kernel.publish(Publish("default", Address("slow"), 0, [b"1"]))
    kernel.submit(Lease(name="a", count_max=2), MINE)
    kernel.submit(Consume(name="ab"), MINE)
    census: Census = kernel.submit(TakeCensus(deepest_max=2), MINE)
    assert (census.streams, census.subscriptions, census.routes, census.pumps) == (5, 4, 3, 1)
    assert (census.ready, census.leased, census.delayed, census.waiting) == (3, 2, 1, 0)
    assert census.consumers == 1
    assert census.stored_bytes == 6
    assert [(info.name, info.ready, info.leased) for info in census.deepest] == [
        ("a", 1, 2),
        ("b", 2, 0),
    ]
