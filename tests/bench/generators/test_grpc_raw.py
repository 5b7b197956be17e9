"""The generator of gRPC calls against a real server."""

import pytest
from bench.generators.grpc_raw import Load
from tests.clients.grpc_echo import echo_server

pytestmark = pytest.mark.clients


def test_calls_are_counted_and_every_answer_is_looked_at() -> None:
    with echo_server() as port:
        load = Load({"host": "127.0.0.1", "port": port, "in_flight": 8, "seconds": 0.1})
        result = load.run()
        load.clean()
    assert result["count"] > 8
    assert load.bodies == result["count"]
