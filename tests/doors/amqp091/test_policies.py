"""Which policy holds, and what of it beside a queue's own arguments."""

from typing import Any

import msgspec
import pytest
from tests.doors.amqp091.client import Client, World, table

from dragoman.doors.amqp091 import exchanges
from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.policies import (
    KEYS,
    KIND,
    OPERATOR,
    POLICY,
    Policy,
    all_of,
    check,
    document_name,
    effect,
    field_of,
)
from dragoman.doors.amqp091.queues import apply_policies
from dragoman.kernel.api import (
    AlterSubscription,
    DeleteDocument,
    DescribeQueue,
    PutDocument,
    PutRule,
    RuleSettings,
)
from dragoman.wire.amqp091 import methods as m


def put(client: Client, name: str, kind: str = POLICY, **told: Any) -> None:
    policy = Policy(**{"pattern": "", **told})
    check(policy)
    body = msgspec.json.encode(policy)
    client.session.submit(PutDocument(kind=KIND, name=document_name(kind, name), body=body))


def held(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    fields = table({f"x-{key.replace('_', '-')}": value for key, value in arguments.items()})
    found = effect(client.session, "default", name, fields)
    return {key: field.value for key, field in found.arguments.items()}


def test_the_highest_priority_that_fits_holds_alone() -> None:
    client = World().connect()
    put(client, "low", definition={"max-length": 1, "overflow": "drop-head"})
    put(client, "high", definition={"max-length": 2}, priority=5, pattern="^q")
    assert held(client, "q") == {"x-max-length": 2}
    assert held(client, "p") == {"x-max-length": 1, "x-overflow": b"drop-head"}


def test_the_smaller_number_holds_and_else_the_queues_own() -> None:
    client = World().connect()
    put(client, "p", definition={"max-length": 5, "overflow": "reject-publish"})
    own = {"max_length": 9, "overflow": "drop-head"}
    assert held(client, "q", **own) == {"x-max-length": 5, "x-overflow": b"drop-head"}
    assert held(client, "q", max_length=2)["x-max-length"] == 2


def test_an_operators_policy_goes_before_all() -> None:
    client = World().connect()
    put(client, "p", definition={"message-ttl": 5})
    put(client, "o", OPERATOR, definition={"message-ttl": 9, "overflow": "reject-publish"})
    found = held(client, "q", overflow="drop-head")
    assert found == {"x-message-ttl": 5, "x-overflow": b"reject-publish"}


def test_a_policy_is_for_a_type_of_queue() -> None:
    client = World().connect()
    put(client, "p", definition={"delivery-limit": 3}, apply_to="quorum_queues")
    put(client, "e", definition={"alternate-exchange": "x"}, apply_to="exchanges", priority=9)
    assert held(client, "q") == {}
    assert held(client, "q", queue_type="quorum")["x-delivery-limit"] == 3


def test_a_delivery_limit_is_nothing_to_a_classic_queue() -> None:
    client = World().connect()
    put(client, "p", definition={"delivery-limit": 3, "max-length": 7})
    assert held(client, "q") == {"x-max-length": 7}


def test_declaring_again_needs_no_policys_words() -> None:
    client = World().connect()
    client.declare(arguments={"x-max-length": 9})
    put(client, "p", definition={"max-length": 1})
    apply_policies(client.session, "default")
    client.declare(arguments={"x-max-length": 9})
    assert client.session.submit(DescribeQueue(name="q")).settings.length_max == 1
    assert list(all_of(client.session, "default", POLICY)) == ["p"]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_stands_for_an_argument(key: str) -> None:
    assert KEYS[key] == f"x-{key}"


def test_json_has_types_of_tables() -> None:
    values: tuple[Any, ...] = (True, 1, 0.5, "a", [], {}, None)
    assert [field_of(value).letter for value in values] == list("tldSAFV")


def test_an_alternate_by_policy_holds_for_exchanges_declared_without_one() -> None:
    client = World().connect()

    def declare(name: str, **arguments: Any) -> None:
        told = table(arguments)
        method = m.ExchangeDeclare(exchange=name, type="fanout", arguments=told)
        client.ask(method, m.ExchangeDeclareOk)

    def goes_to_rest(exchange: str) -> bool:
        client.publish(b"m", exchange=exchange, key="k")
        return client.get("rest") is not None

    client.declare("rest")
    for name in ("x", "y"):
        declare(name)
    client.ask(m.QueueBind(queue="rest", exchange="y"), m.QueueBindOk)
    definition = {"alternate-exchange": "y"}
    put(client, "p", definition=definition, pattern="^(x|z|amq.fanout)", apply_to="exchanges")
    exchanges.apply_policies(client.session, "default")
    declare("z")
    declare("zz", **{"alternate-exchange": "nowhere"})
    declare("a")
    assert [goes_to_rest(name) for name in ("x", "z", "amq.fanout", "zz", "a")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    declare("x")  # as it was declared, whatever the policy says
    client.session.submit(DeleteDocument(kind=KIND, name=document_name(POLICY, "p")))
    exchanges.apply_policies(client.session, "default")
    assert not goes_to_rest("x")


def test_an_alternate_by_policy_is_a_name() -> None:
    with pytest.raises(Refused, match="5 is not a valid alternate exchange name"):
        check(Policy("", {"alternate-exchange": 5}))


def test_a_policy_leaves_alone_what_no_argument_says() -> None:
    client = World().connect()
    client.declare()
    settings = client.session.submit(DescribeQueue(name="q")).settings
    client.session.submit(PutRule(name="r", settings=RuleSettings(check="true")))
    ours = {"rules": ("r",), "weights": {"sqs": 2}, "paused": True}
    settings = msgspec.structs.replace(settings, **ours)
    client.session.submit(AlterSubscription(name="q", settings=settings))
    put(client, "p", definition={"max-length": 1})
    apply_policies(client.session, "default")
    found = client.session.submit(DescribeQueue(name="q")).settings
    assert (found.length_max, {name: getattr(found, name) for name in ours}) == (1, ours)
