"""Aliases are valid where they are used, stable, and apart from each other."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dragoman.model.names import NAME_BYTES_MAX, RULES, alias, is_catalogue_name

PROTOCOLS = st.sampled_from(sorted(RULES))
PARTS = (
    "amq.",
    "goog",
    ".",
    "..",
    "/",
    "a",
    "Z",
    "9",
    "-",
    "_",
    "~",
    "%",
    "é",
    "\n",
    ".fifo",
    "x" * 90,
)
NAMES = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("".join),
).filter(is_catalogue_name)


@given(NAMES, PROTOCOLS)
@example("amq.amq.x", "amqp091")
@example("ÄÖ", "eventhubs")
def test_an_alias_is_valid_in_its_protocol_and_its_own_alias(name: str, protocol: str) -> None:
    found = alias(name, protocol)
    assert RULES[protocol].allows(found)
    assert alias(found, protocol) == found


@given(NAMES, NAMES, PROTOCOLS)
def test_two_names_that_need_an_alias_get_two(one: str, other: str, protocol: str) -> None:
    rule = RULES[protocol]
    if one != other and not rule.allows(one) and not rule.allows(other):
        assert alias(one, protocol) != alias(other, protocol)


@pytest.mark.parametrize("protocol", sorted(RULES))
def test_a_plain_name_is_itself_everywhere(protocol: str) -> None:
    assert alias("orders", protocol) == "orders"


@pytest.mark.parametrize(
    ("name", "protocol", "expected"),
    [
        ("orders.eu", "sqs", "orders-eu-53f70a3c"),
        ("billing/retry", "kafka", "billing-retry-c76be0cd"),
        ("billing/retry", "servicebus", "billing/retry"),
        ("orders.fifo", "sqs", "orders.fifo"),
    ],
)
def test_the_aliases_of_the_design_hold(name: str, protocol: str, expected: str) -> None:
    assert alias(name, protocol) == expected


@pytest.mark.parametrize(
    ("name", "protocol", "start"),
    [
        ("Orders", "servicebus", "orders-"),
        ("Orders", "eventhubs", "orders-"),
        ("Orders", "eventgrid", "orders-"),
        ("amq.direct", "amqp091", "amq-direct-"),
        ("google", "pubsub", "q-google-"),
        ("ab", "pubsub", "ab-"),
        ("..", "kafka", "q-"),
        ("123 4", "cloudtasks", "q-"),
        ("x" * 200, "sqs", "x" * 71 + "-"),
    ],
)
def test_what_a_protocol_disallows_is_replaced(name: str, protocol: str, start: str) -> None:
    found = alias(name, protocol)
    assert found.startswith(start)
    assert len(found) <= RULES[protocol].length_max


@pytest.mark.parametrize("name", ["", "x" * (NAME_BYTES_MAX + 1), "\udcff"])
def test_what_is_no_catalogue_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        alias(name, "kafka")
