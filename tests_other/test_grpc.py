"""gRPC's clients of other languages against the tests' echo service, and h2spec against the frames below it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.clients.grpc_echo import echo_server
from tests_other.ready import MissingError, Program, from_go, on_go, on_java, on_node

H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"
H2SPEC_S_MAX = 120
EXPECTED = [
    "say hi",
    "split 1000",
    "join a b c",
    "talk a b c",
    "fail 9 as asked: 100 % ü",
    "late 4",
]
PROGRAMS: dict[str, Callable[[], Program]] = {
    "grpc-js": lambda: on_node("grpc", "grpc"),
    "grpc-go": lambda: on_go("grpcgo", "grpc"),
    "grpc-java": lambda: on_java("GrpcEcho", "grpc"),
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with echo_server() as found:
        yield found


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_kind_of_call_is_answered(name: str, port: int) -> None:
    try:
        program = PROGRAMS[name]()
    except MissingError as error:
        pytest.skip(f"{name}: {error}")
    assert program.said(f"127.0.0.1:{port}") == EXPECTED


def test_h2spec_finds_nothing(port: int) -> None:
    try:
        h2spec: Path = from_go("h2spec", H2SPEC)
    except MissingError as error:
        pytest.skip(f"h2spec: {error}")
    command = [str(h2spec), "-h", "127.0.0.1", "-p", str(port), "-P", "/v1/texts/hi"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=H2SPEC_S_MAX
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    assert " 0 failed" in done.stdout.splitlines()[-1]
