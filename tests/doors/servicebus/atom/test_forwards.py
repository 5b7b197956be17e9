"""Where entities forward: told, changed, counted; and what becomes of messages that cannot be forwarded."""

from tests.doors.servicebus.atom.client import Admin
from tests.doors.shared.amqp10.client import message

from dragoman.doors.servicebus.atom.forwards import COMES, DIES
from dragoman.kernel.api import Address, DeleteQueue, Lease, ListPumps, Publish, Settle
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.sections import pack_entry, slice_message

QUEUE = "QueueDescription"
ENTRY = pack_entry(slice_message(message(b"x")))
COUNTED = ("ActiveMessageCount", "DeadLetterMessageCount", "ScheduledMessageCount")
TRANSFERRED = ("TransferMessageCount", "TransferDeadLetterMessageCount")


def leading(**where: str) -> str:
    return "".join(f"<{element}>sb://h/{target}</{element}>" for element, target in where.items())


def counts(admin: Admin, path: str) -> list[int]:
    _, document = admin.get(path)
    assert document is not None
    return [
        int(each.text or "0")
        for name in (*COUNTED, *TRANSFERRED)
        for each in document.iter()
        if each.tag.endswith("}" + name)
    ]


def send(admin: Admin, name: str, hops: int = 0) -> None:
    command = Publish("default", Address(name), AMQP10, [ENTRY])
    command.hops = hops
    admin.world.kernel.publish(command)
    admin.world.run()


def let_pass(admin: Admin) -> None:
    """Until whatever is tried again has been tried often enough."""
    for _ in range(20):
        admin.world.advance(2_000)


def chained(admin: Admin, *names: str) -> None:
    admin.put(f"/{names[-1]}", QUEUE)
    for name, target in zip(names[-2::-1], names[:0:-1], strict=True):
        assert admin.put(f"/{name}", QUEUE, leading(ForwardTo=target)) == 201


def test_what_comes_and_what_dies_is_forwarded_as_a_description_says() -> None:
    admin = Admin()
    for name in ("end", "dead", "other"):
        admin.put(f"/{name}", QUEUE)
    both = leading(ForwardTo="end", ForwardDeadLetteredMessagesTo="dead")
    assert admin.put("/q", QUEUE, both) == 201
    said = admin.said("/q")
    assert (said[COMES], said[DIES]) == ("sb://here/end", "sb://here/dead")
    assert (
        admin.put("/q", QUEUE, leading(ForwardDeadLetteredMessagesTo="other"), change=True) == 200
    )
    said = admin.said("/q")
    assert (said.get(COMES), said[DIES]) == (None, "sb://here/other")
    (pump,) = admin.submit(ListPumps())
    assert (pump.source, pump.settings.targets) == ("q/$DeadLetterQueue", (Address("other"),))
    send(admin, "q")
    (lease,) = admin.submit(Lease(name="q"))
    settle = Settle(lease.holder.subscription.id, 0, lease.holder.id, [(0, 1)], "reject")
    admin.world.kernel.settle(settle)
    let_pass(admin)
    assert (counts(admin, "/q"), counts(admin, "/other")[0]) == ([0] * 5, 1)


def test_what_has_no_target_any_more_is_a_dead_letter_of_the_transfer() -> None:
    admin = Admin()
    chained(admin, "q", "end")
    admin.submit(DeleteQueue(name="end"))
    send(admin, "q")
    assert counts(admin, "/q") == [0, 0, 0, 1, 0], "it is tried again for a while"
    let_pass(admin)
    assert counts(admin, "/q") == [0, 0, 0, 0, 1]
    assert admin.said("/q")["MessageCount"] == "1"


def test_what_a_target_has_no_room_for_is_one_at_once() -> None:
    admin = Admin()
    admin.put("/end", QUEUE, "<MaxSizeInMegabytes>1</MaxSizeInMegabytes>")
    admin.put("/q", QUEUE, leading(ForwardTo="end"))
    full = Publish("default", Address("end"), AMQP10, [bytes(1 << 20)])
    admin.world.kernel.publish(full)
    send(admin, "q")
    admin.world.advance(100)
    assert counts(admin, "/q") == [0, 0, 0, 0, 1]
    assert counts(admin, "/end")[0] == 1


def test_a_message_is_forwarded_four_times_and_no_more() -> None:
    admin = Admin()
    chained(admin, "a", "b", "c", "d", "e", "f")
    send(admin, "a")
    let_pass(admin)
    assert [counts(admin, f"/{name}")[4] for name in "abcdef"] == [0, 0, 0, 0, 1, 0]
    send(admin, "b")
    let_pass(admin)
    assert counts(admin, "/f")[0] == 1


def test_a_ring_ends() -> None:
    admin = Admin()
    chained(admin, "a", "b")
    assert admin.put("/b", QUEUE, leading(ForwardTo="a"), change=True) == 200
    send(admin, "a")
    let_pass(admin)
    assert [counts(admin, f"/{name}") for name in "ab"] == [[0, 0, 0, 0, 1], [0] * 5]


def test_an_entity_takes_its_pumps_and_their_dead_letters_along() -> None:
    admin = Admin()
    chained(admin, "q", "end")
    assert admin.delete("/q") == 200
    assert admin.submit(ListPumps()) == []
    assert admin.get("/q/$Transfer/$DeadLetterQueue")[0] == 404
