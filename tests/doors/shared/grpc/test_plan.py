import pytest
from tests.doors.shared.grpc.echo import EchoService
from tests.wire.http2.peer import POST

from dragoman.doors.shared.grpc.plan import Plan
from dragoman.doors.shared.grpc.table import Table
from dragoman.wire.grpc.codes import INTERNAL, UNIMPLEMENTED
from dragoman.wire.http2.heads import Head

TABLE = Table([EchoService()])
SAY = [*POST[:2], (b":path", b"/dragoman.tests.echo.Echo/Say")]


def plan(*headers: tuple[bytes, bytes]) -> Plan:
    return Plan(Head([*SAY, *headers]), TABLE)


def test_a_head_asks_for_a_method_a_deadline_and_encodings() -> None:
    found = plan(
        (b"grpc-timeout", b"2S"),
        (b"grpc-encoding", b"gzip"),
        (b"grpc-accept-encoding", b"gzip,identity"),
    )
    assert found.refusal is None and found.entry is not None
    assert (found.entry.method.name, found.timeout_ms) == ("Say", 2_000)
    assert (found.unpacks, found.packs) == (b"gzip", b"gzip")
    assert (plan().timeout_ms, plan().packs) == (None, b"")


@pytest.mark.parametrize(
    ("header", "code"),
    [((b"grpc-encoding", b"br"), UNIMPLEMENTED), ((b"grpc-timeout", b"2h"), INTERNAL)],
)
def test_what_cannot_be_served_is_refused(header: tuple[bytes, bytes], code: int) -> None:
    refusal = plan(header).refusal
    assert refusal is not None and refusal.code == code


def test_an_unknown_path_is_refused_whatever_else_is_wrong() -> None:
    refusal = Plan(Head([*POST, (b"grpc-timeout", b"x")]), TABLE).refusal
    assert refusal is not None and refusal.code == UNIMPLEMENTED
