"""Headers that the broker sets on SQS messages."""

from dragoman.formats import canonical, sqs
from dragoman.formats.sqsedit import with_headers
from dragoman.model.levels import CANONICAL, SQS


def entry() -> bytes:
    message = sqs.SqsMessage(b"i" * 16, 5, b"x")
    message.attributes = sqs.pack_attribute(b"a", b"Number", 1, b"5")
    return message.pack()


def test_a_header_is_an_attribute_and_the_md5_is_of_all() -> None:
    format_, changed = with_headers(entry(), (("a", "new"), ("b", "c")))
    assert format_ == SQS
    found = sqs.unpack(changed)
    assert sqs.read_attributes(found) == [("a", "new"), ("b", "c")]
    assert found.attributes_md5 == sqs.md5_of(found.attributes)
    assert found.id == b"i" * 16


def test_what_no_attribute_can_say_makes_it_a_message_of_no_protocol() -> None:
    format_, changed = with_headers(entry(), (("a", ""), ("not allowed", "c")))
    assert format_ == CANONICAL
    assert canonical.decode(changed).headers == [("a", ""), ("not allowed", "c")]
