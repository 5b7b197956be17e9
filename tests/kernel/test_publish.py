import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import (
    AlterStream,
    Bind,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    DescribeQueue,
    Lease,
    Producer,
    Publish,
    Read,
    Unbind,
)
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import (
    InvalidArgument,
    MessageTooLarge,
    PartitionNotFound,
    RouteNotFound,
    StorageFull,
    StreamNotFound,
)
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN


def with_queues(*names: str, **stream: object) -> Kernel:
    kernel = make_kernel()
    for name in names:
        made = StreamSettings(**stream)  # type: ignore[arg-type]
        settings = SubscriptionSettings(early=True, durable=made.durable)
        kernel.submit(DeclareQueue(name=name, settings=settings, stream=made), 1)
    return kernel


def bound(kernel: Kernel, route: str, kind: str, *pairs: tuple[str, BindingSettings]) -> Address:
    kernel.submit(DeclareRoute(name=route, settings=RouteSettings(kind=kind)), 1)  # type: ignore[arg-type]
    for target, binding in pairs:
        kernel.submit(Bind(route=route, target=target, binding=binding), 1)
    return Address(route, is_route=True)


def send(kernel: Kernel, address: Address, *bodies: bytes) -> PublishReply:
    return kernel.publish(Publish("default", address, 0, list(bodies)))


def all_of(kernel: Kernel, name: str) -> list[bytes]:
    taken = kernel.submit(Lease(name=name, count_max=100), 1)
    return [body for delivery in taken for body in delivery.bodies]


def test_a_message_for_several_queues_is_one_record() -> None:
    kernel = with_queues("a", "b")
    address = bound(kernel, "all", "fanout", ("a", BindingSettings()), ("b", BindingSettings()))
    kernel.drain_records()
    assert send(kernel, address, b"x").routed == 2
    (record,) = kernel.drain_records()
    assert len(record.targets) == 2  # type: ignore[attr-defined]
    assert all_of(kernel, "a") == all_of(kernel, "b") == [b"x"]


def test_a_plan_lasts_until_topology_changes() -> None:
    kernel = with_queues("a", "b")
    address = bound(kernel, "r", "direct", ("a", BindingSettings(key="k")))
    to = Address("r", "k", is_route=True)
    assert send(kernel, to, b"1").routed == 1
    assert kernel.state.plans
    kernel.submit(Bind(route="r", target="b", binding=BindingSettings(key="k")), 1)
    assert send(kernel, to, b"2").routed == 2
    kernel.submit(Unbind(route="r", target="a", binding=BindingSettings(key="k")), 1)
    assert send(kernel, to, b"3").routed == 1
    assert (all_of(kernel, "a"), all_of(kernel, "b")) == ([b"1", b"2"], [b"2", b"3"])
    assert send(kernel, address, b"4").routed == 0


def test_each_message_goes_its_own_way_and_order_is_kept_per_queue() -> None:
    kernel = with_queues("red", "blue")
    address = bound(
        kernel,
        "r",
        "headers",
        ("red", BindingSettings(arguments={"x-match": "all", "colour": "red"})),
        ("blue", BindingSettings(arguments={"x-match": "all", "colour": "blue"})),
    )
    bodies = [
        b"1;colour=red",
        b"2;colour=blue",
        b"3;colour=red",
        b"4;colour=green",
        b"5;colour=red",
    ]
    reply = send(kernel, address, *bodies)
    assert reply.unrouted == [3]
    assert all_of(kernel, "red") == [bodies[0], bodies[2], bodies[4]]
    assert all_of(kernel, "blue") == [bodies[1]]


def test_columns_follow_their_messages_when_a_publish_is_split() -> None:
    kernel = with_queues("red", "blue")
    kernel.now_ms = 1_000
    address = bound(
        kernel,
        "r",
        "headers",
        ("red", BindingSettings(arguments={"x-match": "all", "colour": "red"})),
        ("blue", BindingSettings(arguments={"x-match": "all", "colour": "blue"})),
    )
    command = Publish("default", address, 0, [b"1;colour=red", b"2;colour=blue"])
    command.expires_ms = [0, 1_001]
    kernel.publish(command)
    kernel.now_ms = 2_000
    assert (all_of(kernel, "red"), all_of(kernel, "blue")) == ([b"1;colour=red"], [])


def test_a_confirm_waits_for_the_most_careful_durable_target() -> None:
    kernel = with_queues("written")
    made = StreamSettings(level=SYNCED)
    kernel.submit(DeclareQueue(name="synced", stream=made), 1)
    both = bound(
        kernel, "r", "fanout", ("written", BindingSettings()), ("synced", BindingSettings())
    )
    kernel.state.stream("default", "written").partitions[0].safe = 1
    assert send(kernel, Address("written"), b"x").level == WRITTEN
    assert send(kernel, both, b"x").level == SYNCED
    fleeting = with_queues("q", durable=False)
    assert send(fleeting, Address("q"), b"x").level == APPLIED
    assert not [r for r in fleeting.drain_records() if type(r).__name__ == "Published"]


def test_a_repeated_batch_is_not_appended_again() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)), 1)
    replies = []
    for _ in range(2):
        command = Publish("default", Address("t"), 0, [b"0\n1"])
        command.packed, command.partition = 2, 0
        command.producer = Producer(5, 0, 0, 2, transactional=False)
        replies.append(kernel.publish(command))
    assert [(reply.offset, reply.duplicate) for reply in replies] == [(0, False), (0, True)]
    assert kernel.state.streams_named["default", "t"].partitions[0].end == 2


def test_partitions_take_turns_where_the_message_names_none() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(partitions=3)), 1)
    assert [send(kernel, Address("t"), b"x").partition for _ in range(4)] == [0, 1, 2, 0]
    kernel.submit(AlterStream(name="t", settings=StreamSettings(partitions=4)), 1)
    assert {send(kernel, Address("t"), b"x").partition for _ in range(4)} == {0, 1, 2, 3}


def test_publishes_that_come_one_by_one_share_a_block() -> None:
    kernel = with_queues("q")
    for number in range(100):
        send(kernel, Address("q"), b"%d" % number)
    assert len(kernel.state.streams_named["default", "q"].partitions[0].blocks) == 1
    assert kernel.submit(DescribeQueue(name="q"), 1).ready == 100


def test_what_cannot_be_published_changes_nothing() -> None:
    kernel = with_queues("q", message_bytes_max=3)
    kernel.drain_records()
    wrong = Publish("default", Address("q"), 0, [b"x"])
    wrong.partition = 7
    with pytest.raises(PartitionNotFound):
        kernel.publish(wrong)
    with pytest.raises(MessageTooLarge):
        send(kernel, Address("q"), b"1", b"1234")
    with pytest.raises(StreamNotFound):
        send(kernel, Address("absent"), b"x")
    with pytest.raises(RouteNotFound):
        send(kernel, Address("absent", is_route=True), b"x")
    with pytest.raises(InvalidArgument):
        send(kernel, Address("q"))
    kernel.state.is_full = True
    with pytest.raises(StorageFull):
        send(kernel, Address("q"), b"x")
    assert not kernel.has_records()
    assert kernel.submit(DescribeQueue(name="q"), 1).ready == 0


def test_a_stream_is_read_from_any_offset_on() -> None:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)), 1)
    send(kernel, Address("t"), b"0", b"1")
    kernel.state.streams_named["default", "t"].partitions[0].committed = 2
    assert kernel.submit(Read(name="t", offset=1), 1).blocks[0].bodies == [b"0", b"1"]
