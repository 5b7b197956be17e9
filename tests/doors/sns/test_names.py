import pytest

from dragoman.doors.sns.names import Name, check_name, subscription_name, topic_name
from dragoman.doors.sqs.errors import Refused

ID = "01234567-89ab-4cde-8f01-23456789abcd"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"


def test_a_topic_and_its_subscription() -> None:
    topic = topic_name(TOPIC)
    assert topic == Name("eu-west-1", "123456789012", "orders")
    assert topic.arn == TOPIC
    assert topic.namespace == "123456789012"
    assert not topic.is_fifo
    own = subscription_name(f"{TOPIC}:{ID}")
    assert own == topic._replace(id=ID)
    assert (own.arn, own.key, own.stream) == (f"{TOPIC}:{ID}", f"orders:{ID}", f"sns/{ID}")


def test_a_fifo_topic_has_a_stream() -> None:
    topic = topic_name(TOPIC + ".fifo")
    assert topic.is_fifo
    assert topic.stream == "sns/orders.fifo"


@pytest.mark.parametrize(
    "arn",
    [None, "", "orders", TOPIC + ":x", f"{TOPIC}:{ID}", TOPIC + "/a", "x" * 2_000, TOPIC[:-6]],
)
def test_what_is_no_topic(arn: str | None) -> None:
    with pytest.raises(Refused, match="TopicArn"):
        topic_name(arn)


@pytest.mark.parametrize("arn", [None, TOPIC, f"{TOPIC}:{ID}:x", f"{TOPIC}:{ID[:-1]}"])
def test_what_is_no_subscription(arn: str | None) -> None:
    with pytest.raises(Refused, match="SubscriptionArn"):
        subscription_name(arn)


def test_names() -> None:
    for name in ("a", "A-_9", "x" * 256, "x" * 251 + ".fifo"):
        assert check_name(name) == name
    for name in ("", "a.b", "x" * 257, ".fifo", "é"):
        with pytest.raises(Refused, match="Topic Name"):
            check_name(name)
