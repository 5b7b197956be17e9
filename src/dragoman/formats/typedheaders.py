"""Headers between Kafka and AMQP 1.0 as Event Hubs has it: no type is lost, and nothing is text.

    AMQP -> Kafka    a header's bytes are the value in AMQP's encoding, its constructor included
    Kafka -> AMQP    an application-property is binary: the header's bytes

It is the other way to show them (`StreamSettings.header_values`); the usual one is text, with the types in the meta.
"""

from dragoman.formats.amqp10values import Untranslatable, from_value, to_value
from dragoman.formats.values import encode_text, text_of
from dragoman.model.message import Message, Value
from dragoman.wire.amqp10.decode import DecodeError, decode_whole
from dragoman.wire.amqp10.encode import encode


def dump_value(value: Value) -> bytes:
    """A header's value in AMQP's encoding; what AMQP has no scalar for goes as the text it usually is, in binary."""
    try:
        return encode(from_value(value))
    except Untranslatable:
        return encode(text_of(value))


def load_value(raw: bytes) -> Value:
    """What `dump_value` wrote; the bytes as they are where they are no value of AMQP."""
    try:
        return to_value(decode_whole(raw))
    except (DecodeError, Untranslatable):
        return raw


def set_binary(message: Message) -> None:
    """Show the text headers of a message from Kafka as the bytes that they are there."""
    message.headers = [
        (name, encode_text(value) if type(value) is str else value)
        for name, value in message.headers
    ]
