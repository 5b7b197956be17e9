from typing import ClassVar, Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode

from dragoman.kernel.atomic import Atomic
from dragoman.kernel.commands import (
    AlterStream,
    Bind,
    CreateStream,
    DeclareRoute,
    DeleteStream,
    DescribeStream,
    Publish,
)
from dragoman.kernel.replies import Original, PublishReply
from dragoman.kernel.settings import Address, RouteSettings, StreamSettings
from dragoman.model.errors import InvalidArgument, QuotaExceeded
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.model.limits import DEDUP_ID_CHARS_MAX, DEDUP_IDS_MAX, DEDUP_WINDOW_MS_MAX
from dragoman.runtime.session import BrokerSession

WINDOW_MS = 10_000


def stream(session: BrokerSession, name: str = "t", window_ms: int = WINDOW_MS) -> None:
    stream_settings = StreamSettings(retention_ms=-1, level=SYNCED, dedup_window_ms=window_ms)
    session.submit(CreateStream(name=name, settings=stream_settings))


def command(*ids: str, name: str = "t", is_route: bool = False) -> Publish:
    made = Publish(
        "default", Address(name, is_route=is_route), CANONICAL, [each.encode() for each in ids]
    )
    made.dedup = list(ids)
    return made


def send(session: BrokerSession, *ids: str, name: str = "t") -> PublishReply:
    return session.publish(command(*ids, name=name))


def end(session: BrokerSession, name: str = "t") -> int:
    found = session.submit(DescribeStream(name=name)).partitions[0].end
    assert isinstance(found, int)
    return found


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()
    node.clock.now_ms += time_ms
    node.settle()


def test_a_repeat_within_the_window_is_answered_with_the_old_offset_and_not_appended() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    send(session, "a")
    assert send(session, "b").offset == 1
    wait(node, WINDOW_MS - 1)
    reply = send(session, "b")
    assert (reply.duplicate, reply.offset, reply.routed, reply.level) == (True, 1, 1, SYNCED)
    assert end(session) == 2
    wait(node, 1)
    reply = send(session, "b")
    assert (reply.duplicate, reply.offset) == (False, 2)


def test_of_a_batch_only_the_new_ones_are_appended_and_each_old_one_is_named() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    send(session, "a", "b")
    stored_ms = node.kernel.now_ms
    wait(node, 5)
    reply = send(session, "a", "c", "c", "b", "d")
    assert not reply.duplicate
    assert reply.duplicates == {
        0: Original(0, 0, stored_ms),
        2: Original(0, 2, node.kernel.now_ms),
        3: Original(0, 1, stored_ms),
    }
    assert end(session) == 4
    assert send(session, "", "").duplicates is None, "no id, no memory"


@pytest.mark.parametrize("checkpoint", [False, True])
def test_ids_are_remembered_across_a_restart_as_long_as_their_window(*, checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    stream(session)
    send(session, "a")
    wait(node, 5000)
    send(session, "b")
    stored_ms = node.kernel.now_ms
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    node.clock.now_ms += 12_000
    node.settle()
    session = node.connect()
    reply = send(session, "b")
    assert reply.duplicates == {0: Original(0, 1, stored_ms)}
    assert not send(session, "a").duplicate


@pytest.mark.parametrize("checkpoint", [False, True])
def test_ids_count_per_key_where_the_stream_says_so(*, checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    made = StreamSettings(
        retention_ms=-1, level=SYNCED, dedup_window_ms=WINDOW_MS, dedup_scope="key"
    )
    session.submit(CreateStream(name="t", settings=made))

    def send_keyed(*pairs: str) -> list[int]:
        publish = command(*[pair.partition(".")[2] for pair in pairs])
        publish.keys = [pair.partition(".")[0].encode() for pair in pairs]
        return sorted(session.publish(publish).duplicates or ())

    assert send_keyed("a.1", "b.1", "a.2", "a.1") == [3]
    assert send_keyed("1.11", "11.1") == []
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert send_keyed("a.1", "b.2", "b.1", "1.11", ".1", ".") == [0, 2, 3]
    assert send_keyed(".1", ".") == [0]


def test_buckets_fall_out_of_memory_and_of_the_state_store() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    stream(session)
    for number in range(10):
        send(session, f"{number}")
        wait(node, 1000)
    node.checkpoint()
    assert len(list(engine.state.scan("dedup"))) >= 8
    wait(node, WINDOW_MS)
    wait(node, WINDOW_MS)
    assert node.kernel.state.dedup.count == 0
    assert not node.kernel.state.dedup.by_stream
    node.checkpoint()
    assert not list(engine.state.scan("dedup"))


def test_streams_do_not_share_ids_and_one_without_a_window_keeps_none() -> None:
    session = Engine().start().connect()
    stream(session)
    stream(session, "other")
    stream(session, "plain", 0)
    for name in ("t", "other", "plain", "plain"):
        assert not send(session, "a", name=name).duplicate
    assert end(session, "plain") == 2


def test_one_target_of_a_route_may_know_what_another_does_not() -> None:
    session = Engine().start().connect()
    stream(session)
    stream(session, "plain", 0)
    session.submit(DeclareRoute(name="r", settings=RouteSettings(kind="fanout")))
    for name in ("t", "plain"):
        session.submit(Bind(route="r", target=name))
    for _ in range(2):
        session.publish(command("a", "b", name="r", is_route=True))
    assert (end(session), end(session, "plain")) == (2, 4)


def test_targets_are_counted_whether_they_take_a_message_or_have_it() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    stream(session, "plain", window_ms=0)
    session.submit(DeclareRoute(name="r", settings=RouteSettings(kind="fanout")))
    for name in ("t", "plain"):
        session.submit(Bind(route="r", target=name))
    for _ in range(2):
        assert session.publish(command("a", name="r", is_route=True)).routed == 2


def test_an_id_stays_known_though_a_later_one_is_older_because_the_clock_stepped_back() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    wait(node, 1_000 - node.clock.now_ms % 10_000)  # one bucket holds both
    send(session, "young")
    wait(node, -900)
    send(session, "old")
    wait(node, WINDOW_MS + 500)
    assert send(session, "young").duplicate


def test_within_an_atomic_set_the_second_is_a_repeat_of_the_first() -> None:
    session = Engine().start().connect()
    stream(session)
    replies = session.submit(Atomic((command("a"), command("a"))))
    assert [reply.duplicate for reply in replies] == [False, True]
    assert end(session) == 1


def test_a_put_off_message_is_judged_when_it_goes_out() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    put_off = command("a")
    put_off.due_ms = session.wall_ms() + 1000
    assert not session.publish(put_off).duplicate
    send(session, "a")
    wait(node, 2000)
    assert end(session) == 1


def test_a_window_that_is_taken_away_forgets_and_a_deleted_stream_does_too() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("t", "u"):
        stream(session, name)
        send(session, "a", name=name)
    session.submit(AlterStream(name="t", settings=StreamSettings(retention_ms=-1)))
    assert not send(session, "a").duplicate
    session.submit(DeleteStream(name="u"))
    wait(node, 6000)
    assert node.kernel.state.dedup.count == 0


def test_what_cannot_be_remembered_is_refused() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session)
    with pytest.raises(InvalidArgument):
        send(session, "x" * (DEDUP_ID_CHARS_MAX + 1))
    uneven = command("a")
    uneven.dedup = ["a", "b"]
    with pytest.raises(InvalidArgument):
        session.publish(uneven)
    with pytest.raises(InvalidArgument):
        stream(session, "long", DEDUP_WINDOW_MS_MAX + 1)
    node.kernel.state.dedup.count = DEDUP_IDS_MAX
    with pytest.raises(QuotaExceeded):
        send(session, "a")


class Windows(RuleBasedStateMachine):
    """Any ids at any times with restarts, against a dictionary of when each was stored last, and where."""

    scope: ClassVar[Literal["stream", "key"]] = "stream"

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.wall_ms = 1_000_000
        self._start()
        made = StreamSettings(
            retention_ms=-1, level=SYNCED, dedup_window_ms=WINDOW_MS, dedup_scope=self.scope
        )
        self.session.submit(CreateStream(name="t", settings=made))
        self.stored: dict[tuple[str, str], tuple[int, int]] = {}

    def _start(self) -> None:
        self.node = self.engine.start()
        self.node.clock.now_ms = self.wall_ms
        self.node.settle()
        self.session = self.node.connect()
        self.node.settle()

    @rule(
        ids=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3), key=st.sampled_from("xy")
    )
    def publish(self, ids: list[str], key: str) -> None:
        made = command(*ids)
        made.keys = [key.encode()] * len(ids)
        reply = self.session.publish(made)
        at = reply.offset
        for index, identity in enumerate(ids):
            place = (key if self.scope == "key" else "", identity)
            known = self.stored.get(place)
            original = (reply.duplicates or {}).get(index)
            if known is not None and known[0] + WINDOW_MS > self.wall_ms:
                assert original == Original(0, known[1], known[0])
            else:
                assert original is None
                self.stored[place] = (self.wall_ms, at)
                at += 1
        assert reply.duplicate == (at == reply.offset)
        self.node.settle()

    @rule(time_ms=st.sampled_from([1, 700, 1250, 4000, WINDOW_MS]))
    def let_pass(self, time_ms: int) -> None:
        self.wall_ms += time_ms
        wait(self.node, time_ms)

    @rule(checkpoint=st.booleans())
    def restart(self, *, checkpoint: bool) -> None:
        self.node.settle()
        if checkpoint:
            self.node.checkpoint()
        self._start()


class WindowsOfKeys(Windows):
    scope: ClassVar[Literal["stream", "key"]] = "key"


TestWindows = Windows.TestCase
TestWindowsOfKeys = WindowsOfKeys.TestCase
for _case in (TestWindows, TestWindowsOfKeys):
    _case.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
del _case
