from google.protobuf import timestamp_pb2
from google.rpc import error_details_pb2, status_pb2
from tests.wire.protobuf.official import check_messages, messages_of

from dragoman.wire.protobuf.known import (
    DETAILS,
    STATUS,
    Duration,
    ErrorInfo,
    FieldMask,
    Struct,
    Timestamp,
    encode_status,
)


def test_statuses_and_details_are_googles_field_by_field() -> None:
    assert check_messages(STATUS, messages_of(status_pb2)) == 1
    assert check_messages(DETAILS, messages_of(error_details_pb2)) == 10


def test_google_reads_a_status_with_details() -> None:
    detail = ErrorInfo(reason="EXPIRED", domain="d", metadata={"ack": "PERMANENT"})
    status = status_pb2.Status.FromString(encode_status(9, "too late", [detail]))
    info = error_details_pb2.ErrorInfo()
    assert status.code == 9
    assert status.details[0].Unpack(info)
    assert info.metadata["ack"] == "PERMANENT"


def test_well_known_types_are_as_handy_as_googles_and_not_theirs() -> None:
    assert Timestamp is not timestamp_pb2.Timestamp
    at = Timestamp()
    at.FromMilliseconds(1_500)
    assert at.ToJsonString() == "1970-01-01T00:00:01.500Z"
    duration = Duration()
    duration.FromJsonString("3.5s")
    assert duration.ToMilliseconds() == 3_500
    assert FieldMask(paths=["a_b"]).ToJsonString() == "aB"
    struct = Struct()
    struct["a"] = 1
    assert struct["a"] == 1
