from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.grpc.metadata import (
    decode_binary,
    decode_timeout_ms,
    encode_binary,
    encode_text,
    is_grpc,
)


@pytest.mark.parametrize(
    ("value", "ms"),
    [(b"1H", 3_600_000), (b"2M", 120_000), (b"3S", 3_000), (b"4m", 4), (b"5u", 1), (b"1n", 1), (b"0S", 0), (b"99999999H", 99_999_999 * 3_600_000)],
)  # fmt: skip
def test_timeouts_are_rounded_up_to_milliseconds(value: bytes, ms: int) -> None:
    assert decode_timeout_ms(value) == ms


@pytest.mark.parametrize("value", [b"", b"1", b"S", b"1s", b"-1S", b"123456789S", b"1.5S", b" 1S"])
def test_what_is_no_timeout_is_none(value: bytes) -> None:
    assert decode_timeout_ms(value) is None


@given(st.text())
def test_texts_are_percent_encoded(text: str) -> None:
    encoded = encode_text(text)
    assert all(0x20 <= byte <= 0x7E for byte in encoded)
    assert unquote(encoded.decode()) == text.encode(errors="replace").decode()


@given(st.binary())
def test_bytes_are_base64_padded_or_not(value: bytes) -> None:
    encoded = encode_binary(value)
    assert not encoded.endswith(b"=")
    assert decode_binary(encoded) == decode_binary(encoded + b"=" * (-len(encoded) % 4)) == value


@pytest.mark.parametrize("value", [b"!", b"A", b"AA=A"])
def test_what_is_no_base64_is_an_error(value: bytes) -> None:
    with pytest.raises(ValueError):
        decode_binary(value)


def test_content_types_of_grpc() -> None:
    assert (
        is_grpc(b"application/grpc")
        and is_grpc(b"application/grpc+proto")
        and is_grpc(b"application/grpc;x=y")
    )
    assert not is_grpc(b"application/grpc-web") and not is_grpc(b"application/json")
