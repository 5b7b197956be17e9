import pytest

from dragoman.formats.schemas.framed import ProtobufJudge, only_message
from dragoman.formats.schemas.limits import SchemaMismatch
from dragoman.formats.schemas.protofile import read_file
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

TWO = 'syntax = "proto3"; message A { message I { int64 n = 1; } } message B { string s = 1; }'


def test_which_message_it_is_is_said_by_a_count_and_indexes() -> None:
    judge = ProtobufJudge(read_file(Source(TWO)))
    for data in (b"\0", b"\2\2\x0a\x01x", b"\4\0\0\x08\x07"):
        judge(data, lambda: None)


@pytest.mark.parametrize("data", [b"", b"\2", b"\2\4", b"\3\0", b"\xff\xff\xff\x7f", b"\4\0\2"])
def test_one_that_is_not_there_is_none(data: bytes) -> None:
    with pytest.raises(SchemaMismatch):
        ProtobufJudge(read_file(Source(TWO)))(data, lambda: None)


def test_without_a_frame_there_is_one_message() -> None:
    with pytest.raises(SchemaInvalid):
        only_message(read_file(Source(TWO)))
