from dragoman.doors.shared.push.renderer import ACK, Plan, PushMessage, Verdict
from dragoman.formats import canonical
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message


def test_a_message_is_read_whatever_brought_it() -> None:
    entry = canonical.encode(Message(b"hello"))
    message = PushMessage(CANONICAL, entry, 0, 0, 7, 1_234, 1, 3).decode()
    assert (message.body, message.stored_at_us) == (b"hello", 1_234_000)


def test_a_failed_attempt_counts_and_takes_the_subscriptions_own_delay_unless_said_otherwise() -> (
    None
):
    release = Verdict("release")
    assert (release.is_failed, release.delay_ms) == (True, -1)
    assert ACK.outcome == "ack"


def test_a_plan_is_of_single_messages_unless_it_says_otherwise() -> None:
    plan = Plan("http://a/")
    assert (plan.count_max, plan.bytes_max, plan.requests_max) == (1, 0, 0)
