from typing import Any

from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import DeclareQueue, Publish
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.levels import CANONICAL

SESSION = 1


def kernel_with_queue(**settings: Any) -> Kernel:
    kernel = make_kernel()
    kernel.submit(
        DeclareQueue(
            name="q", settings=SubscriptionSettings(overflow="reject-publish", **settings)
        ),
        SESSION,
    )
    return kernel


def publish(kernel: Kernel, *bodies: bytes) -> PublishReply:
    return kernel.publish(Publish("default", Address("q"), CANONICAL, list(bodies)))


def test_what_there_is_room_for_is_taken_and_the_rest_refused_in_order() -> None:
    kernel = kernel_with_queue(length_max=2)
    reply = publish(kernel, b"1", b"2", b"3", b"4")
    assert reply.refused == 2
    assert kernel.state.subscription("default", "q").ready() == 2


def test_nothing_is_refused_while_there_is_room() -> None:
    kernel = kernel_with_queue(length_max=2)
    assert publish(kernel, b"1", b"2").refused == -1
    assert publish(kernel, b"3").refused == 0


def test_room_is_counted_in_bytes_where_bytes_are_limited() -> None:
    kernel = kernel_with_queue(bytes_max=5)
    assert publish(kernel, b"123", b"45", b"6").refused == 2
