"""The same scenarios on RabbitMQ and on Dragoman: what each sends is compared, but for one listed set of fields.

RabbitMQ is Debian's, with its own name, data and ports. Both play at once. Where Dragoman differs on purpose, the
scenario says in which lines and why, and the door's page gives the same reason.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pika
import pytest
from bench.peers.rabbitmq import RabbitMq
from confluent_kafka.admin import AdminClient, NewTopic
from tests_other.conftest import ROOT, Broker
from tests_other.rabbitmq.planted import PLANTED, planted
from tests_other.rabbitmq.player import Player
from tests_other.rabbitmq.script import Scenario, load
from tests_other.rabbitmq.transcript import Heard, difference, lanes_of

from dragoman.cli.commands import run

SCENARIOS: Final = load()
SCENARIOS_MIN: Final = 150
RECORDED: Final[dict[str, list[Heard]]] = {}


@pytest.fixture(scope="module")
def oracle(rabbitmq: RabbitMq) -> Iterator[Player]:
    """Plays on RabbitMQ."""
    player = Player(rabbitmq.endpoint("amqp"))
    yield player
    player.close()


@pytest.fixture(scope="module")
def ours(broker: Broker) -> Iterator[Player]:
    """Plays on Dragoman."""
    player = Player((broker["amqp"]["host"], broker["amqp"]["port"]))
    yield player
    player.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.area}: {one.title}")
def test_dragoman_says_what_rabbitmq_says(oracle: Player, ours: Player, scenario: Scenario) -> None:
    with ThreadPoolExecutor(2) as both:
        theirs = both.submit(oracle.play, scenario)
        mine = both.submit(ours.play, scenario)
    RECORDED[scenario.title] = theirs.result()
    found = difference(lanes_of(theirs.result()), lanes_of(mine.result()))
    assert found == scenario.difference


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_difference_is_found(oracle: Player, fault: str) -> None:
    for one in SCENARIOS:
        if one.title not in RECORDED:  # tests come in any order
            RECORDED[one.title] = oracle.play(one)
    found = [
        title
        for title, heard in RECORDED.items()
        if difference(lanes_of(heard), lanes_of(planted(PLANTED[fault], heard)))
    ]
    assert found


def test_there_are_many_scenarios_and_each_has_a_title_of_its_own() -> None:
    assert len({one.title for one in SCENARIOS}) == len(SCENARIOS) >= SCENARIOS_MIN


def test_the_page_gives_the_reason_of_each_difference() -> None:
    page = " ".join((ROOT / "docs" / "doors" / "amqp091.md").read_text().split())
    reasons = {one.reason for one in SCENARIOS if one.difference}
    assert [reason for reason in sorted(reasons) if reason not in page] == []


MANY: Final = 1_000


def test_what_is_copied_from_rabbitmq_and_back_is_what_was_sent(
    rabbitmq: RabbitMq, broker: Broker
) -> None:
    host, port = rabbitmq.endpoint("amqp")
    where = f"amqp://guest:guest@{host}:{port}"
    between = f"kafka://{broker['kafka']['bootstrap']}/copied"
    connection = pika.BlockingConnection(pika.URLParameters(f"{where}/%2F"))
    channel = connection.channel()
    admin = AdminClient({"bootstrap.servers": broker["kafka"]["bootstrap"]})
    admin.create_topics([NewTopic("copied", 3)])["copied"].result()
    for name in ("copy-from", "copy-to"):
        channel.queue_declare(name, durable=True)
    said = pika.BasicProperties(
        content_type="text/plain",
        headers={"text": "x", "long": 1 << 40, "table": {"raw": b"\xff", "list": [True, None]}},
        timestamp=1_700_000_000,
        app_id="shop",
        delivery_mode=2,  # what went through a log is kept
        priority=3,
    )
    channel.confirm_delivery()
    for number in range(MANY):
        channel.basic_publish("", "copy-from", b"%d" % number, said, mandatory=True)
    assert run(["copy", f"{where}/copy-from", between]) == 0
    assert run(["copy", between, f"{where}/copy-to"]) == 0
    assert channel.queue_declare("copy-from", passive=True).method.message_count == 0
    arrived = set[bytes]()
    for _ in range(MANY):
        _, properties, body = channel.basic_get("copy-to", auto_ack=True)
        assert properties == said
        arrived.add(body)
    assert arrived == {b"%d" % number for number in range(MANY)}
    connection.close()
