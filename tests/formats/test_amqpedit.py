import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.amqp_entries import entry_of, parts_of

from dragoman.formats.amqpedit import AmqpMessage
from dragoman.formats.errors import FormatError
from dragoman.wire.amqp091 import propertyscan as flag

FULL = entry_of(
    b"body",
    "logs",
    "app.error",
    content_type="text/plain",
    headers={"a": "1", "b": 2},
    delivery_mode=2,
    priority=3,
    correlation_id="c",
    message_id="m",
    timestamp=None,
    app_id="app",
)
# Fields a mapping cannot hold: a name twice, a letter that we would not choose, a name that is no text.
ODD_TABLE = b"\x01aS\x00\x00\x00\x011" + b"\x01aB\x05" + b"\x01\xffV"


def with_table(table: bytes) -> bytes:
    content = b"\x00\x3c\x00\x00" + (1).to_bytes(8, "big") + (flag.HEADERS).to_bytes(2, "big")
    content += len(table).to_bytes(4, "big") + table
    return b"\0\0" + len(content).to_bytes(4, "big") + content + b"x"


@pytest.mark.parametrize("entry", [FULL, entry_of(), with_table(ODD_TABLE)])
def test_what_is_not_changed_keeps_its_bytes(entry: bytes) -> None:
    assert AmqpMessage(entry).encode() == entry


def test_a_header_is_changed_in_its_place_and_a_new_one_comes_last() -> None:
    message = AmqpMessage(FULL)
    message.set_header("a", "one")
    message.set_header("c", True)
    exchange, key, properties, body = parts_of(message.encode())
    assert (exchange, key, body) == ("logs", "app.error", b"body")
    assert list(properties["headers"].items()) == [("a", "one"), ("b", 2), ("c", True)]
    assert properties["correlation_id"] == "c"


def test_the_first_header_of_a_name_is_the_one_that_counts_and_all_of_them_go() -> None:
    message = AmqpMessage(with_table(ODD_TABLE))
    assert message.header("a") == "1"
    message.remove_header("a")
    assert message.header("a") is None
    assert message.headers == [(b"\xff", b"V")]
    message.remove_header("\udcff")
    assert parts_of(message.encode())[2] == {}, "no table at all is left"


def test_properties_are_taken_out_and_text_among_them_is_read() -> None:
    message = AmqpMessage(FULL)
    assert message.text(flag.CORRELATION_ID) == "c"
    assert message.text(flag.REPLY_TO) is None
    del message.properties[flag.CORRELATION_ID]
    assert "correlation_id" not in parts_of(message.encode())[2]


@given(st.integers(0, len(FULL) - 5))
def test_a_message_cut_short_is_refused(size: int) -> None:
    with pytest.raises(FormatError):
        AmqpMessage(FULL[:size])


def test_a_flag_that_means_nothing_is_refused() -> None:
    entry = bytearray(entry_of(b""))
    entry[-1] = 1
    with pytest.raises(FormatError):
        AmqpMessage(bytes(entry))
