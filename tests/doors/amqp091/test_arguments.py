"""Arguments of queues: type, range, kind of queue, and what they mean."""

from typing import Any

import pytest
from tests.doors.amqp091.client import World, table

from dragoman.wire.amqp091 import methods as m


def declare(name: str = "q", **options: Any) -> m.QueueDeclare:
    arguments = table(options.pop("arguments", {}))
    return m.QueueDeclare(queue=name, arguments=arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"x-message-ttl": -1}, "'x-message-ttl' {}: {{value_negative,-1}}"),
        ({"x-message-ttl": "a"}, "'x-message-ttl' {}: \"expected integer, got longstr\""),
        ({"x-message-ttl": 1 << 40}, "'x-message-ttl' {}: {{value_too_large,1099511627776}}"),
        ({"x-message-ttl": True}, "'x-message-ttl' {}: \"expected integer, got bool\""),
        ({"x-expires": 0}, "'x-expires' {}: {{value_zero,0}}"),
        ({"x-max-length": -1}, "'x-max-length' {}: {{value_negative,-1}}"),
        ({"x-max-length-bytes": "a"}, "'x-max-length-bytes' {}: \"expected integer, got longstr\""),
        ({"x-overflow": "z"}, "'x-overflow' {}: invalid_overflow"),
        ({"x-overflow": 5}, "'x-overflow' {}: {{unacceptable_type,signedint}}"),
        (
            {"x-dead-letter-routing-key": "k"},
            "'x-dead-letter-routing-key' {}: routing_key_but_no_dlx_defined",
        ),
        ({"x-max-priority": 256}, "'x-max-priority' {}: {{max_value_exceeded,256}}"),
        ({"x-queue-type": "z"}, "'x-queue-type' {}: \"unsupported queue type 'z'\""),
        ({"x-queue-type": "log"}, "'x-queue-type' {}: \"unsupported queue type 'log'\""),
        (
            {"x-single-active-consumer": 5},
            "'x-single-active-consumer' {}: {{unacceptable_type,signedint}}",
        ),
        ({"x-queue-mode": "z"}, "'x-queue-mode' {}: \"unsupported queue mode 'z'\""),
        ({"x-queue-version": 9}, "'x-queue-version' {}: \"unsupported queue version '9'\""),
        ({"x-delivery-limit": 3}, "'x-delivery-limit' {} of queue type rabbit_classic_queue"),
        (
            {"x-max-priority": 3, "x-queue-type": "quorum"},
            "'x-max-priority' {} of queue type rabbit_quorum_queue",
        ),
        (
            {"x-quorum-initial-group-size": 0, "x-queue-type": "quorum"},
            "'x-quorum-initial-group-size' {}: {{value_zero,0}}",
        ),
        (
            {"x-queue-leader-locator": "zz", "x-queue-type": "quorum"},
            "'x-queue-leader-locator' {}: invalid_queue_locator_arg",
        ),
    ],
)
def test_arguments_are_checked_for_type_range_and_kind_of_queue(
    arguments: dict[str, Any], text: str
) -> None:
    client = World().connect()
    place = "for queue 'q' in vhost '/'"
    assert client.refused(declare(durable=True, arguments=arguments)) == (
        406,
        f"PRECONDITION_FAILED - invalid arg {text.format(place)}",
    )
    assert client.refused(m.QueueDeclare(queue="q", passive=True))[0] == 404


def test_a_dead_letter_exchange_that_is_no_name_is_406_in_other_words() -> None:
    client = World().connect()
    assert client.refused(declare(arguments={"x-dead-letter-exchange": 5})) == (
        406,
        "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'",
    )


def test_classic_is_the_type_of_a_queue_that_names_none() -> None:
    client = World().connect()
    client.declare(arguments={})
    client.declare(arguments={"x-queue-type": "classic"})
    client.declare("r", arguments={"x-queue-type": "classic"})
    client.declare("r", arguments={})
