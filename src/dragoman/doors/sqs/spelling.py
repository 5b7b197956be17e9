"""Deliveries as SQS shows messages: stored entries unread, those of other protocols rendered once and kept. Hot.

A message that was born elsewhere is given an id that follows from where it is.
"""

from hashlib import blake2s
from typing import Final

from dragoman.doors.shared.rendered import entries_of
from dragoman.doors.sqs.names import Place
from dragoman.doors.sqs.names import arn as arn_of
from dragoman.doors.sqs.sending import ID_BYTES, sequence_number
from dragoman.formats.sqs import (
    BYTES,
    NO_ID,
    TRIES,
    RawAttribute,
    SqsMessage,
    id_text,
    md5_of,
    pack_attribute,
    read_deaths,
    unpack,
    unpack_attributes,
)
from dragoman.kernel.api import Delivery, Token, Tokens
from dragoman.model.levels import SQS
from dragoman.wire.aws.shapes import AttributeValue, Received

ALL: Final = "All"
EVERY: Final = (ALL, ".*")
_NO_NAMES: Final[frozenset[str]] = frozenset()  # Python makes an empty one anew each time


class Wanted:
    """What a request asks to be shown beside bodies: names of system attributes, of message attributes."""

    __slots__ = ("attributes", "everything", "names", "prefixes", "system")

    def __init__(self, system: list[str], attributes: list[str]) -> None:
        self.system = frozenset(system) if system else _NO_NAMES
        self.everything = any(name in EVERY for name in attributes)
        self.names = frozenset(attributes) if attributes else _NO_NAMES
        self.prefixes = tuple(name[:-2] for name in attributes if name.endswith(".*"))
        self.attributes = bool(attributes)

    def wants(self, name: str) -> bool:
        """Whether a message attribute is to be shown."""
        return self.everything or name in self.names or name.startswith(self.prefixes)


class Reader:
    """Whoever is shown messages of a queue: the receipt handles are written for him."""

    __slots__ = ("incarnation", "now_ms", "place", "region", "tokens", "uuid", "wanted")

    def __init__(
        self,
        place: Place,
        uuid: bytes,
        region: str,
        wanted: Wanted,
        tokens: Tokens,
        incarnation: int,
        now_ms: int,
    ) -> None:
        self.place = place
        self.uuid = uuid
        self.region = region
        self.wanted = wanted
        self.tokens = tokens
        self.incarnation = incarnation
        self.now_ms = now_ms


def spell(reader: Reader, delivery: Delivery) -> list[Received]:
    """The messages of a delivery."""
    found: list[Received] = []
    tries = delivery.tries
    firsts = delivery.firsts_ms
    holder = delivery.holder
    subscription: int = holder.subscription.id
    is_fifo: bool = holder.subscription.settings.order == "key"
    for at, entry in enumerate(entries_of(delivery, SQS, reader.now_ms)):
        offset: int = delivery.start + at
        tried: int = 1 if tries is None else tries[at] + 1
        token = Token(
            subscription, delivery.partition, offset, holder.id, tried, reader.incarnation
        )
        message = unpack(entry)
        shown = show(reader, message, reader.tokens.write(token), delivery.partition, offset)
        if reader.wanted.system:
            first_ms = 0 if firsts is None else firsts[at]
            first_ms = first_ms or (reader.now_ms if tried == 1 else 0)
            stored_ms = delivery.block.stored_at(offset)
            told = system_attributes(reader, message, tried, first_ms, stored_ms)
            if is_fifo:
                add_fifo(told, reader.wanted.system, message, shown.message_id, offset)
            shown.attributes = told
        found.append(shown)
    return found


def show(reader: Reader, message: SqsMessage, handle: str, partition: int, offset: int) -> Received:
    """A message without its system attributes."""
    shown = Received(
        _identity(reader, message, partition, offset),
        handle,
        message.body_md5.hex(),
        message.body.decode(errors="replace"),
    )
    if message.attributes and reader.wanted.attributes:
        _add_attributes(shown, message, reader.wanted)
    return shown


def _identity(reader: Reader, message: SqsMessage, partition: int, offset: int) -> str:
    if message.id != NO_ID:
        return id_text(message.id)
    digest = blake2s(reader.uuid, digest_size=ID_BYTES)
    digest.update(b"%d %d" % (partition, offset))
    return id_text(digest.digest())


# System attributes


def system_attributes(
    reader: Reader, message: SqsMessage, tried: int, first_ms: int, stored_ms: int
) -> dict[str, str]:
    """Those that were asked for and that there are."""
    wanted = reader.wanted.system
    everything = ALL in wanted
    found: dict[str, str] = {}
    if everything or "SenderId" in wanted:
        found["SenderId"] = message.sender.decode(errors="replace") or reader.place.account
    if everything or "SentTimestamp" in wanted:
        found["SentTimestamp"] = str(message.sent_ms or stored_ms)
    if everything or "ApproximateReceiveCount" in wanted:
        found["ApproximateReceiveCount"] = str(tried + (received_before(message)))
    if first_ms and (everything or "ApproximateFirstReceiveTimestamp" in wanted):
        found["ApproximateFirstReceiveTimestamp"] = str(first_ms)
    if message.group and (everything or "MessageGroupId" in wanted):
        found["MessageGroupId"] = message.group.decode(errors="replace")
    if message.dedup and (everything or "MessageDeduplicationId" in wanted):
        found["MessageDeduplicationId"] = message.dedup.decode(errors="replace")
    if message.trace and (everything or "AWSTraceHeader" in wanted):
        found["AWSTraceHeader"] = message.trace.decode(errors="replace")
    if message.source and (everything or "DeadLetterQueueSourceArn" in wanted):
        source = Place(reader.place.account, message.source.decode(errors="replace"))
        found["DeadLetterQueueSourceArn"] = arn_of(source, reader.region)
    return found


def add_fifo(
    found: dict[str, str],
    wanted: frozenset[str],
    message: SqsMessage,
    message_id: str,
    offset: int,
) -> None:
    """What every message of a FIFO queue has, wherever it was born."""
    if ALL in wanted or "SequenceNumber" in wanted:
        found["SequenceNumber"] = sequence_number(offset)
    if ALL in wanted or "MessageGroupId" in wanted:
        found.setdefault("MessageGroupId", _group_of(message) or message_id)
    if ALL in wanted or "MessageDeduplicationId" in wanted:
        found.setdefault("MessageDeduplicationId", message_id)


def _group_of(message: SqsMessage) -> str:
    """The key of a message that was sent to no group."""
    for name, _, _, value in unpack_attributes(message.attributes):
        if name == b"x-partition-key":
            return value.decode(errors="replace")
    return ""


def received_before(message: SqsMessage) -> int:
    """How often a dead letter was received before it died."""
    if not message.deaths:
        return 0
    tries = [death.get(TRIES) for death in read_deaths(message.deaths)]
    return sum(count for count in tries if type(count) is int)


# Message attributes


def _add_attributes(shown: Received, message: SqsMessage, wanted: Wanted) -> None:
    attributes = unpack_attributes(message.attributes)
    chosen = [one for one in attributes if wanted.wants(one[0].decode(errors="replace"))]
    if not chosen:
        return
    shown.message_attributes = {
        one[0].decode(errors="replace"): _attribute_value(one) for one in chosen
    }
    digest = message.attributes_md5
    if len(chosen) < len(attributes):  # of those that are shown
        digest = md5_of(b"".join([pack_attribute(*one) for one in sorted(chosen)]))
    shown.attributes_md5 = digest.hex()


def _attribute_value(attribute: RawAttribute) -> AttributeValue:
    _, data_type, transport, value = attribute
    if transport == BYTES:
        return AttributeValue(data_type=data_type.decode(errors="replace"), binary_value=value)
    return AttributeValue(
        data_type=data_type.decode(errors="replace"), string_value=value.decode(errors="replace")
    )
