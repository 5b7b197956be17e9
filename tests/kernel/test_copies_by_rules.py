"""Rules of a subscription: what its readers are handed, whatever happens, and what is seen of it elsewhere."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.leases.made import bodies
from tests.kernel.test_copies import rule as native
from tests.kernel.topic import Topic
from tests.runtime.node import pass_ms

from dragoman.kernel.commands import DeclareQueue, DescribeQueue, Lease, Read
from dragoman.kernel.leases.commands import AcceptSession, CreateSubscription
from dragoman.kernel.leases.peek import Peek
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.rules.commands import DeleteRule, GetRule, PutRule
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.settings import Address, PumpSettings, SubscriptionSettings
from dragoman.kernel.snapshots import CreateSnapshot, SeekSnapshot
from dragoman.model.errors import InUse, InvalidArgument, RuleNotFound

TAG = {"headers": {"tag": "'x'"}}
RED = {"check": "h.colour == 'red'", "bad": "drop"}


class Ruled(Topic):
    """A topic `t`, and rules."""

    def rule(self, name: str, **settings: Any) -> None:
        self.submit(PutRule(name=name, settings=RuleSettings(**settings)))

    def reader(self, name: str, *rules: str, **settings: Any) -> None:
        made = SubscriptionSettings(rules=rules, early=True, **settings)
        self.submit(CreateSubscription(name="t", subscription=name, settings=made))

    def alter(self, name: str, **settings: Any) -> None:
        info = self.submit(DescribeQueue(name="t", subscription=name))
        altered = msgspec.structs.replace(info.settings, **settings)
        self.submit(AlterSubscription(name="t", subscription=name, settings=altered))

    def seek(self, name: str, offset: int = 0) -> None:
        self.submit(Seek(name="t", subscription=name, offset=offset))

    def ready(self, name: str) -> int:
        ready: int = self.submit(DescribeQueue(name="t", subscription=name)).ready
        return ready

    def queue(self, name: str) -> list[bytes]:
        return bodies(self.submit(Lease(name=name, count_max=100)))


def test_its_readers_get_what_its_rules_make_and_all_others_what_was_sent() -> None:
    topic = Ruled()
    topic.rule("red", **RED)
    topic.rule("tag", **TAG)
    topic.submit(DeclareQueue(name="t"))
    topic.submit(DeclareQueue(name="carried"))
    topic.submit(
        CreatePump(name="p", source="t", settings=PumpSettings(targets=(Address("carried"),)))
    )
    topic.reader("s", "red", "tag")
    topic.reader("all")
    sent = [b"0;colour=red", b"1;colour=blue", b"2;colour=red"]
    assert topic.publish(*sent) == 1
    assert topic.ready("s") == 2
    assert topic.take("s") == [b"0;colour=red,tag=x", b"2;colour=red,tag=x"]
    assert topic.take("all") == topic.queue("t") == topic.queue("carried") == sent
    blocks = topic.submit(Read(namespace="default", name="t", partition=0)).blocks
    assert [body for block in blocks if not block.control for body in block.bodies] == sent


def test_rules_that_change_nothing_still_say_what_is_taken() -> None:
    topic = Ruled()
    topic.rule("red", **RED)
    topic.reader("s", "red")
    topic.publish(b"0;colour=red", b"1;colour=blue")
    assert topic.take("s") == [b"0;colour=red"]
    topic.seek("s")
    assert topic.take("s") == [b"0;colour=red"]


def test_a_filter_stands_before_the_rules() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.reader("s", "tag", filter={"colour": "red"})
    topic.publish(b"0;colour=red", b"1;colour=blue")
    assert topic.take("s") == [b"0;colour=red,tag=x"]
    assert topic.submit(GetRule(name="tag")).seen == 1


def test_copies_that_native_rules_make_pass_the_rules_too() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.rule("one", check="h.n == '1'", bad="drop")
    topic.subscribe(
        "s", native("plain"), native("acts", action="SET n = '2'"), rules=("one", "tag")
    )
    topic.publish(b"0;n=1", b"1;n=2")
    assert topic.take("s") == [b"0;n=1,tag=x"]


def test_what_it_finds_bad_it_rejects_and_nobody_who_sends_is_told() -> None:
    topic = Ruled()
    for name in ("dead", "graves"):
        topic.submit(DeclareQueue(name=name))
    topic.rule("r", check="h.colour == 'red'")
    topic.rule("d", check="h.n == '1'", bad="dead-letter", dead_letter="graves")
    topic.rule("p", check="h.n == '1'", bad="pass")
    topic.reader("rejects", "r", dead_letter=Address("dead"))
    topic.reader("drops", "r")
    topic.reader("buries", "d", dead_letter=Address("dead"))
    topic.reader("passes", "p")
    assert topic.publish(b"0;colour=blue") == 1
    assert [topic.take(name) for name in ("rejects", "drops", "buries")] == [[], [], []]
    assert topic.queue("dead") == [b"0;colour=blue|rule"]
    assert topic.queue("graves") == [b"0;colour=blue|rule"]
    assert topic.take("passes") == [b"0;colour=blue"]  # this translator writes no marks
    info = topic.submit(GetRule(name="r"))
    assert (info.seen, info.bad) == (2, 2)
    given_up = topic.node.kernel.state.given_up
    assert "h.colour == 'red'" in info.fault
    assert (given_up.all["rule"], given_up.lettered["rule"]) == (3, 2)


def test_a_queue_may_have_rules_and_its_length_is_that_of_what_it_takes() -> None:
    topic = Ruled()
    topic.rule("red", **RED)
    settings = SubscriptionSettings(rules=("red",), length_max=2)
    topic.submit(DeclareQueue(name="t", settings=settings))
    for at in range(4):
        topic.publish(b"%d;colour=red" % at, b"%d;colour=blue" % at)
    assert topic.queue("t") == [b"2;colour=red", b"3;colour=red"]


def test_a_copy_is_given_back_rejected_and_peeked_as_any_message() -> None:
    topic = Ruled()
    topic.submit(DeclareQueue(name="dead"))
    topic.rule("tag", **TAG)
    topic.reader("s", "tag", dead_letter=Address("dead"))
    topic.publish(b"0", b"1")
    first, second = topic.lease("s", count_max=1)[0], topic.lease("s", count_max=1)[0]
    topic.settle(first, "reject")
    topic.settle(second, "release")
    peeked = topic.submit(Peek(name="t", subscription="s", count_max=9))
    assert [(each.body, each.tries) for each in peeked] == [(b"1;tag=x", 1)]
    assert topic.queue("dead") == [b"0;tag=x|rejected"]


def test_a_changed_rule_counts_for_what_is_sent_from_then_on() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.reader("s", "tag")
    topic.publish(b"0")
    topic.rule("tag", headers={"tag": "'y'"})
    topic.publish(b"1")
    assert topic.take("s") == [b"0;tag=x", b"1;tag=y"]
    topic.seek("s")
    assert topic.take("s") == [b"0;tag=x", b"1;tag=y"]


def test_rules_come_and_go_while_messages_wait() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.reader("s")
    topic.publish(b"0", b"1", b"2")
    leased = topic.lease("s", count_max=2)
    for rules in (("tag",), (), ("tag",)):
        topic.alter("s", rules=rules)
        topic.publish(b"3")
    assert topic.ready("s") == 4
    topic.settle(leased[0], "release")
    assert topic.take("s") == [b"0", b"1", b"2", b"3;tag=x", b"3", b"3;tag=x"]
    topic.node.settle()
    topic.start()
    assert topic.take("s") == [b"0", b"1", b"2", b"3;tag=x", b"3", b"3;tag=x"]
    topic.seek("s")  # what came before it had rules is not its own any more, nor what came between
    assert topic.take("s") == [b"3;tag=x", b"3;tag=x"]
    topic.alter("s", rules=())
    topic.seek("s")
    assert topic.take("s") == [b"0", b"1", b"2", b"3", b"3", b"3"]


def test_a_reader_that_is_made_with_rules_begins_with_what_comes() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.publish(b"0")
    topic.reader("s", "tag")
    topic.publish(b"1")
    assert topic.take("s") == [b"1;tag=x"]


def test_it_goes_back_to_a_snapshot_of_its_own() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.reader("s", "tag")
    topic.publish(b"0", b"1")
    topic.settle(topic.lease("s", count_max=1)[0], "ack")
    topic.submit(CreateSnapshot(snapshot="then", name="t", subscription="s", life_ms=60_000))
    topic.publish(b"2")
    for delivery in topic.lease("s"):
        topic.settle(delivery, "ack")
    topic.submit(SeekSnapshot(snapshot="then", name="t", subscription="s"))
    assert topic.take("s") == [b"1;tag=x", b"2;tag=x"]


def test_a_rule_may_let_a_copy_expire_sooner_and_others_keep_the_message() -> None:
    topic = Ruled()
    topic.rule("brief", set={"expires_in": "duration('10ms')"}, when="h.colour == 'red'")
    topic.reader("s", "brief")
    topic.reader("all")
    topic.publish(b"0;colour=red", b"1;colour=blue")
    pass_ms(topic.node, 20)
    assert topic.take("s") == [b"1;colour=blue"]
    assert len(topic.take("all")) == 2


def test_keys_and_sessions_are_those_that_rules_say() -> None:
    topic = Ruled(partitions=4)
    topic.rule("b", set={"group": "'b'"}, when="h.colour == 'red'")
    topic.reader("s", "b", order="session")
    topic.publish(b"0;group=a,colour=red", b"1;group=a", keys=[b"a", b"a"])
    for key, wanted in (("a", b"1;group=a"), ("b", b"0;group=b,colour=red")):
        lock = topic.submit(AcceptSession(name="t", subscription="s", key=key.encode()))
        assert bodies(topic.lease("s", within=lock.holder.id)) == [wanted]


def test_of_a_batch_each_message_is_judged() -> None:
    topic = Ruled()
    topic.rule("red", **RED)
    topic.reader("s", "red")
    topic.publish(b"0;colour=red\n1;colour=blue\n2;colour=red", packed=3)
    topic.publish(b"3;colour=red")
    assert topic.take("s") == [b"0;colour=red", b"2;colour=red", b"3;colour=red"]


def test_priorities_expiry_and_duplicates_are_the_messages_own() -> None:
    topic = Ruled(dedup_window_ms=60_000)
    topic.rule("tag", **TAG)
    topic.reader("s", "tag", order="priority", priorities=9)
    now_ms = topic.session.wall_ms()
    for _ in range(2):
        topic.publish(
            b"low",
            b"high",
            b"late",
            priorities=[0, 5, 9],
            expires_ms=[0, 0, now_ms + 10],
            dedup=["a", "b", "c"],
        )
    pass_ms(topic.node, 20)
    assert topic.take("s") == [b"high;tag=x", b"low;tag=x"]


def test_a_priority_that_a_rule_sets_counts_for_the_copy() -> None:
    topic = Ruled()
    topic.rule("urgent", set={"priority": "9"}, when="h.colour == 'red'")
    topic.reader("s", "urgent", order="priority", priorities=9)
    topic.publish(b"0;colour=blue", b"1;colour=red", b"2;colour=blue", priorities=[0, 0, 5])
    assert topic.take("s") == [b"1;colour=red,priority=9", b"2;colour=blue", b"0;colour=blue"]


def test_a_rule_that_a_subscription_has_stays_and_stays_fit_for_it() -> None:
    topic = Ruled()
    topic.rule("tag", **TAG)
    topic.rule("moves", set={"target": "'q'"})
    topic.reader("s", "tag")
    for name, error in (("moves", InvalidArgument), ("none", RuleNotFound)):
        with pytest.raises(error):
            topic.alter("s", rules=("tag", name))
        with pytest.raises(error):
            topic.reader("other", name)
        with pytest.raises(error):
            topic.submit(DeclareQueue(name="q", settings=SubscriptionSettings(rules=(name,))))
    with pytest.raises(InvalidArgument, match=r"set\.deliver_in"):
        topic.rule("tag", set={"deliver_in": "duration('1s')"})
    with pytest.raises(InUse, match="t, subscription s"):
        topic.submit(DeleteRule(name="tag"))
    with pytest.raises(InvalidArgument, match="no delay"):
        topic.alter("s", delay_ms=10)
    topic.alter("s", rules=())
    topic.submit(DeleteRule(name="tag"))


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("publish"), st.lists(st.sampled_from(["red", "blue"]), min_size=1, max_size=3)
        ),
        st.tuples(st.just("version"), st.sampled_from(["x", "y"])),
        st.tuples(st.just("rules"), st.sampled_from([(), ("red",), ("tag",), ("red", "tag")])),
        st.tuples(st.sampled_from(["crash", "checkpoint"]), st.none()),
        st.tuples(st.just("take"), st.integers(1, 3)),
    ),
    max_size=14,
)


@pytest.mark.slow
@given(STEPS)
def test_it_takes_what_its_rules_say_whatever_happens(steps: list[tuple[str, Any]]) -> None:
    topic = Ruled()
    topic.rule("red", **RED)
    topic.rule("tag", **TAG)
    topic.reader("s", "tag")
    topic.node.settle()
    wanted: list[bytes] = []
    rules: tuple[str, ...] = ("tag",)
    version, sent = "x", 0
    for step, said in steps:
        if step == "publish":
            texts = [f"{at};colour={colour}" for at, colour in enumerate(said, sent)]
            sent += len(texts)
            topic.publish(*[text.encode() for text in texts])
            tail = f",tag={version}" if "tag" in rules else ""
            wanted += [
                (text + tail).encode() for text in texts if "red" in text or "red" not in rules
            ]
        elif step == "version":
            version = said
            topic.rule("tag", headers={"tag": f"'{said}'"})
        elif step == "rules":
            rules = said
            topic.alter("s", rules=said)
        elif step == "take":
            for delivery in topic.lease("s", count_max=said):
                count = delivery.end - delivery.start
                assert delivery.bodies == wanted[:count]
                del wanted[:count]
                topic.settle(delivery, "ack")
        elif step == "checkpoint":
            topic.node.checkpoint()
        else:
            topic.start()
        topic.node.settle()
    assert topic.take("s") == wanted
    assert topic.ready("s") == 0
