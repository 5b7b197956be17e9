import hpack

from dragoman.doors.shared.grpc.replies import TEXT_MAX, ok_block, refusal_block, status_block
from dragoman.doors.shared.grpc.status import Status
from dragoman.wire.grpc.codes import NOT_FOUND
from dragoman.wire.protobuf.known import ErrorInfo


def fields(block: bytes) -> dict[bytes, bytes]:
    found = hpack.Decoder().decode(block, raw=True)
    return {bytes(name): bytes(value) for name, value in found}


def test_a_refusal_is_head_and_trailers_in_one() -> None:
    assert fields(refusal_block(Status(NOT_FOUND, "no ü"), 8_192)) == {
        b":status": b"200",
        b"content-type": b"application/grpc",
        b"grpc-status": b"5",
        b"grpc-message": b"no %C3%BC",
    }


def test_details_go_where_there_is_room_for_them() -> None:
    status = Status(NOT_FOUND, "no", [ErrorInfo(reason="r" * 6_000)])
    assert b"grpc-status-details-bin" in fields(status_block(status, 16_384))
    assert b"grpc-status-details-bin" not in fields(status_block(status, 8_192))


def test_long_messages_are_cut() -> None:
    assert (
        fields(status_block(Status(NOT_FOUND, "x" * 5_000), 8_192))[b"grpc-message"]
        == b"x" * TEXT_MAX
    )


def test_trailers_of_bytes_are_base64() -> None:
    assert fields(ok_block([(b"a-bin", b"\xff"), (b"b", b"c")])) == {
        b"grpc-status": b"0",
        b"a-bin": b"/w",
        b"b": b"c",
    }
