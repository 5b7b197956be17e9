"""Resources: names, properties, streams."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import Grid

from dragoman.doors.eventgrid.kinds import KINDS, check_names, check_properties, retention_ms_of
from dragoman.doors.eventgrid.topics import DOMAIN_TOPICS, NAMESPACE_TOPICS, SYSTEM_TOPICS, TOPICS
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place
from dragoman.doors.shared.arm.store import Resource
from dragoman.kernel.api import CreateStream, CreateSubscription, FindStream


@pytest.mark.parametrize("name", ["abc", "A-9", "x" * 50])
def test_names_are_azures(name: str) -> None:
    check_names(Place("", "P", TOPICS, (name,), ""))
    check_names(Place("", "P", DOMAIN_TOPICS, ("shop", "any name_at.all"), ""))


@pytest.mark.parametrize("name", ["ab", "x" * 51, "a_b", "a.b", "é" * 3, ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ArmError):
        check_names(Place("", "P", TOPICS, (name,), ""))


@pytest.mark.parametrize(
    ("types", "properties"),
    [
        (TOPICS, {"inputSchema": "x"}),
        (SYSTEM_TOPICS, {}),
        (NAMESPACE_TOPICS, {"eventRetentionInDays": 0}),
        (NAMESPACE_TOPICS, {"eventRetentionInDays": "x"}),
    ],
)
def test_properties_that_make_no_sense_are_refused(types: Any, properties: Any) -> None:
    with pytest.raises(ArmError):
        check_properties(KINDS[types], properties)


def test_a_stream_that_somebody_reads_outlives_its_topic() -> None:
    found = Grid(streams=())
    found.arm("PUT", "topics/orders", {})
    found.submit(CreateSubscription(name="orders", subscription="other"))
    found.arm("DELETE", "topics/orders")
    assert found.submit(FindStream(name="orders")).name == "orders"


def test_a_topic_is_made_of_the_stream_that_is_called_so_here() -> None:
    found = Grid(streams=())
    found.submit(CreateStream(name="orders.eu"))
    found.arm("PUT", "topics/orders-eu-53f70a3c", {})
    found.subscribe("all", "orders.eu")
    found.publish_grid(
        {"id": "1", "subject": "s", "eventType": "t", "eventTime": "2020-01-01T00:00:00Z"},
        topic="orders-eu-53f70a3c",
    )


def test_a_topic_keeps_events_for_days() -> None:
    assert (
        retention_ms_of(Resource({"id": "x", "properties": {"eventRetentionInDays": 2}}))
        == 172_800_000
    )
    assert retention_ms_of(Resource({"id": "x"})) == 604_800_000
