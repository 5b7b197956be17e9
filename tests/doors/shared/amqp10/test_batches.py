import pytest
from tests.doors.shared.amqp10.client import message

from dragoman.doors.shared.amqp10 import batches
from dragoman.doors.shared.amqp10.profile import Refused
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.values import Described, Symbol, ULong


def batch(*messages: bytes, **annotations: str) -> bytes:
    known = {Symbol(name.replace("_", "-")): value for name, value in annotations.items()}
    envelope = encode(Described(ULong(0x72), known)) if known else b""
    return envelope + b"".join(encode(Described(ULong(0x75), each)) for each in messages)


def test_a_batch_is_its_data_sections() -> None:
    said = [message(b"1"), b"", b"whatever"]
    assert batches.parts_of(batch(*said)) == said
    assert batches.annotations_of(batch(*said)) == {}


def test_what_is_said_of_the_batch_is_in_its_annotations() -> None:
    payload = batch(message(), x_opt_partition_key="k")
    assert batches.annotations_of(payload) == {"x-opt-partition-key": "k"}
    assert batches.parts_of(payload) == [message()]


@pytest.mark.parametrize("payload", [b"", b"\x40", encode(Described(ULong(0x77), "value"))])
def test_what_is_no_batch_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        batches.parts_of(payload)


def test_a_batch_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_MAX", 2)
    with pytest.raises(Refused):
        batches.parts_of(batch(b"", b"", b""))
