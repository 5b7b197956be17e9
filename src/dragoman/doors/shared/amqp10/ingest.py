"""What the broker must know of a message that a client sends: its life, its place, its stored form. Hot.

The bare message is not looked into but for its properties, which must be what the standard says, so that whoever reads
them later can. Annotations that only a broker may write are taken out: clients send on what they were given.
"""

from typing import Any, Final

from dragoman.formats.amqp10 import PARTITION_KEY, SCHEDULED, section
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import DecodeError, count_values
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Header, Properties
from dragoman.wire.amqp10.sections import MESSAGE_ANNOTATIONS, Sections, pack_entry, slice_message
from dragoman.wire.amqp10.values import Described, Timestamp, ULong

BROKERS_OWN: Final = frozenset(
    (
        "x-opt-sequence-number",
        "x-opt-enqueued-time",
        "x-opt-locked-until",
        "x-opt-enqueue-sequence-number",
        "x-opt-message-state",
        "x-opt-offset",
        "x-opt-deadletter-source",
        "x-opt-deaths",
        "x-stream-offset",
    )
)
_MARK: Final = b"x-"
HEADERS_MAX: Final = 1_024
_HEADERS: Final[dict[bytes, tuple[int, int]]] = {}
"""Headers are few: what those of one kind say, priority and life, is read once."""
HEAD_BYTES_MAX: Final = (
    64 << 10
)  # header, annotations and properties: what is looked into; a footer
BEFORE_BODY_BYTES_MAX: Final = 1 << 20  # with the application-properties, which filters look into
VALUES_MAX: Final = 10_000  # in all of that: some 20 ms to look into
COUNTED_BYTES: Final = 16 << 10  # less cannot hold as many that take long


class Taken:
    """A message as it came in.

    ttl_ms     0 for ever
    key        x-opt-partition-key, empty where there is none
    due_ms     wall time of x-opt-scheduled-enqueue-time; 0 now
    """

    __slots__ = ("due_ms", "entry", "key", "priority", "properties", "ttl_ms")

    def __init__(self, entry: bytes, properties: Properties) -> None:
        self.entry = entry
        self.properties = properties
        self.priority = 0
        self.ttl_ms = 0
        self.key = ""
        self.due_ms = 0


def take(payload: bytes) -> Taken:
    """Look at a message. Raises DecodeError."""
    found = slice_message(payload)
    check_size(found)
    properties = Properties()
    if found.properties < found.application:
        value = from_bytes(payload, found.properties)[0]
        if type(value) is not Properties:
            raise DecodeError("properties that are none")
        properties = value
    annotations = b""
    known: dict[Any, Any] = {}
    if found.annotations < found.properties:
        known = section(payload, found.annotations, found.properties, dict)
        annotations = payload[found.annotations : found.properties]
        if _MARK in annotations and any(name in BROKERS_OWN for name in known):
            known = {name: known[name] for name in known if name not in BROKERS_OWN}
            annotations = encode(Described(ULong(MESSAGE_ANNOTATIONS), known)) if known else b""
            found = slice_message(
                payload[: found.delivery] + annotations + payload[found.properties :]
            )
    taken = Taken(pack_entry(found), properties)
    _read_header(taken, payload, found)
    _read_annotations(taken, known)
    return taken


def check_size(found: Sections) -> None:
    """What somebody will look into is neither too large nor of too many values. Raises DecodeError."""
    data, before_body = found.data, found.body
    if (
        found.application > HEAD_BYTES_MAX
        or before_body > BEFORE_BODY_BYTES_MAX
        or len(data) - found.footer > HEAD_BYTES_MAX
    ):
        raise DecodeError("header, annotations, properties or a footer that are too large")
    if before_body > COUNTED_BYTES and count_values(data, 0, before_body, VALUES_MAX) > VALUES_MAX:
        raise DecodeError(f"annotations and properties with more than {VALUES_MAX} values")


def _read_header(taken: Taken, payload: bytes, found: Sections) -> None:
    if found.delivery == 0:
        return
    raw = payload[: found.delivery]
    known = _HEADERS.get(raw)
    if known is None:
        header = from_bytes(raw, 0)[0]
        if type(header) is not Header:
            raise DecodeError("a header that is none")
        priority = header.priority if header.priority != Header().priority else 0
        known = priority, header.ttl or 0
        if len(_HEADERS) >= HEADERS_MAX:
            _HEADERS.clear()
        _HEADERS[raw] = known
    taken.priority, taken.ttl_ms = known


def _read_annotations(taken: Taken, known: dict[Any, Any]) -> None:
    key, due = known.get(PARTITION_KEY), known.get(SCHEDULED)
    if type(key) is str:
        taken.key = key
    if type(due) is Timestamp:
        taken.due_ms = int(due)
