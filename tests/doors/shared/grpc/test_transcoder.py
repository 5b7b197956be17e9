"""The echo service by path and JSON, over HTTP/1.1."""

import json
from typing import Any

import pytest
from tests.doors.shared.grpc.echo import PACKAGE, EchoService, Text
from tests.doors.shared.rest.client import Client, World, answers, request

from dragoman.doors.shared.grpc.call import Reply
from dragoman.doors.shared.grpc.transcoder import TranscodedFace
from dragoman.kernel.api import Address, DeclareQueue, Publish
from dragoman.model.levels import CANONICAL


class Service:
    def __init__(self) -> None:
        self.echo = EchoService()
        self.world = World(TranscodedFace("echo", [(self.echo, PACKAGE.services["Echo"])]))
        self.client: Client = self.world.connect()

    def say(self, path: str, body: object = None) -> tuple[int, Any]:
        encoded = b"" if body is None else json.dumps(body).encode()
        answer = self.client.ask("GET" if body is None else "POST", path, encoded)
        return answer.status, json.loads(answer.body)


@pytest.fixture
def service() -> Service:
    return Service()


def test_path_query_and_body_are_one_request(service: Service) -> None:
    assert service.say("/v1/texts/hi:say", {"count": 3}) == (200, {"text": "texts/hi", "count": 3})
    found = service.say(
        "/v1/texts/hi?count=4&inner.text=x&words=a&words=b&$alt=json;enum-encoding=int"
    )
    assert found == (
        200,
        {"text": "texts/hi", "count": 4, "inner": {"text": "x"}, "words": ["a", "b"]},
    )


def test_what_stands_in_the_path_wins(service: Service) -> None:
    assert service.say("/v1/texts/hi:say", {"text": "other"})[1] == {"text": "texts/hi"}


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Texts without the folder, so that the service does what they say."""
    service = Service()
    say = service.echo.say

    def cut(call: Any, asked: Any) -> Any:
        asked.text = asked.text.removeprefix("texts/")
        return say(call, asked)

    monkeypatch.setattr(service.echo, "say", cut)
    service.world = World(TranscodedFace("echo", [(service.echo, PACKAGE.services["Echo"])]))
    service.client = service.world.connect()
    return service


def test_refusals_are_in_googles_form(plain: Service) -> None:
    status, document = plain.say("/v1/texts/fail")
    assert (status, document["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert document["error"]["details"][0]["reason"] == "ASKED"
    status, document = plain.say("/v1/texts/broken")
    assert (status, document["error"]["code"]) == (500, 500)
    assert len(plain.world.faults) == 1


@pytest.mark.parametrize(
    "path", ["/v1/texts/a?nothing=1", "/v1/texts/a?count=x", "/v1/texts/a?alt=media"]
)
def test_what_is_asked_wrongly_is_refused(service: Service, path: str) -> None:
    status, document = service.say(path)
    assert (status, document["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_paths_of_nobody_are_not_found_in_googles_form(service: Service) -> None:
    assert service.say("/v1/projects/p/nothing")[1]["error"]["status"] == "NOT_FOUND"
    assert "error" not in service.say("/elsewhere")[1]


def test_one_that_waits_is_answered_later(plain: Service) -> None:
    plain.client.send(request("GET", "/v1/texts/wait"))
    assert plain.client.take() == b""
    plain.world.advance(60_000)
    (answer,) = answers(plain.client.take())
    assert json.loads(answer.body) == {"text": "expired"}


def test_what_happens_to_one_that_waits_is_told_to_its_handler(plain: Service) -> None:
    plain.client.session.submit(DeclareQueue(name="q"))
    plain.client.send(request("GET", "/v1/texts/receive"))
    plain.client.session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
    plain.world.run()
    (answer,) = answers(plain.client.take())
    assert json.loads(answer.body) == {"text": "delivered", "count": 1}
    plain.client.send(request("GET", "/v1/texts/wait"))
    plain.echo.waiting[-1].reply = Reply(Text(text="now"))
    plain.client.door.progressed()
    plain.world.broker.touch(plain.client.session)
    plain.world.run()
    assert json.loads(answers(plain.client.take())[0].body) == {"text": "now"}


def test_one_that_fails_while_it_waits_is_refused_in_its_services_words(
    plain: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.client.send(request("GET", "/v1/texts/wait"))
    waiting = plain.echo.waiting[-1]
    monkeypatch.setattr(type(waiting), "expire", lambda self: 1 / 0)
    plain.world.advance(60_000)
    (answer,) = answers(plain.client.take())
    assert answer.status == 500
    assert waiting.is_abandoned


def test_a_lost_connection_abandons_one_that_waits(plain: Service) -> None:
    plain.client.send(request("GET", "/v1/texts/wait"))
    plain.client.close()
    assert plain.echo.waiting[-1].is_abandoned
