"""What a stream says of messages: seen by filters and actions that ask, of each message its own."""

from tests.kernel.filters.cases import Source
from tests.kernel.test_copies import rule
from tests.kernel.topic import Topic

from dragoman.kernel.filters.arrival import FOR_EVER_MS, Place
from dragoman.model.message import Typed


def test_a_message_is_seen_as_it_says_and_as_it_came() -> None:
    source = Source(headers={"n": 1}, attributes={"type": "t"})
    place = Place(2, 40, 5_000, [0, 7_500])
    first, second = place.arrived(source, 0), place.arrived(source, 1)
    assert (second.headers, second.attribute("type"), second.attribute("to")) == (
        {"n": 1},
        "t",
        None,
    )
    assert second.attribute("stored_at") == Typed("timestamp", 5_000)
    assert second.attribute("sequence") == (2 << 48) + 42
    assert (first.attribute("ttl"), second.attribute("ttl")) == (FOR_EVER_MS, 2_500)
    assert first.attribute("deliveries") == 0


def numbered(*, late: bool) -> Topic:
    """Four messages of which `s` takes the third and the fifth, made before they come or after."""
    topic = Topic()
    second = {"@two": 2, "@hour": {"duration": 3_600_000}}
    rules = (
        rule(
            "r",
            "sql",
            expression="sys.SequenceNumber > @two AND sys.TimeToLive > @hour",
            parameters=second,
        ),
    )
    if not late:
        topic.subscribe("s", *rules)
    now_ms = topic.node.clock.now_ms
    topic.publish(b"1", b"2", b"3", b"4", expires_ms=[0, 0, 0, now_ms + 1_000])
    topic.publish(b"5", expires_ms=[now_ms + 7_200_000])
    if late:
        topic.subscribe("s", *rules)
    return topic


def test_numbers_and_lives_are_asked_for_when_messages_come_and_by_who_comes_later() -> None:
    for late in (False, True):
        assert numbered(late=late).take("s") == [b"3", b"5"], late


def test_an_action_sees_its_messages_own_number() -> None:
    topic = Topic()
    topic.subscribe("s", rule("acts", "sql", "SET n = sys.SequenceNumber", expression="1 = 1"))
    topic.publish(b"0;", b"1;")
    topic.publish(b"2;")
    assert topic.take("s") == [b"0;n=1", b"1;n=3", b"2;n=5"]


def test_the_time_of_coming_is_compared_with_a_time() -> None:
    topic = Topic()
    later = {"@later": {"dateTime": topic.node.clock.now_ms + 1_000}}
    topic.subscribe(
        "s", rule("r", "sql", expression="sys.EnqueuedTimeUtc >= @later", parameters=later)
    )
    topic.publish(b"1")
    topic.node.clock.now_ms += 1_000
    topic.node.settle()
    topic.publish(b"2")
    assert topic.take("s") == [b"2"]
