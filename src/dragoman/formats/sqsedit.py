"""The few changes that a broker makes to an SQS message: headers that a binding or a pump sets."""

from dragoman.formats import canonical
from dragoman.formats.errors import FormatError
from dragoman.formats.sqs import TEXT, decode, pack_attribute, unpack, unpack_attributes
from dragoman.formats.sqsvalues import STRING, is_legal, is_name
from dragoman.model.levels import CANONICAL, SQS


def with_headers(entry: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
    """The message with these headers set, as (format, stored form). Raises FormatError.

    What an attribute cannot say makes the message one of no protocol.
    """
    if not all(is_name(name) and value and is_legal(value) for name, value in headers):
        return _set_in_message(entry, headers)
    message = unpack(entry)
    names = {name.encode() for name, _ in headers}
    kept = [one for one in unpack_attributes(message.attributes) if one[0] not in names]
    kept += [(name.encode(), STRING.encode(), TEXT, value.encode()) for name, value in headers]
    message.attributes = b"".join(pack_attribute(*attribute) for attribute in kept)
    message.attributes_md5 = b""
    return SQS, message.pack()


def _set_in_message(entry: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
    message = decode(entry)
    names = {name for name, _ in headers}
    message.headers = [pair for pair in message.headers if pair[0] not in names] + list(headers)
    try:
        return CANONICAL, canonical.encode(message)
    except ValueError as error:
        raise FormatError(str(error)) from error
