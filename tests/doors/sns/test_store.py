"""Documents of topics and subscriptions, and what is remembered of them."""

from tests.doors.sns.client import Sns, arn_of

from dragoman.doors.sns.face import SnsFace
from dragoman.doors.sns.names import topic_name
from dragoman.kernel.api import ListDocuments


def test_what_is_stored_outlives_the_face() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a", RawMessageDelivery="true", FilterPolicy='{"k": [{"exists": false}]}')
    known = sns.attributes(arn)
    sns.world.make_door = Sns().world.make_door  # another face, as after a restart
    sns.client = sns.world.connect()
    assert sns.attributes(arn) == known
    sns.publish("x")
    assert sns.sqs.bodies("a") == ["x"]


def test_targets_are_read_once_and_again_after_a_change() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a")
    store = sns.face._service.store
    session = sns.client.door._session
    first = store.targets(session, topic_name(arn_of()))
    assert store.targets(session, topic_name(arn_of())) is first
    sns.subscribe("b")
    assert len(store.targets(session, topic_name(arn_of()))) == 2


def test_accounts_do_not_see_each_other() -> None:
    sns = Sns()
    sns.topic()
    other = "arn:aws:sns:us-east-1:123456789012:news"
    found = sns.world.kernel.submit(ListDocuments(namespace="123456789012", kind="sns.topic"), 0)
    assert found == []
    assert topic_name(other).namespace != topic_name(arn_of()).namespace


def test_faces_share_nothing() -> None:
    assert SnsFace()._service.store is not SnsFace()._service.store
