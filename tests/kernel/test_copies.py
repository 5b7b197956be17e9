"""Rules with an action: what a subscription takes of a message, in which order, and what others see of it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.leases.made import bodies
from tests.kernel.topic import Topic
from tests.runtime.node import pass_ms

from dragoman.kernel.commands import (
    DeclareQueue,
    DescribeQueue,
    DescribeStream,
    Lease,
    Read,
)
from dragoman.kernel.leases.commands import AcceptSession, CreateSubscription
from dragoman.kernel.leases.peek import Peek, PeekStream
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import (
    Address,
    PumpSettings,
)
from dragoman.model.errors import InvalidArgument


def rule(name: str, kind: str = "true", action: str = "", **more: Any) -> dict[str, Any]:
    said = {"action": {"expression": action}} if action else {}
    return {"name": name, "kind": kind, **said, **more}


PLAIN = rule("plain")
TAGS = rule("tags", action="SET tag = 'x'")
COUNTS = rule("counts", "sql", "SET n = n + 1", expression="EXISTS(n)")


def test_each_matching_rule_that_acts_makes_a_copy_and_those_that_do_not_take_one_together() -> (
    None
):
    topic = Topic()
    topic.subscribe("s", PLAIN, rule("also"), TAGS, COUNTS)
    assert topic.publish(b"0;n=1", b"1;colour=red", b"2;") == 1
    assert topic.take("s") == [
        b"0;n=1", b"0;n=1,tag=x", b"0;n=11",
        b"1;colour=red", b"1;colour=red,tag=x",
        b"2;", b"2;tag=x",
    ]  # fmt: skip


def test_a_subscription_whose_rules_all_act_takes_no_message_as_it_was_sent() -> None:
    topic = Topic()
    topic.subscribe("s", rule("r", "sql", "SET n = 5; REMOVE m", expression="colour = 'red'"))
    topic.publish(b"0;colour=red,m=1", b"1;colour=blue", b"2;colour=red")
    assert topic.take("s") == [b"0;colour=red,n=5", b"2;colour=red,n=5"]


def test_all_other_readers_see_a_gap() -> None:
    topic = Topic()
    topic.submit(DeclareQueue(name="t"))
    topic.submit(DeclareQueue(name="carried"))
    topic.submit(
        CreatePump(name="p", source="t", settings=PumpSettings(targets=(Address("carried"),)))
    )
    topic.subscribe("acts", TAGS)
    topic.subscribe("filters", PLAIN)
    topic.submit(CreateSubscription(name="t", subscription="all"))
    topic.publish(b"0", b"1")
    topic.publish(b"2")
    sent = [b"0", b"1", b"2"]
    assert topic.take("filters") == sent
    assert topic.take("all") == sent
    assert bodies(topic.submit(Lease(name="t", count_max=9))) == sent
    assert [each.body for each in topic.submit(PeekStream(name="t", count_max=9))] == sent
    (partition,) = topic.submit(DescribeStream(name="t")).partitions
    assert partition.end == 6
    blocks = topic.submit(Read(namespace="default", name="t", partition=0)).blocks
    assert [body for block in blocks if not block.control for body in block.bodies] == sent
    assert topic.take("acts") == [b"0;tag=x", b"1;tag=x", b"2;tag=x"]
    assert bodies(topic.submit(Lease(name="carried", count_max=9))) == sent


def test_a_copy_is_settled_deferred_given_back_and_peeked_as_any_message() -> None:
    topic = Topic()
    topic.subscribe("s", PLAIN, TAGS)
    topic.publish(b"0", b"1")
    whole, copy = topic.lease("s", count_max=1), topic.lease("s", count_max=1)
    assert bodies(copy) == [b"0;tag=x"]
    topic.settle(whole[0], "ack")
    topic.settle(copy[0], "release")
    peeked = topic.submit(Peek(name="t", subscription="s", count_max=9))
    assert [(each.body, each.tries) for each in peeked] == [
        (b"0;tag=x", 1), (b"1", 0), (b"1;tag=x", 0),
    ]  # fmt: skip
    assert topic.take("s") == [b"0;tag=x", b"1", b"1;tag=x"]


def test_a_copy_that_is_given_up_is_a_dead_letter_with_its_changes() -> None:
    topic = Topic()
    topic.submit(DeclareQueue(name="dead"))
    topic.subscribe("s", TAGS, dead_letter=Address("dead"), attempts_max=1)
    topic.publish(b"0", b"1")
    (first,) = topic.lease("s", count_max=1)
    topic.settle(first, "reject")
    assert bodies(topic.submit(Lease(name="dead", count_max=9))) == [b"0;tag=x|rejected"]
    assert topic.take("s") == [b"1;tag=x"]


def test_a_copy_lives_as_long_as_its_message_and_has_its_priority() -> None:
    topic = Topic()
    topic.subscribe("s", TAGS, order="priority", priorities=9)
    now_ms = topic.session.wall_ms()
    topic.publish(b"low", b"high", b"late", priorities=[0, 5, 9], expires_ms=[0, 0, now_ms + 10])
    pass_ms(topic.node, 20)
    assert topic.take("s") == [b"high;tag=x", b"low;tag=x"]


def test_an_action_may_put_a_copy_into_another_session() -> None:
    topic = Topic(partitions=4)
    action = rule("r", action="SET sys.SessionId = 'b'")
    topic.subscribe("s", PLAIN, action, order="session")
    topic.publish(b"0;group=a", keys=[b"a"])
    for key in ("a", "b"):
        lock = topic.submit(AcceptSession(name="t", subscription="s", key=key.encode()))
        held = topic.lease("s", within=lock.holder.id)
        assert bodies(held) == [f"0;group={key}".encode()]


def test_of_a_batch_each_message_is_copied_behind_it() -> None:
    topic = Topic()
    topic.subscribe("s", PLAIN, rule("r", "sql", "SET tag = 'x'", expression="colour = 'red'"))
    topic.publish(b"0;colour=red\n1;colour=blue\n2;colour=red", packed=3)
    topic.publish(b"3;")
    assert topic.take("s")[-3:] == [b"0;colour=red,tag=x", b"2;colour=red,tag=x", b"3;"]


def test_rules_count_for_what_is_sent_after_them() -> None:
    topic = Topic()
    topic.subscribe("s", PLAIN)
    topic.publish(b"0")
    info = topic.submit(DescribeQueue(name="t", subscription="s"))
    for rules in ([TAGS], [PLAIN, TAGS], [PLAIN]):
        settings = msgspec.structs.replace(info.settings, filter={"rules": rules})
        topic.submit(AlterSubscription(name="t", subscription="s", settings=settings))
        topic.publish(b"1")
    assert topic.take("s") == [b"0", b"1;tag=x", b"1", b"1;tag=x", b"1"]


def test_a_rule_that_makes_no_sense_is_refused_and_nothing_changes() -> None:
    topic = Topic()
    topic.subscribe("s", PLAIN)
    info = topic.submit(DescribeQueue(name="t", subscription="s"))
    wrong = {"rules": [rule("r", action="SET 5 = 1")]}
    settings = msgspec.structs.replace(info.settings, filter=wrong)
    with pytest.raises(InvalidArgument, match="action of rule r"):
        topic.submit(AlterSubscription(name="t", subscription="s", settings=settings))
    topic.publish(b"0")
    assert topic.take("s") == [b"0"]


def test_a_message_that_cannot_be_changed_is_taken_as_it_is() -> None:
    topic = Topic()
    topic.subscribe("s", rule("r", action="SET unwritable = 1"))
    topic.publish(b"0")
    assert topic.take("s") == [b"0"]


def test_each_copy_has_a_new_id_of_its_own() -> None:
    topic = Topic()
    topic.subscribe("s", rule("r", action="SET id = newid()"))
    topic.publish(b"0", b"1")
    ids = {body.partition(b"id=")[2] for body in topic.take("s")}
    assert len(ids) == 2
    assert {UUID(each.decode()).version for each in ids} == {4}


def test_a_subscription_that_forwards_forwards_copies() -> None:
    topic = Topic()
    topic.submit(DeclareQueue(name="carried"))
    topic.subscribe("s", PLAIN, TAGS)
    topic.submit(
        CreatePump(
            name="p",
            source="t",
            subscription="s",
            settings=PumpSettings(targets=(Address("carried"),)),
        )
    )
    topic.publish(b"0", b"1")
    carried = bodies(topic.submit(Lease(name="carried", count_max=9)))
    assert carried == [b"0", b"0;tag=x", b"1", b"1;tag=x"]


@pytest.mark.parametrize("checkpoints", [0, 1])
def test_copies_outlive_a_crash_in_their_place(checkpoints: int) -> None:
    topic = Topic()
    topic.submit(DeclareQueue(name="dead"))
    topic.subscribe("s", PLAIN, TAGS, dead_letter=Address("dead"))
    topic.publish(b"0", b"1")
    for _ in range(checkpoints):
        topic.node.checkpoint()
    topic.node.settle()
    topic.start()
    topic.publish(b"2")
    first = topic.lease("s", count_max=2)
    assert bodies(first) == [b"0", b"0;tag=x"]
    for delivery in first:
        topic.settle(delivery, "reject")
    assert topic.take("s") == [b"1", b"1;tag=x", b"2", b"2;tag=x"]
    lettered = bodies(topic.submit(Lease(name="dead", count_max=9)))
    assert lettered == [b"0|rejected", b"0;tag=x|rejected"]


def test_a_duplicate_makes_no_copies() -> None:
    topic = Topic(dedup_window_ms=60_000)
    topic.subscribe("s", PLAIN, TAGS)
    for _ in range(2):
        topic.publish(b"0", dedup=["id"])
    assert topic.take("s") == [b"0", b"0;tag=x"]


RULES = st.lists(
    st.tuples(
        st.sampled_from(["red", "blue", ""]), st.sampled_from(["", "SET tag = 'x'", "REMOVE n"])
    ),
    max_size=3,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("publish"), st.lists(st.sampled_from(["red", "blue"]), min_size=1, max_size=3)
        ),
        st.tuples(st.just("rules"), RULES),
        st.tuples(st.sampled_from(["crash", "checkpoint"]), st.none()),
        st.tuples(st.just("take"), st.integers(1, 3)),
    ),
    max_size=12,
)


def made(rules: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        rule(str(at), "sql", action, expression=f"colour = '{colour}'" if colour else "TRUE")
        for at, (colour, action) in enumerate(rules)
    ]


def expected(rules: list[tuple[str, str]], number: int, colour: str) -> list[bytes]:
    """What a subscription with these rules takes of one message, spelled out."""
    hits = [action for wanted, action in rules if wanted in {"", colour}]
    found = [f"{number};colour={colour},n=1"] if "" in hits else []
    for action in filter(None, hits):
        tail = ",n=1,tag=x" if "SET" in action else ""
        found.append(f"{number};colour={colour}{tail}")
    return [text.encode() for text in found]


@pytest.mark.slow
@given(RULES, STEPS)
def test_a_subscription_takes_what_its_rules_say_whatever_happens(
    rules: list[tuple[str, str]], steps: list[tuple[str, Any]]
) -> None:
    topic = Topic()
    topic.subscribe("s", *made(rules))
    topic.node.settle()
    wanted: list[bytes] = []
    sent = 0
    for step, said in steps:
        if step == "publish":
            texts = []
            for colour in said:
                wanted += expected(rules, sent, colour)
                texts.append(f"{sent};colour={colour},n=1".encode())
                sent += 1
            topic.publish(*texts)
        elif step == "rules":
            rules = said
            info = topic.submit(DescribeQueue(name="t", subscription="s"))
            altered = msgspec.structs.replace(info.settings, filter={"rules": made(rules)})
            topic.submit(AlterSubscription(name="t", subscription="s", settings=altered))
            topic.node.settle()
        elif step == "take":
            for delivery in topic.lease("s", count_max=said):
                count = delivery.end - delivery.start
                assert delivery.bodies == wanted[:count]
                del wanted[:count]
                topic.settle(delivery, "ack")
            topic.node.settle()
        elif step == "checkpoint":
            topic.node.checkpoint()
        else:
            topic.start()
    assert topic.take("s") == wanted
    assert topic.submit(DescribeQueue(name="t", subscription="s")).ready == 0
