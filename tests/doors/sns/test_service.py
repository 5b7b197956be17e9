"""What connections share."""

from tests.doors.sns.client import Sns


def test_a_subscription_made_on_one_connection_holds_for_what_is_published_on_another() -> None:
    sns = Sns()
    sns.topic()
    sns.publish("early")
    sns.subscribe("a", RawMessageDelivery="true")
    sns.client = sns.world.connect()
    sns.publish("x")
    assert sns.sqs.bodies("a") == ["x"]
