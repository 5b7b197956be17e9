import pytest
from tests.kernel.rules.cases import NS, Rules, said

from dragoman.kernel.api import (
    Address,
    Atomic,
    Bind,
    BindingSettings,
    DeclareRoute,
    Publish,
    RouteSettings,
)
from dragoman.model.errors import MessageInvalid, MessageTooLarge
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import JUDGED_MAX

GOOD, BAD, ALSO = {"total": 1}, {"total": -1}, {"total": 2}


def test_a_bad_message_is_refused_and_nothing_of_its_publish_is_taken() -> None:
    rules = Rules()
    rules.schema()
    rules.rule(schema="order")
    with pytest.raises(MessageInvalid, match="rule r: body/total: -1 is less than") as caught:
        rules.publish(GOOD, BAD, ALSO, "no order")
    assert list(caught.value.faults) == [1, 3]
    assert rules.values() == []
    rules.publish(GOOD)
    assert rules.values() == [GOOD]


def test_streams_without_rules_take_anything_and_their_batches_stay_shut() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0")
    rules.batch(BAD, BAD, to="billing")
    rules.batch(GOOD, ALSO)
    assert rules.values("billing") == [BAD, BAD]
    assert [block.packed for block in rules.blocks()] == [True]


def test_what_is_dead_lettered_says_by_which_rule_and_why_and_leaves_a_gap() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", bad="dead-letter")
    reply = rules.publish(GOOD, BAD, ALSO)
    assert rules.values() == [GOOD, ALSO]
    assert [(block.offset, block.end) for block in rules.blocks()] == [(0, 1), (1, 2), (2, 3)]
    assert (reply.offset, reply.routed, reply.unrouted) == (0, 1, None)
    (dead,) = rules.stored("orders/dead")
    (death,) = dict(dead.headers)["x-death"]
    assert (death["reason"], death["queue"]) == ("rule", "orders")
    assert rules.world.kernel.state.given_up.lettered == {"rule": 1}


def test_what_passes_is_marked_and_what_is_dropped_is_counted() -> None:
    rules = Rules()
    rules.rule("a", check="msg.total > 0", bad="pass")
    rules.publish(BAD, GOOD)
    marked, plain = rules.stored()
    assert dict(marked.headers) == {"dragoman-invalid": "rule a: it is not so that msg.total > 0"}
    assert plain.headers == []
    rules.rule("b", on=("billing",), check="msg.total > 0", bad="drop")
    assert rules.publish(BAD, to="billing").routed == 1
    assert rules.values("billing") == []
    assert rules.world.kernel.state.given_up.all == {"rule": 1}


@pytest.mark.parametrize(("bad", "left"), [("reject", []), ("dead-letter", [BAD]), ("drop", [])])
def test_whoever_hears_nothing_of_a_refusal_is_not_refused(bad: str, left: list[object]) -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", bad=bad)
    rules.publish(BAD, GOOD, is_told=False)
    assert rules.values() == [GOOD]
    if bad == "dead-letter":
        assert rules.values("orders/dead") == left


def test_rules_judge_only_those_streams_that_a_route_leads_to_and_that_have_some() -> None:
    rules = Rules()
    rules.submit(DeclareRoute(name="all", settings=RouteSettings(kind="fanout")))
    for target in ("orders", "billing"):
        rules.submit(Bind(route="all", target=target))
    rules.rule(check="msg.total > 0", bad="drop")
    reply = rules.publish(GOOD, BAD, to=Address("all", "k", is_route=True))
    assert (rules.values(), rules.values("billing")) == ([GOOD], [GOOD, BAD])
    assert (reply.routed, reply.unrouted) == (2, None)
    rules.rule(check="msg.total > 0")
    with pytest.raises(MessageInvalid):
        rules.publish(BAD, to=Address("all", "k", is_route=True))
    assert rules.values("billing") == [GOOD, BAD]


def test_a_set_with_a_bad_message_is_refused_whole() -> None:
    rules = Rules()
    rules.rule(check="false")
    commands = tuple(Publish(NS, Address(name), CANONICAL, [b""]) for name in ("billing", "orders"))
    with pytest.raises(MessageInvalid):
        rules.submit(Atomic(commands))
    assert rules.blocks("billing") == []


def test_what_is_to_wait_is_refused_at_once_and_judged_again_at_its_time() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0")
    kernel = rules.world.kernel
    kernel.now_ms = 1_000
    with pytest.raises(MessageInvalid):
        rules.publish(BAD, due_ms=5_000)
    rules.publish(ALSO, due_ms=5_000)
    rules.rule(check="msg.total > 2", bad="dead-letter")
    kernel.now_ms = 6_000
    while kernel.sweep():
        pass
    assert (rules.values(), rules.values("orders/dead")) == ([], [ALSO])


def test_a_rule_of_a_binding_changes_what_its_target_gets_and_that_alone() -> None:
    rules = Rules()
    rules.submit(DeclareRoute(name="x", settings=RouteSettings(kind="fanout")))
    rules.rule("cut", on=(), set={"body": "{'sum': msg.total}", "type": "'cut'"})
    rules.submit(Bind(route="x", target="orders"))
    rules.submit(Bind(route="x", target="billing", binding=BindingSettings(rules=("cut",))))
    rules.publish(GOOD, ALSO, to=Address("x", "k", is_route=True))
    assert (rules.values(), rules.values("billing")) == ([GOOD, ALSO], [{"sum": 1}, {"sum": 2}])
    assert {each.type for each in rules.stored("billing")} == {"cut"}
    rules.rule("cut", on=(), set={"body": "msg.total"})
    rules.publish(GOOD, to=Address("x", "k", is_route=True))
    assert rules.values("billing")[-1] == 1


def test_a_target_that_is_not_there_makes_a_bad_message() -> None:
    rules = Rules()
    rules.submit(DeclareRoute(name="x", settings=RouteSettings(kind="fanout")))
    rules.rule("away", on=(), set={"target": "'nowhere'"}, bad="dead-letter", dead_letter="billing")
    rules.submit(Bind(route="x", target="orders", binding=BindingSettings(rules=("away",))))
    rules.publish(GOOD, to=Address("x", "k", is_route=True))
    assert (rules.values(), rules.values("billing")) == ([], [GOOD])


def test_a_publish_of_more_messages_than_rules_look_at_is_refused() -> None:
    rules = Rules()
    rules.rule(check="true")
    with pytest.raises(MessageTooLarge):
        rules.publish(*[said(b"")] * (JUDGED_MAX + 1))


def test_a_priority_that_a_rule_sets_is_the_messages_own_from_then_on() -> None:
    rules = Rules()
    rules.rule(set={"priority": "msg.total"})
    rules.publish({"total": 7}, {"total": 3}, priorities=[1, 1])
    found = [each for block in rules.blocks() for each in block.priorities or ()]
    assert found == [7, 3]
