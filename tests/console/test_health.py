import json

from tests.doors.shared.rest.client import World

from dragoman.console.health import HealthFace


def test_a_broker_is_live_when_it_answers_and_ready_when_nothing_is_missing() -> None:
    missing: list[str] = ["ports"]
    client = World(HealthFace(lambda: missing)).connect()
    assert client.ask("GET", "/health/live").status == 200
    answer = client.ask("GET", "/health/ready")
    assert answer.status == 503
    assert json.loads(answer.body)["missing"] == ["ports"]
    missing.clear()
    assert client.ask("GET", "/health/ready").status == 200
    assert client.ask("HEAD", "/health/ready").status == 200
