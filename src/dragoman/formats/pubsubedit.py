"""The few changes that a broker makes to a Pub/Sub message: headers that are set, deaths, and their undoing.

A dead letter says in attributes where it died, as in Pub/Sub: CloudPubSubDeadLetterSourceSubscription,
...DeliveryCount, ...TopicPublishTime; ...DeliveryErrorMessage where a reader said why, or the reason is not that its
attempts are spent.
"""

from typing import Final

from dragoman.formats import canonical
from dragoman.formats.errors import FormatError
from dragoman.formats.pubsub import PubsubMessage, decode, unpack
from dragoman.formats.pubsubwrite import VALUE_BYTES_MAX, is_name
from dragoman.formats.values import encode_text, timestamp_text
from dragoman.model.levels import CANONICAL, PUBSUB
from dragoman.ports.translator import Death

SOURCE: Final = b"CloudPubSubDeadLetterSource"
SUBSCRIPTION: Final = SOURCE + b"Subscription"
DELIVERY_COUNT: Final = SOURCE + b"DeliveryCount"
PUBLISH_TIME: Final = SOURCE + b"TopicPublishTime"
ERROR_MESSAGE: Final = SOURCE + b"DeliveryErrorMessage"
_SPENT: Final = frozenset(("rejected", "delivery_limit"))


def with_headers(entry: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
    """The message with these headers set, as (format, stored form). Raises FormatError.

    What an attribute cannot say makes the message one of no protocol.
    """
    attributes = [(encode_text(name), encode_text(value)) for name, value in headers]
    if not all(is_name(name) and len(value) <= VALUE_BYTES_MAX for name, value in attributes):
        return _set_in_message(entry, headers)
    message = unpack(entry)
    _set_attributes(message, attributes)
    return PUBSUB, message.pack()


def _set_attributes(message: PubsubMessage, attributes: list[tuple[bytes, bytes]]) -> None:
    names = {name for name, _ in attributes}
    kept = [pair for pair in message.attributes if pair[0] not in names]
    message.attributes = kept + attributes


def _set_in_message(entry: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[int, bytes]:
    message = decode(entry)
    names = {name for name, _ in headers}
    message.headers = [pair for pair in message.headers if pair[0] not in names] + list(headers)
    try:
        return CANONICAL, canonical.encode(message)
    except ValueError as error:
        raise FormatError(str(error)) from error


def pubsub_dead_letter(entry: bytes, death: Death) -> bytes | None:
    """The stored form with its death added; None in a circle that no reader broke. Raises FormatError."""
    message = unpack(entry)
    queue = encode_text(death.queue)
    if death.reason not in _SPENT and (SUBSCRIPTION, queue) in message.attributes:
        return None
    attributes = [(SUBSCRIPTION, queue), (DELIVERY_COUNT, b"%d" % death.attempts)]
    if death.stored_ms:
        attributes.append((PUBLISH_TIME, timestamp_text(death.stored_ms).encode()))
    text = death.text or ("" if death.reason == "delivery_limit" else death.reason)
    if text:
        attributes.append((ERROR_MESSAGE, encode_text(text)[:VALUE_BYTES_MAX]))
    _set_attributes(message, attributes)
    return message.pack()


def pubsub_revived(entry: bytes) -> tuple[str, bytes] | None:
    """(the queue it died in, the message as it was before); None when it never died. Raises FormatError."""
    if SUBSCRIPTION not in entry:
        return None
    message = unpack(entry)
    queue = dict(message.attributes).get(SUBSCRIPTION)
    if not queue:
        return None
    message.attributes = [pair for pair in message.attributes if not pair[0].startswith(SOURCE)]
    return queue.decode("utf-8", "surrogateescape"), message.pack()
