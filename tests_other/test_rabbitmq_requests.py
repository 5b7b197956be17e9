"""The same requests to the management APIs of RabbitMQ and of Dragoman: statuses, keys, types and values are compared,
but for one listed set.

Where Dragoman differs on purpose, the scenario says in which lines and why, and the door's page gives the same reason.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from bench.peers.rabbitmq import RabbitMq
from tests_other.conftest import ROOT, serving
from tests_other.rabbitmq import definitions
from tests_other.rabbitmq.answers import LEFT_OUT
from tests_other.rabbitmq.asked import Asker, Dialogue, Request, differing, load, play

DIALOGUES: Final = load()
REQUESTS_MIN: Final = 500
OPEN: Final = (
    Request("PUT", "users/guest", '{"password":"guest","tags":"administrator"}'),
    Request(
        "PUT", "permissions/%2F/guest", '{"configure":".*","write":".*","read":".*"}'
    ),  # as RabbitMQ has it from the start
)
SAID: Final[dict[str, dict[int, list[str]]]] = {}


@pytest.fixture(scope="module")
def theirs(rabbitmq: RabbitMq) -> Asker:
    """Asks RabbitMQ."""
    asker = Asker(rabbitmq.endpoint("management"), rabbitmq.endpoint("amqp"))
    asker.tidy()
    return asker


@pytest.fixture(scope="module")
def ours() -> Iterator[Asker]:
    """Asks a broker that nobody else uses."""
    with serving() as endpoints:
        place = (endpoints["amqp"]["host"], endpoints["amqp"]["port"])
        asker = Asker(place, place)
        for request in OPEN:
            asker.ask(request)
        asker.keep()
        yield asker


@pytest.mark.parametrize("one", DIALOGUES, ids=lambda one: f"{one.area}: {one.title}")
def test_dragoman_answers_as_rabbitmq_does(theirs: Asker, ours: Asker, one: Dialogue) -> None:
    found, SAID[one.title] = play(one, theirs, ours)
    assert sorted(found) == sorted(one.difference)


Fault = Callable[[str], str | None]


def _said(place: str, change: Callable[[Any], Any]) -> Fault:
    """Values at paths that end so are others."""

    def fault(line: str) -> str | None:
        where, _, shown = line.partition(": ")
        if not where.endswith(place) or shown in {"number", "string"}:
            return line
        return f"{where}: {json.dumps(change(json.loads(shown)))}"

    return fault


def _without(place: str) -> Fault:
    return lambda line: None if line.partition(": ")[0].endswith(place) else line


PLANTED: Final[Mapping[str, Fault]] = {
    "another status": _said("status", lambda status: 200 if status == 201 else status),
    "what is not there is refused": _said(
        "status", lambda status: 400 if status == 404 else status
    ),
    "no reason": _without("reason"),
    "a reason in lower case": _said("reason", lambda text: str(text).lower()),
    "another kind of error": _said("error", lambda text: f"{text}!"),
    "no counts": _without("messages"),
    "a count too high": _said("messages", lambda count: count + 1),
    "a text for a truth": _said("durable", str),
    "no rates": _without("_details.rate"),
    "what was published is not told": _without("message_stats.publish"),
    "what went out of an exchange is doubled": _said("publish_out", lambda count: count * 2),
    "no policy": _without("policy"),
    "the operator's policy holds alone": _said("max-length", lambda _: 7),
    "tags as a text": _said("tags", str),
    "a binding by another key": _said("properties_key", lambda key: f"{key}~"),
    "headers without their numbers": _said("headers.a", str),
    "a page too few": _said("page_count", lambda count: count - 1),
    "consumers have no tag": _without("consumer_tag"),
    "a prefetch of none": _said("prefetch_count", lambda _: 0),
    "definitions without limits": _without("value.max-queues"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_in_an_answer_is_found(theirs: Asker, ours: Asker, fault: str) -> None:
    for one in DIALOGUES:
        if one.title not in SAID:  # tests come in any order
            SAID[one.title] = play(one, theirs, ours)[1]
    changed = PLANTED[fault]
    assert any(
        differing(lines, [line for line in map(changed, lines) if line is not None])
        for said in SAID.values()
        for lines in said.values()
    )


def test_there_are_many_requests_and_each_scenario_has_a_title_of_its_own() -> None:
    assert len({one.title for one in DIALOGUES}) == len(DIALOGUES)
    asked = [step for one in DIALOGUES for step in one.steps if isinstance(step, Request)]
    assert len(asked) >= REQUESTS_MIN


def test_the_page_gives_the_reason_of_each_difference_and_of_what_is_left_out() -> None:
    page = " ".join((ROOT / "docs" / "doors" / "amqp091.md").read_text().split())
    reasons = {one.reason for one in DIALOGUES if one.difference}
    reasons |= {reason for reason, _ in LEFT_OUT}
    assert [reason for reason in sorted(reasons) if reason not in page] == []


def test_definitions_come_from_rabbitmq_and_go_back_the_same(theirs: Asker, ours: Asker) -> None:
    before = definitions.made(theirs)
    assert ours.ask(Request("POST", "definitions", json.dumps(before))).status == 204
    carried = definitions.of(ours, before)
    definitions.forget(theirs)
    assert theirs.ask(Request("POST", "definitions", json.dumps(carried))).status == 204
    assert definitions.of(theirs, before) == before
    definitions.forget(theirs)
    definitions.forget(ours)
