"""grpcio, unmodified, over TCP and TLS, sync and async."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status
from tests.clients.grpc_echo import CODING, SERVICE, certificate, echo_server
from tests.doors.shared.grpc.echo import Text

pytestmark = pytest.mark.clients
TIMEOUT_S = 20


@pytest.fixture(scope="module", params=["plain", "TLS"])
def channel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[grpc.Channel]:
    if request.param == "plain":
        with echo_server() as port, grpc.insecure_channel(f"127.0.0.1:{port}") as made:
            yield made
        return
    folder: Path = tmp_path_factory.mktemp("tls")
    ca, file = certificate(folder)
    credentials = grpc.ssl_channel_credentials(ca)
    with echo_server(file) as port, grpc.secure_channel(f"localhost:{port}", credentials) as made:
        yield made


def say(channel: grpc.Channel, text: str, **options: Any) -> Any:
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    return call(Text(text=text), timeout=options.pop("timeout", TIMEOUT_S), **options)


def refused(channel: grpc.Channel, text: str, **options: Any) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        say(channel, text, **options)
    return caught.value


def test_unary_calls_many_at_once(channel: grpc.Channel) -> None:
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    futures = [call.future(Text(text=str(n)), timeout=TIMEOUT_S) for n in range(500)]
    assert [future.result().text for future in futures] == [str(n) for n in range(500)]


def test_metadata_both_ways(channel: grpc.Channel) -> None:
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    answer, state = call.with_call(
        Text(text="metadata"), timeout=TIMEOUT_S, metadata=(("x-data-bin", b"\0\xff"),)
    )
    assert answer.data == b"\0\xff"
    trailers = dict(state.trailing_metadata())
    assert trailers == {"x-back-bin": b"\0\xff", "x-back": "yes"}


def test_statuses_have_details(channel: grpc.Channel) -> None:
    error = refused(channel, "fail")
    assert (error.code(), error.details()) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "as asked: 100 % ü",
    )
    status: Any = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, dict(info.metadata)) == ("ASKED", {"a": "b"})


def test_deadlines_unknown_methods_and_too_much(channel: grpc.Channel) -> None:
    assert refused(channel, "wait", timeout=0.2).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    nothing = channel.unary_unary(SERVICE + "Nothing", **CODING)
    with pytest.raises(grpc.RpcError) as caught:
        nothing(Text(), timeout=TIMEOUT_S)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    with pytest.raises(grpc.RpcError) as caught:
        call(Text(data=bytes(5_000_000)), timeout=TIMEOUT_S)
    error = caught.value
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_large_and_packed_messages(channel: grpc.Channel) -> None:
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    large = Text(text="large", data=bytes(range(256)) * 12_000)
    assert call(large, timeout=TIMEOUT_S) == large
    assert call(large, timeout=TIMEOUT_S, compression=grpc.Compression.Gzip) == large
    assert call(large, timeout=TIMEOUT_S, compression=grpc.Compression.Deflate) == large


def test_server_streaming_with_flow_control(channel: grpc.Channel) -> None:
    call = channel.unary_stream(SERVICE + "Split", **CODING)
    answers = call(Text(text="x", count=2_000, data=bytes(5_000)), timeout=TIMEOUT_S)
    assert [answer.count for answer in answers] == list(range(1_999, -1, -1))
    assert dict(answers.trailing_metadata()) == {"x-split": "2000"}


def test_client_streaming(channel: grpc.Channel) -> None:
    call = channel.stream_unary(SERVICE + "Join", **CODING)
    answer = call(
        iter([Text(text=str(n), data=bytes(9_000)) for n in range(300)]), timeout=TIMEOUT_S
    )
    assert answer.count == 300


def test_both_sides_talk_until_either_ends(channel: grpc.Channel) -> None:
    call = channel.stream_stream(SERVICE + "Talk", **CODING)
    turn = threading.Semaphore(1)

    def asks() -> Iterator[Any]:
        for text in ("a", "b", "bye"):
            assert turn.acquire(timeout=TIMEOUT_S)
            yield Text(text=text)
        turn.acquire(timeout=TIMEOUT_S)

    heard = []

    def hear(answers: Any) -> None:
        for answer in answers:
            heard.append(answer.text)
            turn.release()

    with pytest.raises(grpc.RpcError) as caught:
        hear(call(asks(), timeout=TIMEOUT_S))
    turn.release()
    error: Any = caught.value
    assert heard == ["a", "b", "bye"]
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "said bye")


def test_cancelled_calls_by_the_thousand_do_no_harm(channel: grpc.Channel) -> None:
    call = channel.unary_unary(SERVICE + "Say", **CODING)
    futures = [call.future(Text(text="wait"), timeout=TIMEOUT_S) for _ in range(1_000)]
    for future in futures:
        future.cancel()
    assert say(channel, "on").text == "on"


def test_reflection_tells_what_the_services_say(channel: grpc.Channel) -> None:
    database: Any = ProtoReflectionDescriptorDatabase(channel)
    assert "dragoman.tests.echo.Echo" in database.get_services()
    service: Any = DescriptorPool(database).FindServiceByName("dragoman.tests.echo.Echo")
    assert service.methods_by_name["Talk"].input_type.full_name == "dragoman.tests.echo.Text"


def test_health_is_told(channel: grpc.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    watched = stub.Watch(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
    watched.cancel()


def test_asyncio() -> None:
    async def talk(port: int) -> list[str]:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call: Any = channel.stream_stream(SERVICE + "Talk", **CODING)(timeout=TIMEOUT_S)
            heard = []
            for text in ("a", "b"):
                await call.write(Text(text=text))
                heard.append((await call.read()).text)
            await call.done_writing()
            assert await call.code() is grpc.StatusCode.OK
            return heard

    with echo_server() as port:
        assert asyncio.run(talk(port)) == ["a", "b"]
