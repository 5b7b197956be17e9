from dragoman.wire.amqp091.errors import (
    AmqpError,
    cannot_decode,
    frame_error,
    snippet,
    syntax_error,
    unexpected_frame,
)


def test_a_reply_text_names_its_code_as_rabbitmq_does() -> None:
    error = AmqpError(
        404, "no queue 'q' in vhost '/'", 50, 10, is_connection_error=False, channel=1
    )
    assert error.reply_text == "NOT_FOUND - no queue 'q' in vhost '/'"
    assert str(error) == "404 NOT_FOUND - no queue 'q' in vhost '/'"


def test_a_reply_text_never_outgrows_its_shortstr_nor_splits_a_letter() -> None:
    text = AmqpError(541, "é" * 300).reply_text
    assert 250 < len(text.encode()) <= 255
    assert text.endswith("é")


def test_errors_of_the_wire_close_the_connection() -> None:
    errors = [frame_error("x"), syntax_error("x"), unexpected_frame("x")]
    assert [error.code for error in errors] == [501, 502, 505]
    assert all(error.is_connection_error for error in errors)


def test_bytes_are_shown_as_erlang_spells_them() -> None:
    assert snippet(b"") == "all octets = <<>>"
    assert snippet(bytes([0, 20, 0, 10])) == "all octets = <<0,20,0,10>>"
    assert snippet(b'say "a"') == 'all octets = <<"say \\"a\\"">>'
    assert snippet(bytes(17)) == f"first 16 octets = <<{','.join('0' * 16)}>>"


def test_arguments_that_cannot_be_read_are_shown_without_the_ids() -> None:
    assert cannot_decode(b"\0\x3c\0\x5a\x01", 60, 90).text == "cannot decode <<1>>"
