import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import (
    AlterStream,
    Bind,
    Cancel,
    Consume,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    DeleteQueue,
    DeleteStream,
    DescribeQueue,
    FindQueue,
    Publish,
    TrimStream,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.settings import Address, RouteSettings, StreamSettings, SubscriptionSettings
from dragoman.model.errors import (
    AlreadyExists,
    InUse,
    InvalidArgument,
    NotEmpty,
    OffsetOutOfRange,
    ResourceLocked,
    StreamNotFound,
    SubscriptionNotFound,
)

MINE, THEIRS = 1, 2


def declare(kernel: Kernel, name: str, session: int = MINE, **settings: object) -> None:
    made = SubscriptionSettings(**settings)  # type: ignore[arg-type]
    kernel.submit(DeclareQueue(name=name, settings=made), session)


def publish(kernel: Kernel, name: str, *bodies: bytes) -> None:
    kernel.publish(Publish("default", Address(name), 0, list(bodies)))


def names(kernel: Kernel) -> set[str]:
    return {name for _, name in kernel.state.streams_named}


def test_a_queue_is_a_stream_and_a_subscription_that_owns_it() -> None:
    kernel = make_kernel()
    declare(kernel, "q")
    assert names(kernel) == {"q"}
    kernel.submit(DeleteQueue(name="q"), MINE)
    assert not names(kernel) and not kernel.state.subscriptions


def test_a_queue_on_an_existing_stream_begins_with_what_is_there_and_leaves_the_stream() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)), MINE)
    publish(kernel, "t", b"0", b"1")
    declare(kernel, "t")
    assert kernel.submit(DescribeQueue(name="t"), MINE).ready == 2
    kernel.submit(DeleteQueue(name="t"), MINE)
    assert names(kernel) == {"t"}


def test_a_queue_is_found_cheaply_and_its_settings_are_the_same_object_until_they_change() -> None:
    kernel = make_kernel()
    declare(kernel, "q", ttl_ms=5)
    head = kernel.submit(FindQueue(name="q"), MINE)
    assert (head.name, head.settings.ttl_ms, head.partition_count) == ("q", 5, 1)
    again = kernel.submit(FindQueue(name="q"), MINE)
    assert (again.settings is head.settings, again.stream is head.stream) == (True, True)
    assert len(head.uuid) == 16
    declare(kernel, "mine", exclusive=True)
    with pytest.raises(ResourceLocked):
        kernel.submit(FindQueue(name="mine"), THEIRS)
    with pytest.raises(SubscriptionNotFound):
        kernel.submit(FindQueue(name="nowhere"), MINE)
    kernel.submit(CreateSubscription(name="q", subscription="other"), MINE)
    assert kernel.submit(FindQueue(name="q", subscription="other"), MINE).id != head.id


def test_declaring_again_answers_what_is_there() -> None:
    kernel = make_kernel()
    declare(kernel, "q", length_max=5)
    info = kernel.submit(DeclareQueue(name="q"), MINE)
    assert not info.created and info.settings.length_max == 5
    with pytest.raises(SubscriptionNotFound):
        kernel.submit(DeclareQueue(name="absent", passive=True), MINE)


def test_an_exclusive_queue_is_for_its_session_and_gone_with_it_also_its_stream() -> None:
    kernel = make_kernel()
    declare(kernel, "q", exclusive=True)
    for command in (DeclareQueue(name="q"), Consume(name="q"), DeleteQueue(name="q")):
        with pytest.raises(ResourceLocked):
            kernel.submit(command, THEIRS)
    kernel.close_session(MINE)
    assert not names(kernel)


@pytest.mark.parametrize("settings", [{"exclusive": True}, {"durable": False}])
def test_a_queue_that_does_not_last_leaves_nothing_in_the_journal(
    settings: dict[str, bool],
) -> None:
    kernel = make_kernel()
    declare(kernel, "q", **settings)
    publish(kernel, "q", b"x")
    assert not kernel.drain_records()


def test_an_auto_delete_queue_goes_with_its_last_consumer_and_not_before_its_first() -> None:
    kernel = make_kernel()
    declare(kernel, "q", auto_delete=True)
    first = kernel.submit(Consume(name="q"), MINE)
    second = kernel.submit(Consume(name="q"), THEIRS)
    kernel.submit(Cancel(holder=first.id), MINE)
    assert names(kernel) == {"q"}
    kernel.submit(Cancel(holder=second.id), THEIRS)
    assert not names(kernel)


def test_a_queue_that_is_used_or_not_empty_is_deleted_only_when_that_is_meant() -> None:
    kernel = make_kernel()
    declare(kernel, "q")
    publish(kernel, "q", b"x")
    with pytest.raises(NotEmpty):
        kernel.submit(DeleteQueue(name="q", if_empty=True), MINE)
    kernel.submit(Consume(name="q"), MINE)
    with pytest.raises(InUse):
        kernel.submit(DeleteQueue(name="q", if_unused=True), MINE)
    kernel.submit(DeleteQueue(name="q"), MINE)
    assert [holder.tag for holder in kernel.state.cancelled] == [None]
    assert not kernel.state.holders


def test_partitions_only_grow() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(partitions=2)), MINE)
    with pytest.raises(AlreadyExists):
        kernel.submit(CreateStream(name="t"), MINE)
    with pytest.raises(InvalidArgument):
        kernel.submit(AlterStream(name="t", settings=StreamSettings(partitions=1)), MINE)
    grown = kernel.submit(AlterStream(name="t", settings=StreamSettings(partitions=3)), MINE)
    assert len(grown.partitions) == 3


@pytest.mark.parametrize("name", ["", "x" * 256, "é" * 128])
def test_a_name_has_1_to_255_bytes(name: str) -> None:
    with pytest.raises(InvalidArgument):
        make_kernel().submit(CreateStream(name=name), MINE)


def test_a_trim_ends_for_everybody_what_lies_below() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)), MINE)
    declare(kernel, "t")
    publish(kernel, "t", b"0", b"1", b"2")
    partition = kernel.state.streams_named["default", "t"].partitions[0]
    partition.committed = partition.end
    assert kernel.submit(TrimStream(name="t", partition=0, offset=2), MINE) == 2
    assert kernel.submit(TrimStream(name="t", partition=0, offset=1), MINE) == 2
    assert kernel.submit(DescribeQueue(name="t"), MINE).ready == 1
    with pytest.raises(OffsetOutOfRange):
        kernel.submit(TrimStream(name="t", partition=0, offset=4), MINE)
    assert kernel.submit(TrimStream(name="t", partition=0, offset=-1), MINE) == 3


def test_a_deleted_stream_takes_readers_and_bindings_along() -> None:
    kernel = make_kernel()
    declare(kernel, "q")
    kernel.submit(DeclareRoute(name="r", settings=RouteSettings(kind="fanout")), MINE)
    kernel.submit(Bind(route="r", target="q"), MINE)
    kernel.submit(DeleteStream(name="q"), MINE)
    assert not kernel.state.subscriptions
    assert kernel.publish(Publish("default", Address("r", is_route=True), 0, [b"x"])).routed == 0
    with pytest.raises(StreamNotFound):
        kernel.submit(Bind(route="r", target="q"), MINE)
