import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import Bind, DeclareQueue, DeclareRoute, DeleteRoute
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.records import Bound
from dragoman.kernel.routing import hash_on
from dragoman.kernel.settings import BindingSettings, RouteSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, RouteNotFound


def kernel_with(*routes: str, **settings: RouteSettings) -> Kernel:
    kernel = make_kernel()
    for name in routes:
        kernel.submit(DeclareRoute(name=name, settings=settings.get(name, RouteSettings())), 1)
    return kernel


def targets(kernel: Kernel, route: str, key: str = "") -> list[str] | None:
    state = kernel.state
    found = state.routing.plan(state.streams, "default", route, key)
    return None if found is None else [stream.name for stream in found]


def test_an_alternate_may_come_after_those_that_name_it() -> None:
    kernel = kernel_with("first", first=RouteSettings(alternate="spare"))
    kernel.submit(DeclareQueue(name="q"), 1)
    assert targets(kernel, "first") == []
    kernel.submit(DeclareRoute(name="spare", settings=RouteSettings(kind="fanout")), 1)
    kernel.submit(Bind(route="spare", target="q"), 1)
    assert targets(kernel, "first") == ["q"]
    kernel.submit(DeleteRoute(name="spare"), 1)
    assert targets(kernel, "first") == []


def test_binding_twice_is_binding_once_and_arguments_tell_bindings_apart() -> None:
    kernel = kernel_with("r")
    kernel.submit(DeclareQueue(name="q"), 1)
    kernel.drain_records()
    for arguments in ({}, {}, {"weight": 2}):
        binding = BindingSettings(key="k", arguments=arguments)
        kernel.submit(Bind(route="r", target="q", binding=binding), 1)
    assert len(kernel.drain_records()) == 2
    assert targets(kernel, "r", "k") == ["q"]


def test_a_checkpoint_keeps_what_lasts_on_both_ends() -> None:
    kernel = kernel_with("lasts", "fleets", fleets=RouteSettings(durable=False))
    kernel.submit(DeclareQueue(name="q"), 1)
    kernel.submit(DeclareQueue(name="gone", settings=SubscriptionSettings(durable=False)), 1)
    for route in ("lasts", "fleets"):
        for target in ("q", "gone"):
            kernel.submit(Bind(route=route, target=target), 1)
    kernel.submit(Bind(route="lasts", target="fleets", to_route=True), 1)
    state = kernel.state
    kept = [r for r in state.routing.snapshot(state.streams) if isinstance(r, Bound)]
    assert [record.target for record in kept] == [state.streams_named["default", "q"].id]


def test_routes_in_a_circle_lead_nowhere_twice() -> None:
    kernel = kernel_with("a", "b", a=RouteSettings(kind="fanout"), b=RouteSettings(kind="fanout"))
    kernel.submit(DeclareQueue(name="q"), 1)
    for route, target in (("a", "b"), ("b", "a")):
        kernel.submit(Bind(route=route, target=target, to_route=True), 1)
    kernel.submit(Bind(route="b", target="q"), 1)
    assert targets(kernel, "a") == ["q"]


def test_a_route_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(RouteNotFound):
        kernel_with().submit(Bind(route="r", target="q"), 1)


def test_what_a_hash_reads_is_spelt_with_its_kind() -> None:
    assert hash_on("") is None
    assert hash_on("header:a") is not None and hash_on("attribute:b") is not None
    for wrong in ("a", "header:", "body:a"):
        with pytest.raises(InvalidArgument):
            hash_on(wrong)
