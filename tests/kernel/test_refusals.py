from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import Bind, DeclareQueue, DeclareRoute, DescribeQueue, Publish
from dragoman.kernel.draft import ROOM_MAX, Pending
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)


def queue(kernel: Kernel, name: str, **settings: object) -> None:
    made = SubscriptionSettings(early=True, **settings)  # type: ignore[arg-type]
    kernel.submit(DeclareQueue(name=name, settings=made, stream=StreamSettings()), 1)


def refusing(kernel: Kernel, name: str, length_max: int, **settings: object) -> None:
    queue(kernel, name, length_max=length_max, overflow="reject-publish", **settings)


def publish(kernel: Kernel, address: Address, *bodies: bytes) -> PublishReply:
    return kernel.publish(Publish("default", address, 0, list(bodies)))


def ready(kernel: Kernel, name: str) -> int:
    count = kernel.submit(DescribeQueue(name=name), 1).ready
    assert isinstance(count, int)
    return count


def fanout(kernel: Kernel, *queues: str, kind: str = "fanout", **binding: object) -> Address:
    settings = RouteSettings(kind=kind)  # type: ignore[arg-type]
    kernel.submit(DeclareRoute(name="all", settings=settings), 1)
    for name in queues:
        bound = BindingSettings(**binding)  # type: ignore[arg-type]
        kernel.submit(Bind(route="all", target=name, binding=bound), 1)
    return Address("all", is_route=True)


def test_queues_with_different_room_each_take_what_fits_and_no_more() -> None:
    kernel = make_kernel()
    refusing(kernel, "three", 3)
    refusing(kernel, "five", 5)
    queue(kernel, "any")
    reply = publish(kernel, fanout(kernel, "three", "five", "any"), *[b"x"] * 8)
    assert [ready(kernel, name) for name in ("three", "five", "any")] == [3, 5, 8]
    assert reply.refused == 3


def test_a_route_that_looks_into_messages_minds_limits_as_well() -> None:
    kernel = make_kernel()
    refusing(kernel, "one", 1)
    address = fanout(kernel, "one", kind="headers", arguments={"x-match": "all"})
    assert publish(kernel, address, b"1", b"2").refused == 1
    assert ready(kernel, "one") == 1


def test_after_a_refusal_nothing_more_of_that_publish_is_taken() -> None:
    kernel = make_kernel()
    queue(kernel, "bytes", bytes_max=10, overflow="reject-publish")
    assert publish(kernel, Address("bytes"), b"12345", b"1234567890", b"1").refused == 1
    assert ready(kernel, "bytes") == 1
    assert publish(kernel, Address("bytes"), b"1").refused == -1


def test_what_is_refused_goes_to_the_dead_letter_address_where_asked() -> None:
    kernel = make_kernel()
    queue(kernel, "grave")
    queue(
        kernel,
        "one",
        length_max=1,
        overflow="reject-publish-dead-letter",
        dead_letter=Address("grave"),
    )
    publish(kernel, Address("one"), b"1", b"2", b"3")
    assert (ready(kernel, "one"), ready(kernel, "grave")) == (1, 2)


def test_dead_letters_of_one_decision_share_what_room_there_is() -> None:
    kernel = make_kernel()
    refusing(kernel, "grave", 2)
    queue(
        kernel,
        "none",
        length_max=0,
        overflow="reject-publish-dead-letter",
        dead_letter=Address("grave"),
    )
    publish(kernel, Address("none"), *[b"x"] * 5)
    assert ready(kernel, "grave") == 2


def test_a_set_begins_with_nothing_given_away() -> None:
    pending = Pending()
    assert not pending.ends and not pending.room and not pending.ids
    assert ROOM_MAX > 1 << 50
