"""Requests that wait for something, and what reaches them then."""

from typing import Any

import pytest
from tests.doors.shared.rest.client import Client, answers, request
from tests.doors.shared.rest.service import Service, bodies, echo

from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import Address, DeclareQueue, DeleteQueue, Publish
from dragoman.model.levels import CANONICAL


def test_a_parked_request_is_answered_at_its_deadline(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    service.world.advance(999)
    assert client.take() == b""
    service.world.advance(1)
    assert answers(client.take())[0].status == 204


def test_requests_behind_a_parked_one_wait_for_it(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait") + echo("b"))
    client.send(echo("c"))
    assert service.calls == []
    service.world.advance(1_000)
    assert bodies(client.take()) == [b"", b"b", b"c"]


def test_a_tickets_answer_reaches_the_parked_request(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.door.answered(7, "done")
    service.world.broker.touch(client.session)
    service.world.run()
    assert bodies(client.take()) == [b"done"]


def test_progress_asks_the_parked_request(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.door.progressed()
    service.parked[0].answer = Response(200, b"moved")
    client.door.progressed()
    service.world.broker.touch(client.session)
    service.world.run()
    assert bodies(client.take()) == [b"moved"]


def test_who_hangs_up_abandons_what_is_parked(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.close()
    assert service.parked[0].is_abandoned


def test_a_parked_request_that_fails_is_answered_and_abandoned(
    client: Client, service: Service
) -> None:
    def fails(*_: Any) -> Response:
        raise KeyError("planted")

    client.send(request("GET", "/wait"))
    parked: Any = service.parked[0]
    parked.progressed = fails
    client.door.progressed()
    service.world.broker.touch(client.session)
    service.world.run()
    assert answers(client.take())[0].status == 500
    assert service.parked[0].is_abandoned
    assert len(service.world.faults) == 1


# --- deliveries ---


@pytest.fixture
def queue(service: Service) -> Client:
    other = service.connect()
    other.session.submit(DeclareQueue(name="q"))
    return other


def publish(client: Client, *texts: bytes) -> None:
    client.session.publish(Publish("default", Address("q"), CANONICAL, list(texts)))
    client.world.run()


def test_all_that_a_turn_hands_out_reaches_the_parked_request_at_once(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))
    service.parked[0].answer = Response(200, b"got")
    publish(queue, b"a", b"b")
    assert bodies(client.take()) == [b"got"]
    assert sum(delivery.end - delivery.start for delivery in service.parked[0].got) == 2


def test_what_comes_too_late_for_its_request_is_given_back(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))  # and its consumer is never cancelled
    service.world.advance(1_000)
    assert answers(client.take())[0].status == 204
    publish(queue, b"a")
    client.close()
    other = service.connect()
    other.send(request("GET", "/receive"))
    assert len(service.parked[1].got) == 1


def test_a_queue_that_goes_away_wakes_who_waits_for_it(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))
    service.parked[0].answer = Response(410)
    queue.session.submit(DeleteQueue(name="q"))
    service.world.run()
    assert answers(client.take())[0].status == 410
