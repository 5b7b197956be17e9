from importlib.metadata import EntryPoint

import pytest
from tests.fakes.node import ManualClock
from tests.kernel.rules.cases import Rules, said

from dragoman.app import plugins
from dragoman.app.plugins import CALL_MS_MAX, GROUP, OVERRUNS_MAX, Transform
from dragoman.kernel.api import GetRule
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Message


class Installed:
    """Entry points as if they were installed, and the clock that calls of them move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.clock = ManualClock()
        CLOCKS[:] = [self.clock]
        found = [EntryPoint(name, f"{__name__}:{name}", GROUP) for name in names]
        monkeypatch.setattr(plugins, "entry_points", lambda group: found)
        self.rules = Rules()
        book = self.rules.world.kernel.state.rules
        book.plugins.load = lambda: plugins.load(self.clock)


CLOCKS: list[ManualClock] = []


def shout(message: Message) -> Message | None:
    if message.body == b"null":
        return None
    message.body = (message.body or b"").upper()
    return message


def fail(message: Message) -> Message | None:
    raise ValueError(message.body)


def dawdle(message: Message) -> Message | None:
    CLOCKS[0].now_ms += int(message.body or b"0")
    return None


def test_a_rule_calls_a_plugin_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Installed(monkeypatch, "shout").rules
    rules.rule(plugin="shout")
    rules.publish(said(b"hello"), said(None))
    assert [each.body for each in rules.stored()] == [b"HELLO", b"null"]
    assert rules.submit(GetRule(name="r")).changed == 1
    with pytest.raises(InvalidArgument, match="no plugin is called nobody"):
        rules.rule(plugin="nobody")


def test_what_a_plugin_raises_makes_a_bad_message(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Installed(monkeypatch, "fail", "missing").rules
    rules.rule(plugin="fail", bad="dead-letter")
    rules.publish(said(b"x"))
    assert rules.submit(GetRule(name="r")).fault == "rule r: plugin fail: ValueError: b'x'"
    assert [each.body for each in rules.stored("orders/dead")] == [b"x"]
    rules.rule(plugin="missing", bad="drop")
    rules.publish(said(b"x"))
    assert "cannot be loaded: AttributeError" in rules.submit(GetRule(name="r")).fault


def test_a_plugin_that_takes_too_long_again_and_again_is_not_called_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = Installed(monkeypatch, "dawdle")
    rules = installed.rules
    rules.rule(plugin="dawdle", bad="drop")
    late = said(CALL_MS_MAX + 1)
    rules.publish(*[late] * (OVERRUNS_MAX - 1), said(CALL_MS_MAX), said(0))
    assert rules.values() == [CALL_MS_MAX, 0]
    assert "took 21 ms, 20 are allowed" in rules.submit(GetRule(name="r")).fault
    rules.publish(*[late] * OVERRUNS_MAX, said(0))
    assert rules.values() == [CALL_MS_MAX, 0]
    assert "not called any more" in rules.submit(GetRule(name="r")).fault
    transform = rules.world.kernel.state.rules.plugins.find("dawdle")
    assert isinstance(transform, Transform)
    assert transform.calls == 2 * OVERRUNS_MAX + 1
