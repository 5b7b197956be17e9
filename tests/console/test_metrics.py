"""The page as another reader of it sees it."""

from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.doors.shared.rest.client import Client, World, header

from dragoman.console.access import Access
from dragoman.console.meters import METRICS
from dragoman.console.metrics import MetricsFace, Sources, gather
from dragoman.kernel.api import (
    Address,
    Census,
    DeclareQueue,
    Lease,
    Publish,
    PurgeQueue,
    Settle,
    TakeCensus,
)
from dragoman.kernel.commands import Consume
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.errors import SubscriptionNotFound
from dragoman.model.levels import CANONICAL
from dragoman.telemetry.counters import GivenUp, Meters

Found = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


class Served:
    """A broker with a metrics page, and a client of no protocol."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.missing = False
        self.world = World()
        broker = self.world.broker
        sources = Sources(
            broker.meters,
            broker.kernel.state.given_up,
            ("1.2", "pure"),
            lambda: not self.missing,
        )
        self.world = World(MetricsFace(sources, Access({"k": "s"}, is_open=is_open)))
        sources.meters = self.world.broker.meters
        sources.given_up = self.world.kernel.state.given_up
        self.client = self.world.connect()

    def scrape(self, query: str = "") -> Found:
        answer = self.client.ask("GET", f"/metrics{query}")
        assert answer.status == 200
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.body.decode())
            for sample in family.samples
        }


def publish(client: Client, name: str, *bodies: bytes) -> None:
    client.session.publish(Publish("default", Address(name), CANONICAL, list(bodies)))


def test_messages_are_counted_in_out_and_settled_per_protocol() -> None:
    served = Served()
    session = served.client.session
    session.submit(DeclareQueue(name="q"))
    session.speak("sqs")
    publish(served.client, "q", b"12", b"345")
    (delivery,) = session.submit(Lease(name="q", count_max=2))
    runs = [(delivery.start, delivery.start + 1)]
    holder = delivery.holder
    session.settle(Settle(holder.subscription.id, 0, holder.id, runs, "ack"))
    with pytest.raises(SubscriptionNotFound):
        session.submit(Lease(name="nothing"))
    session.count_delivered(5, 50)
    found = served.scrape()
    sqs = (("protocol", "sqs"),)
    assert found["dragoman_messages_published_total", sqs] == 2
    assert found["dragoman_published_bytes_total", sqs] == 5
    assert found["dragoman_messages_delivered_total", sqs] == 2 + 5
    assert found["dragoman_delivered_bytes_total", sqs] == 5 + 50
    assert found["dragoman_messages_settled_total", (("outcome", "ack"), *sqs)] == 1
    code = ("code", "subscription-not-found")
    assert found["dragoman_commands_refused_total", (code, *sqs)] == 1
    assert found["dragoman_messages", (("state", "leased"),)] == 1


def test_messages_pushed_to_consumers_are_counted() -> None:
    served = Served()
    session = served.client.session
    session.submit(DeclareQueue(name="q"))
    session.speak("eventgrid")
    session.submit(Consume(name="q", tag=None))
    publish(served.client, "q", b"abc")
    served.world.run()
    found = served.scrape()
    assert found["dragoman_messages_delivered_total", (("protocol", "eventgrid"),)] >= 1


def test_connections_belong_to_the_protocol_they_were_opened_as() -> None:
    served = Served()
    served.client.session.speak("sqs")
    other = served.world.connect()
    other.close()
    found = served.scrape()
    assert found["dragoman_connections", (("protocol", "other"),)] == 1
    assert found["dragoman_connections_opened_total", (("protocol", "other"),)] == 2


def test_what_is_given_up_is_counted_by_reason() -> None:
    served = Served()
    session = served.client.session
    session.submit(DeclareQueue(name="dead"))
    lettered = SubscriptionSettings(dead_letter=Address("dead"), length_max=1)
    session.submit(DeclareQueue(name="q", settings=lettered))
    session.submit(DeclareQueue(name="r", settings=SubscriptionSettings(length_max=1)))
    publish(served.client, "q", b"1", b"2", b"3")
    publish(served.client, "r", b"1", b"2")
    served.world.run()
    found = served.scrape()
    maxlen = (("reason", "maxlen"),)
    assert found["dragoman_messages_given_up_total", maxlen] == 3
    assert found["dragoman_messages_dead_lettered_total", maxlen] == 2


def test_the_deepest_queues_have_series_of_their_own() -> None:
    served = Served()
    session = served.client.session
    for number in range(5):
        session.submit(DeclareQueue(name=f"q{number}"))
        publish(served.client, f"q{number}", *[b"x"] * (number + 1))
    served.world.advance(3_000)
    found = served.scrape("?queues=2")
    named = {dict(labels)["stream"] for name, labels in found if name == "dragoman_queue_messages"}
    assert named == {"q3", "q4"}
    place = (("namespace", "default"), ("stream", "q4"))
    own = (*place, ("subscription", "q4"))
    ready = (("namespace", "default"), ("state", "ready"), ("stream", "q4"), ("subscription", "q4"))
    assert found["dragoman_queue_messages", ready] == 5
    assert found["dragoman_queue_oldest_seconds", own] == 3
    assert found["dragoman_messages", (("state", "ready"),)] == 15
    session.submit(PurgeQueue(name="q4"))
    assert found["dragoman_stored_bytes", ()] == 15


def test_durations_are_histograms_in_seconds() -> None:
    served = Served()
    for duration_us in (0, 3, 900, 5_000_000):
        served.world.broker.meters.journal_sync.record(duration_us)
    found = served.scrape()
    name = "dragoman_journal_sync_seconds"
    assert found[f"{name}_count", ()] == 4
    assert found[f"{name}_sum", ()] == pytest.approx(5.000903)
    assert found[f"{name}_bucket", (("le", "4e-06"),)] == 2
    assert found[f"{name}_bucket", (("le", "0.001024"),)] == 3
    assert found[f"{name}_bucket", (("le", "+Inf"),)] == 4


def test_build_readiness_and_the_process_are_told() -> None:
    served = Served()
    found = served.scrape()
    assert found["dragoman_build", (("build", "pure"), ("version", "1.2"))] == 1
    assert found["dragoman_ready", ()] == 1
    assert found["process_resident_memory_bytes", ()] > 1_000_000
    served.missing = True
    assert served.scrape()["dragoman_ready", ()] == 0


def test_every_metric_of_the_table_is_gathered_and_no_other() -> None:
    empty = Census(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ())
    sources = Sources(Meters(), GivenUp(), ("v", "b"), lambda: True)
    assert gather(sources, empty, 0).keys() == {metric.name for metric in METRICS}


def test_who_asks_for_open_metrics_gets_them() -> None:
    served = Served()
    accept = [("Accept", "application/openmetrics-text; version=1.0.0")]
    answer = served.client.ask("GET", "/metrics", headers=accept)
    assert (header(answer, b"content-type") or b"").startswith(b"application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


@pytest.mark.parametrize("query", ["?queues=x", "?queues=-1", "?queues=10001"])
def test_a_number_of_queues_that_is_none_is_refused(query: str) -> None:
    assert Served().client.ask("GET", f"/metrics{query}").status == 400


def test_where_credentials_are_configured_they_are_asked_for() -> None:
    client = Served(is_open=False).client
    assert client.ask("GET", "/metrics").status == 401
    assert client.ask("GET", "/metrics", headers=[("Authorization", "Bearer s")]).status == 200


def test_a_census_names_no_more_than_asked_for() -> None:
    served = Served()
    session = served.client.session
    for number in range(2_000):
        session.submit(DeclareQueue(name=f"q{number}"))
    census: Census = session.submit(TakeCensus(deepest_max=10))
    assert census.subscriptions == 2_000
    assert len(census.deepest) == 10
