"""Requests of any bytes: a status of gRPC's, never a fault, and neighbours go on."""

from typing import Any

from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.pubsub.client import Pubsub, subscription, topic

from dragoman.doors.pubsub.services import make_services
from dragoman.doors.shared.grpc.call import Kind
from dragoman.wire.grpc.codes import INTERNAL

PUBSUB = Pubsub()
PUBSUB.make()
UNARY = sorted(
    method.name
    for service in make_services()
    for method in service.methods()
    if method.kind is Kind.UNARY and not method.name.startswith("Delete")
)
NAMES = st.sampled_from([topic("orders").encode(), subscription("sub").encode()])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A field that is the name of something, and others of any bytes."""
    name = draw(NAMES)
    raw = b"\x0a" + bytes([len(name)]) + name
    for _ in range(draw(st.integers(0, 4))):
        number = draw(st.integers(1, 15))
        if draw(st.booleans()):
            value = draw(st.binary(max_size=40))
            raw += bytes([number << 3 | 2, len(value)]) + value
        else:
            raw += bytes([number << 3]) + draw(st.binary(min_size=1, max_size=3))
    return raw


@given(st.sampled_from(UNARY), st.one_of(requests(), st.binary(max_size=60)))
def test_any_bytes_are_answered_or_refused(name: str, raw: bytes) -> None:
    method: Any = PUBSUB._methods[name]
    call = PUBSUB.call(method, 0)
    PUBSUB.world.broker.begin_turn()
    code = 0
    try:
        request = raw if method.request is None else method.request.FromString(raw)
        answer = method.handler(call, request)
        if hasattr(answer, "abandon"):
            answer.abandon()
    except DecodeError:
        pass
    except Exception as error:  # noqa: BLE001 - whether it is a refusal is asked below
        code = PUBSUB._refuse(call, error).code
    assert code != INTERNAL
    PUBSUB.world.run()
