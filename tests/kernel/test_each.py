import pytest
from tests.kernel.rules.cases import Rules
from tests.kernel.test_schemas import begun
from tests.runtime.engine import Engine

from dragoman.kernel.api import (
    Address,
    AddToTransaction,
    AlterStream,
    Bind,
    BindingSettings,
    Consume,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    InitProducer,
    Producer,
    Publish,
    PutRule,
    RouteSettings,
    RuleSettings,
    StreamSettings,
)
from dragoman.model.errors import MessageInvalid, OutOfOrderSequence
from dragoman.model.levels import CANONICAL, KAFKA

GOOD, BAD, ALSO = {"total": 1}, {"total": -1}, {"total": 2}


def test_a_batch_loses_what_is_bad_and_its_producer_goes_on() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", bad="drop")
    first = rules.batch(GOOD, BAD, ALSO, producer=Producer(7, 0, 0, 3, False))
    again = rules.batch(GOOD, BAD, ALSO, producer=Producer(7, 0, 0, 3, False))
    assert (first.offset, again.offset, again.duplicate) == (0, 0, True)
    rules.batch(BAD, BAD, producer=Producer(7, 0, 3, 2, False))
    assert rules.batch(GOOD, producer=Producer(7, 0, 5, 1, False)).offset == 5
    assert rules.values() == [GOOD, ALSO, GOOD]
    with pytest.raises(OutOfOrderSequence):
        rules.batch(GOOD, producer=Producer(7, 0, 8, 1, False))


def test_a_marked_message_of_a_batch_keeps_its_place() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", bad="pass")
    rules.batch(GOOD, BAD, ALSO)
    assert rules.values() == [GOOD, BAD, ALSO]
    assert [bool(each.headers) for each in rules.stored()] == [False, True, False]
    assert rules.blocks()[-1].end == 3


def test_ids_that_were_sent_before_are_known_though_a_rule_changes_the_message() -> None:
    rules = Rules()
    rules.submit(AlterStream(name="orders", settings=StreamSettings(dedup_window_ms=60_000)))
    rules.rule(set={"type": "'seen'"})
    rules.publish(GOOD, ALSO, dedup=["a", "b"])
    reply = rules.publish(ALSO, {"total": 3}, dedup=["b", "c"])
    assert rules.values() == [GOOD, ALSO, {"total": 3}]
    assert reply.duplicates is not None
    assert {at: known.offset for at, known in reply.duplicates.items()} == {0: 1}


def test_a_rule_of_a_binding_sends_elsewhere_later_and_for_a_while() -> None:
    rules = Rules()
    rules.submit(DeclareRoute(name="x", settings=RouteSettings(kind="fanout")))
    later = {
        "target": "msg.total > 1 ? 'billing' : 'orders'",
        "deliver_in": "duration('4s')",
        "expires_in": "60000",
    }
    rules.rule("later", on=(), set=later)
    rules.submit(Bind(route="x", target="orders", binding=BindingSettings(rules=("later",))))
    kernel = rules.world.kernel
    kernel.now_ms = 1_000
    rules.publish(GOOD, ALSO, to=Address("x", "k", is_route=True))
    assert rules.values() + rules.values("billing") == []
    kernel.now_ms = 5_500
    while kernel.sweep():
        pass
    assert (rules.values(), rules.values("billing")) == ([GOOD], [ALSO])
    assert rules.blocks()[0].expires_ms == [65_000]


@pytest.mark.parametrize("bad", ["reject", "dead-letter", "pass", "drop"])
def test_a_batch_of_a_transaction_is_taken_whole_or_refused(bad: str) -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", bad=bad)
    made = rules.submit(InitProducer(transactional_id="t"))
    rules.submit(
        AddToTransaction(
            transactional_id="t",
            producer_id=made.id,
            epoch=made.epoch,
            partitions=(("orders", 0),),
            format=KAFKA,
            abort_marker=b"end",
        )
    )
    producer = Producer(made.id, made.epoch, 0, 2, True)
    with pytest.raises(MessageInvalid):
        rules.batch(GOOD, BAD, producer=producer)
    assert rules.blocks() == []
    rules.batch(GOOD, ALSO, producer=producer)
    rules.rule("s", set={"type": "'changed'"})
    with pytest.raises(MessageInvalid, match="would change it"):
        rules.batch(GOOD, producer=Producer(made.id, made.epoch, 2, 1, True))
    assert [block.packed for block in rules.blocks()] == [True]


@pytest.mark.parametrize("checkpoints", [False, True])
def test_a_gap_outlives_the_node_and_no_reader_is_shown_it(checkpoints: bool) -> None:
    engine = Engine()
    node = begun(engine)
    session = node.connect()
    session.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)))
    session.submit(DeclareQueue(name="s"))
    settings = RuleSettings(on=("s",), check="h.n != '2'", bad="drop")
    session.submit(PutRule(name="r", settings=settings))
    bodies = [f"x;n={number}".encode() for number in range(1, 4)]
    reply = session.publish(Publish("default", Address("s"), CANONICAL, bodies))
    assert reply.offset == 0
    node.settle()
    if checkpoints:
        node.checkpoint()
    node = begun(engine)
    session = node.connect()
    session.submit(Consume(name="s", tag="t", no_ack=False))
    node.settle()
    found = [each.block.body(each.start) for each in node.deliveries(session)]
    assert found == [bodies[0], bodies[2]]
