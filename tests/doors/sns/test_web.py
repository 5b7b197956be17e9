"""Queues of endpoints: what is in them, and their settings."""

from tests.doors.sns.client import HOOK, Sns, arn_of

from dragoman.doors.sns.names import subscription_name
from dragoman.doors.sns.web import note_of, web_entry
from dragoman.formats.sqs import unpack, unpack_attributes
from dragoman.kernel.api import DescribeQueue


def test_a_queue_of_its_own_says_where_to() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.join("http", HOOK)
    info = sns.world.kernel.submit(DescribeQueue(name=subscription_name(arn).stream), 0)
    note = note_of(info.settings)
    assert (note.url, note.topic, note.subscription) == (HOOK, arn_of(), arn)
    assert info.settings.push == "sns"


def test_entries_say_what_their_body_does_not() -> None:
    entry = unpack(web_entry(b"i" * 16, 5, "x", is_raw=True).pack())
    assert (entry.id, entry.sent_ms, entry.body) == (b"i" * 16, 5, b"x")
    assert unpack_attributes(entry.attributes) == [
        (b"x-amz-sns-rawdelivery", b"String", 1, b"true")
    ]
    assert web_entry(b"i" * 16, 5, "x", is_raw=False).attributes == b""
