import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import (
    AlterRoute,
    Bind,
    CreateStream,
    DeclareRoute,
    DeleteRoute,
    DeleteStream,
    ListRoutes,
    Publish,
    Unbind,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.settings import Address, BindingSettings, RouteSettings
from dragoman.model.errors import InUse, InvalidArgument, RouteNotFound, StreamNotFound
from dragoman.model.levels import CANONICAL

SESSION = 1
TO_EU = BindingSettings(key="eu.#")


def kernel_with_route(kind: str = "topic") -> Kernel:
    kernel = make_kernel()
    kernel.submit(DeclareRoute(name="sales", settings=RouteSettings(kind=kind)), SESSION)  # type: ignore[arg-type]
    kernel.submit(CreateStream(name="orders"), SESSION)
    return kernel


def routed(kernel: Kernel, key: str) -> int:
    return kernel.publish(Publish("default", Address("sales", key, True), CANONICAL, [b"x"])).routed


def test_a_binding_leads_where_its_pattern_says_and_binding_again_changes_nothing() -> None:
    kernel = kernel_with_route()
    for _ in range(2):
        kernel.submit(Bind(route="sales", target="orders", binding=TO_EU), SESSION)
    assert routed(kernel, "eu.de") == 1
    assert routed(kernel, "us.ny") == 0


def test_unbinding_undoes_the_binding_and_what_is_not_bound_is_fine() -> None:
    kernel = kernel_with_route()
    kernel.submit(Bind(route="sales", target="orders", binding=TO_EU), SESSION)
    for _ in range(2):
        kernel.submit(Unbind(route="sales", target="orders", binding=TO_EU), SESSION)
    assert routed(kernel, "eu.de") == 0


def test_what_a_route_does_not_take_goes_where_it_is_told_to_since() -> None:
    kernel = kernel_with_route()
    assert routed(kernel, "a") == 0
    kernel.submit(DeclareRoute(name="rest", settings=RouteSettings(kind="fanout")), SESSION)
    kernel.submit(Bind(route="rest", target="orders"), SESSION)
    for alternate, count in (("rest", 1), ("nowhere", 0), ("rest", 1), ("", 0)):
        settings = RouteSettings(kind="topic", alternate=alternate)
        info = kernel.submit(AlterRoute(name="sales", settings=settings), SESSION)
        assert info.settings.alternate == alternate
        assert routed(kernel, "a") == count


def test_what_a_route_is_for_good_does_not_change() -> None:
    kernel = kernel_with_route()
    for settings in (RouteSettings(kind="fanout"), RouteSettings(kind="topic", durable=False)):
        with pytest.raises(InvalidArgument, match="only the alternate"):
            kernel.submit(AlterRoute(name="sales", settings=settings), SESSION)
    with pytest.raises(RouteNotFound):
        kernel.submit(AlterRoute(name="nowhere", settings=RouteSettings()), SESSION)


def test_what_is_not_there_cannot_be_bound() -> None:
    kernel = kernel_with_route()
    with pytest.raises(StreamNotFound):
        kernel.submit(Bind(route="sales", target="nowhere"), SESSION)
    with pytest.raises(RouteNotFound):
        kernel.submit(Bind(route="nowhere", target="orders"), SESSION)


def test_a_route_in_use_is_kept_when_asked_to_and_goes_with_its_bindings_otherwise() -> None:
    kernel = kernel_with_route()
    kernel.submit(Bind(route="sales", target="orders", binding=TO_EU), SESSION)
    with pytest.raises(InUse):
        kernel.submit(DeleteRoute(name="sales", if_unused=True), SESSION)
    kernel.submit(DeleteRoute(name="sales"), SESSION)
    assert kernel.submit(ListRoutes(), SESSION) == []


def test_a_stream_that_goes_takes_the_bindings_to_it_along() -> None:
    kernel = kernel_with_route()
    kernel.submit(Bind(route="sales", target="orders", binding=TO_EU), SESSION)
    kernel.submit(DeleteStream(name="orders"), SESSION)
    kernel.submit(CreateStream(name="orders"), SESSION)
    assert routed(kernel, "eu.de") == 0


def test_a_route_that_cannot_be_is_refused_before_anything_is_written() -> None:
    kernel = make_kernel()
    for settings in (RouteSettings(hash_on="topic"), RouteSettings("topic", hash_on="header:")):
        with pytest.raises(InvalidArgument, match="hash on"):
            kernel.submit(DeclareRoute(name="r", settings=settings), SESSION)
    assert not kernel.is_broken
    kernel.submit(DeclareRoute(name="r"), SESSION)
