"""Elements of descriptions: their order, and what they take."""

import pytest
from tests.doors.servicebus.atom.client import Admin

from dragoman.doors.servicebus.atom.errors import AtomError
from dragoman.doors.servicebus.atom.fields import QUEUE, SUBSCRIPTION, TOPIC, check

OPTIONAL = {"ForwardTo", "ForwardDeadLetteredMessagesTo", "UserMetadata"}


@pytest.mark.parametrize(
    ("path", "kind", "fields"),
    [
        ("/q", "QueueDescription", QUEUE),
        ("/t", "TopicDescription", TOPIC),
        ("/t/Subscriptions/s", "SubscriptionDescription", SUBSCRIPTION),
    ],
)
def test_answers_hold_the_whole_description_in_order(path: str, kind: str, fields: object) -> None:
    assert isinstance(fields, tuple)
    admin = Admin()
    if path.startswith("/t/"):
        admin.put("/t", "TopicDescription")
    assert admin.put(path, kind) == 201
    wanted = [field.name for field in fields if field.name not in OPTIONAL]
    assert list(admin.said(path)) == wanted


def test_what_nobody_sets_is_passed_over() -> None:
    said = {"MessageCount": "7", "Unknown": "x", "MaxDeliveryCount": "3"}
    assert check(QUEUE, said) == {"MaxDeliveryCount": "3"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LockDuration", "soon"),
        ("MaxDeliveryCount", "-1"),
        ("MaxDeliveryCount", "9" * 30),
        ("RequiresSession", "1"),
        ("Status", "Gone"),
        ("UserMetadata", "x" * 1_025),
    ],
)
def test_what_an_element_does_not_take_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(AtomError, match=name):
        check(QUEUE, {name: text})
