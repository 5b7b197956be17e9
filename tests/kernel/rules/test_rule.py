import pytest
from tests.kernel.rules.cases import Rules, said

from dragoman.kernel.api import GetRule
from dragoman.kernel.rules.book import encode
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.model.errors import MessageInvalid


def test_a_rule_is_for_those_messages_that_it_says_and_counts_them() -> None:
    rules = Rules()
    rules.rule(when="h.kind == 'order'", check="msg.total > 0")
    rules.publish(said(b"anything"), said({"total": 1}, {"kind": "order"}))
    with pytest.raises(MessageInvalid):
        rules.publish(said({"total": 0}, {"kind": "order"}))
    info = rules.submit(GetRule(name="r"))
    assert (info.seen, info.bad, info.changed) == (2, 1, 0)
    assert info.fault == "rule r: it is not so that msg.total > 0"


def test_rules_follow_each_other_by_name_and_each_sees_what_those_before_it_made() -> None:
    rules = Rules()
    rules.rule("a", set={"body": "{'n': msg.n + 1}"}, headers={"a": "'x'"})
    rules.rule("b", check="msg.n == 2 && h.a == 'x'", set={"body": "{'n': msg.n * 10}"})
    rules.publish({"n": 1})
    assert rules.values() == [{"n": 20}]


def test_a_message_that_cannot_be_changed_is_bad_and_stays_as_it_was() -> None:
    rules = Rules()
    rules.rule(set={"body": "msg.n + 1"}, bad="pass")
    rules.publish({"n": "text"}, {"n": 1})
    first, second = rules.stored()
    assert first.body == b'{"n":"text"}'
    assert dict(first.headers)["dragoman-invalid"].startswith("rule r: set.body: no + for")
    assert second.body == b"2"


def test_a_rule_in_trouble_finds_every_message_bad() -> None:
    rules = Rules()
    rules.world.kernel.state.rules.put(
        "default", "r", encode(1, RuleSettings(on=("orders",), plugin="gone"))
    )
    with pytest.raises(MessageInvalid, match="rule r: the rule cannot run: no plugin is called"):
        rules.publish({})
