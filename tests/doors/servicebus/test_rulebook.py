"""A subscription's rules as its filter."""

import pytest
from tests.doors.servicebus.client import World

from dragoman.doors.servicebus.definitions import DEFAULT_RULE, DIALECT
from dragoman.doors.servicebus.rulebook import rules_of, set_rules
from dragoman.kernel.api import (
    CreateStream,
    CreateSubscription,
    DescribeQueue,
    QueueInfo,
    SubscriptionSettings,
)
from dragoman.model.errors import InvalidArgument


def made(**settings: object) -> tuple[World, QueueInfo]:
    world = World()
    session = world.kernel.open_session()
    world.kernel.submit(CreateStream(name="t"), session)
    told = SubscriptionSettings(**settings)  # type: ignore[arg-type]
    command = CreateSubscription(name="t", subscription="s", settings=told)
    info: QueueInfo = world.kernel.submit(command, session)
    return world, info


def test_a_subscription_without_a_filter_has_the_default_rule() -> None:
    assert rules_of(made()[1]) == [DEFAULT_RULE]


def test_another_protocols_filter_is_none_of_its_rules() -> None:
    with pytest.raises(InvalidArgument):
        rules_of(made(filter={"filter": 'attributes.a = "b"'}, dialect="pubsub")[1])


def test_rules_are_set() -> None:
    world, info = made(filter={"rules": [DEFAULT_RULE]}, dialect=DIALECT)
    client = world.azure()
    set_rules(client.session, "default", info, [{"name": "n", "kind": "false"}])
    found = world.kernel.submit(DescribeQueue(name="t", subscription="s"), 0)
    assert rules_of(found) == [{"name": "n", "kind": "false"}]
