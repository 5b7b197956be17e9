"""Credit shared by consumers of one session."""

from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import Consume, DeclareQueue, OpenPool, Publish, Settle
from dragoman.kernel.entities import Holder
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.settings import Address
from dragoman.model.levels import CANONICAL

SESSION = 1


def kernel_with(*queues: str) -> Kernel:
    kernel = make_kernel()
    for name in queues:
        kernel.submit(DeclareQueue(name=name), SESSION)
        kernel.publish(Publish("default", Address(name), CANONICAL, [b"1", b"2", b"3", b"4"]))
    return kernel


def delivered(kernel: Kernel) -> int:
    kernel.dispatch()
    return sum(one.end - one.start for some in kernel.drain_deliveries().values() for one in some)


def ack(kernel: Kernel, holder: Holder, start: int, end: int) -> None:
    kernel.settle(Settle(holder.subscription.id, 0, holder.id, [(start, end)], "ack"))


def test_credit_freed_on_one_queue_is_used_on_another() -> None:
    kernel = kernel_with("a", "b")
    pool = kernel.submit(OpenPool(credit_max=4), SESSION)
    first = kernel.submit(Consume(name="a", pool=pool), SESSION)
    assert delivered(kernel) == 4
    kernel.submit(Consume(name="b", pool=pool), SESSION)
    assert delivered(kernel) == 0
    ack(kernel, first, 0, 3)
    assert delivered(kernel) == 3


def test_consumers_that_were_there_before_the_pool_share_it_with_what_they_hold() -> None:
    kernel = kernel_with("a", "b")
    first = kernel.submit(Consume(name="a", credit_max=3), SESSION)
    assert delivered(kernel) == 3
    pool = kernel.submit(OpenPool(credit_max=4, holders=(first.id,)), SESSION)
    kernel.submit(Consume(name="b", pool=pool), SESSION)
    assert delivered(kernel) == 1
    kernel.submit(OpenPool(pool=pool, credit_max=6, holders=(first.id,)), SESSION)
    assert delivered(kernel) == 2


def test_a_holder_of_another_session_is_not_taken_in() -> None:
    kernel = kernel_with("a")
    stranger = kernel.submit(Consume(name="a", credit_max=1), SESSION + 1)
    kernel.submit(OpenPool(credit_max=1, holders=(stranger.id,)), SESSION)
    assert stranger.pool is None
