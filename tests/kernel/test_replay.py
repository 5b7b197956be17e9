from typing import get_args

from tests.fakes.kernel import make_kernel
from tests.kernel.leases.made import Queue

from dragoman.kernel.commands import CreateStream
from dragoman.kernel.records import (
    AnyRecord,
    ProducersReserved,
    Reserved,
    SessionStateSet,
    Skipped,
    Started,
)
from dragoman.kernel.replay import APPLY
from dragoman.kernel.settings import StreamSettings


def test_every_record_has_exactly_one_function_that_carries_it_out() -> None:
    assert set(APPLY) == set(get_args(AnyRecord))


def test_a_restart_makes_ready_what_connections_held_and_leaves_what_time_holds() -> None:
    queue = Queue()
    queue.publish(b"0", b"1", b"2")
    queue.lease(1)
    queue.lease(1, lease_duration_ms=60_000)
    queue.kernel.begin(2)
    info = queue.info()
    assert (info.ready, info.leased) == (2, 1)
    assert queue.take(10) == [b"0", b"2"]


def test_ids_and_incarnations_only_grow() -> None:
    kernel = make_kernel()
    kernel.apply(Started(5, 100, b"secret"))
    kernel.apply(Started(6, 50, b""))
    assert (kernel.state.incarnation, kernel.state.id_next) == (6, 100)
    assert kernel.state.secret == b"secret", "the store's own, given once"


def test_a_partition_goes_on_behind_what_was_skipped_and_never_back() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)), 1)
    stream = kernel.state.stream("default", "s")
    for offset in (40, 20):
        kernel.apply(Skipped(stream.id, 0, offset))
        kernel.apply(Reserved(stream.id, 0, offset))
    assert (stream.partitions[0].end, stream.partitions[0].reserved) == (40, 40)


def test_records_about_what_is_gone_change_nothing() -> None:
    kernel = make_kernel()
    for record in (
        Skipped(99, 0, 5),
        Reserved(99, 0, 5),
        SessionStateSet(99, 0, b"key", b"state"),
    ):
        kernel.apply(record)
    assert not kernel.state.dirty_subscriptions
    assert not kernel.state.streams


def test_ids_of_producers_are_given_out_anew_only_past_what_was_reserved() -> None:
    kernel = make_kernel()
    kernel.apply(ProducersReserved(500))
    kernel.apply(ProducersReserved(100))
    kernel.apply(Started(2, 1, b""))
    assert kernel.state.producer_next == kernel.state.producer_reserved == 500
