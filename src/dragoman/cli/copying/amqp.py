"""RabbitMQ: `amqp://[USER:PASSWORD@]HOST[:PORT]/[VHOST/]QUEUE[?exchange=NAME]`, `amqps://` over TLS.

A reader consumes the queue: what is written elsewhere is acknowledged, the rest goes back when the connection closes.
Of a stream (`?stream=true`) it takes nothing: it begins with the oldest message, or where `checkpoint` says that the
copy before stopped. A writer publishes to the queue, or through an exchange with the last name of the path as routing
key; it sends a whole batch before it waits for its confirms, so the way there and back is paid once.

The client is aiormq, which aio-pika stands on (pika reads a double as a whole number); its loop has a thread of its
own. Properties are written byte for byte as `formats` has them, and read as the client shows them: a number of less
than 32 bits comes as one of 32. `user-id` stays behind: a broker takes it from its owner only.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from decimal import Decimal
from queue import Empty, SimpleQueue
from struct import Struct
from threading import Thread
from typing import Any, Final
from urllib.parse import quote

from dragoman.cli.copying.checkpoint import Checkpoint
from dragoman.cli.copying.ends import BATCH_MAX, Entry, Taken
from dragoman.cli.copying.feed import ROOM_BATCHES
from dragoman.cli.copying.needs import library
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import UNREACHABLE, CommandError
from dragoman.formats import translate
from dragoman.formats.amqp091 import split
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091
from dragoman.ports.clock import Clock
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.properties import FIELDS, Properties, encode_header

OFFSET: Final = "x-stream-offset"
PARTITION: Final = "0"
ANSWER_S: Final = 30.0
CONFIRM_S: Final = 120.0  # for all of a batch
HEADER_BYTES: Final = 12  # of a content header before its properties
SIZE: Final = Struct(">I")
LETTERS: Final = {bool: "t", float: "d", bytes: "x", bytearray: "x", type(None): "V"}
I32_MIN: Final = -(1 << 31)
I32_MAX: Final = (1 << 31) - 1
U32_MAX: Final = (1 << 32) - 1


class _Link:
    """A connection with a channel, on a loop in a thread of its own."""

    def __init__(self, place: Place) -> None:
        place.only("exchange", "stream", "checkpoint")
        self.aiormq = library("aiormq", "amqp")
        self.place = place
        self._errors = (
            self.aiormq.exceptions.AMQPError,
            self.aiormq.exceptions.ChannelInvalidStateError,
            OSError,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="amqp", daemon=True)
        self._thread.start()
        self._connection: Any = None
        self.channel: Any = None
        try:
            self.call(self._open())
        except BaseException:
            self.close()
            raise

    async def _open(self) -> None:
        place = self.place
        vhost = quote(place.path or "/", safe="%")
        url = f"{place.scheme}://{place.login or 'guest:guest@'}{place.servers}/{vhost}"
        self._connection = await self.aiormq.connect(url)
        self.channel = await self._connection.channel(on_return_raises=True)

    def call(self, asked: Coroutine[Any, Any, Any], limit_s: float = ANSWER_S) -> Any:
        """What comes of it. Raises CommandError."""
        future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            return future.result(limit_s)
        except TimeoutError as error:
            future.cancel()
            raise self.failed(f"nothing was heard for {limit_s:.0f} s") from error
        except self._errors as error:
            raise self.failed(error) from error

    def look(self) -> Any:
        """Counts of the queue. Raises CommandError, also where there is none."""
        return self.call(self.channel.queue_declare(self.place.name, passive=True))

    def failed(self, error: object) -> CommandError:
        return CommandError(f"{self.place}: {error or 'the connection broke'}", UNREACHABLE)

    def close(self) -> None:
        """Say good-bye, and end the thread."""
        try:
            if self._connection is not None and not self._connection.is_closed:
                self.call(self._connection.close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ANSWER_S)
            self._loop.close()


class AmqpReader:
    """See the module."""

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        self._link = _Link(place)
        self._clock = clock
        self._looks = looks
        self._came: SimpleQueue[Taken] = SimpleQueue()  # at most the prefetch
        self._handed_out = 0
        self._error: Exception | None = None
        self._is_stream: Final = place.options.get("stream") == "true"
        self._checkpoint: Final = Checkpoint(place.options.get("checkpoint"))
        try:
            count = self._link.look().message_count
            self.expected: int | None = None if self._is_stream else count
            self._link.call(self._consume())
        except BaseException:
            self._link.close()
            raise

    async def _consume(self) -> None:
        channel = self._link.channel
        await channel.basic_qos(prefetch_count=BATCH_MAX * ROOM_BATCHES)
        arguments = {}
        if self._is_stream:
            arguments[OFFSET] = self._checkpoint.offsets.get(PARTITION, "first")
        await channel.basic_consume(self._link.place.name, self._take, arguments=arguments)

    @property
    def is_done(self) -> bool:
        """Whether as many came as the queue had ready; of a stream nobody knows."""
        return self.expected is not None and self._handed_out >= self.expected

    async def _take(self, message: Any) -> None:
        try:
            entry = Entry(AMQP091, _stored(message), self._clock.wall_ms())
        except ValueError as error:  # of what no table of ours holds
            self._error = error
        else:
            offset = (message.header.properties.headers or {}).get(OFFSET, 0)
            self._came.put(Taken(entry, (message.delivery_tag, offset)))

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """Raises CommandError."""
        found: list[Taken] = []
        try:
            while len(found) < count_max:
                found.append(self._came.get(timeout=0 if found else wait_s))
        except Empty:
            if self._error or self._link.channel.is_closed:
                raise self._link.failed(self._error) from None
        self._handed_out += len(found)
        return found

    def settle(self, taken: Sequence[Taken]) -> None:
        """Acknowledge all up to the last: they were handed out in this order; of a stream that is leave to send more.
        Raises CommandError.
        """
        tag, offset = taken[-1].token
        if self._is_stream and not self._looks:
            self._checkpoint.note([(int(PARTITION), offset)])
        if self._is_stream or not self._looks:
            self._link.call(self._link.channel.basic_ack(tag, multiple=True))

    def close(self) -> None:
        """What was not acknowledged goes back to its place."""
        self._link.close()


def _stored(message: Any) -> bytes:
    """As the broker stores it: `formats.amqp091`."""
    properties = message.header.properties
    said = {name: getattr(properties, _attribute(name)) for name in FIELDS if name != "user_id"}
    said["cluster_id"] = said["cluster_id"] or None  # the client has text where there is none
    if said["headers"] is not None:
        said["headers"] = {
            name: _field(value) for name, value in said["headers"].items() if name != OFFSET
        }
    if said["timestamp"] is not None:
        said["timestamp"] = int(said["timestamp"].timestamp())
    header = encode_header(len(message.body), said)
    names = [_raw(message.exchange or ""), _raw(message.routing_key or "")]
    prefix = b"".join(bytes((len(name),)) + name for name in names)
    return b"".join((prefix, SIZE.pack(len(header)), header, message.body))


def _attribute(name: str) -> str:
    """What the client calls the property."""
    return "message_type" if name == "type" else name


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _field(value: Any) -> Field:
    """A header's value with its type letter."""
    if isinstance(value, dict):
        return Field("F", {name: _field(one) for name, one in value.items()})
    if isinstance(value, list):
        return Field("A", [_field(one) for one in value])
    if isinstance(value, str):
        return Field("S", _raw(value))
    if isinstance(value, datetime):
        return Field("T", int(value.timestamp()))
    if isinstance(value, Decimal):
        sign, digits, exponent = value.as_tuple()
        number = int("".join(map(str, digits))) * (-1 if sign else 1)
        return Field("D", (max(0, -int(exponent)), number & U32_MAX))
    letter = LETTERS.get(type(value))
    if letter is None:
        letter = "I" if I32_MIN <= value <= I32_MAX else "l"
    return Field(letter, value)


class AmqpWriter:
    """See the module."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._link = _Link(place)
        self._clock = clock
        self._exchange: Final = place.options.get("exchange", "")
        self._ready_made = _ready_made(self._link.aiormq)
        try:
            self.count()  # the queue is there
        except BaseException:
            self._link.close()
            raise

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals = [""] * len(entries)
        ready: list[tuple[int, Any, bytes]] = []
        for index, entry in enumerate(entries):
            try:
                ready.append((index, *self._publishable(entry)))
            except FormatError as error:
                refusals[index] = str(error)
        for (index, _, _), refusal in zip(
            ready, self._link.call(self._publish(ready), CONFIRM_S), strict=True
        ):
            refusals[index] = refusal
        return refusals

    def _publishable(self, entry: Entry) -> tuple[Any, bytes]:
        """Properties and body. Raises FormatError."""
        options = RenderOptions(self._link.place.name, self._clock.wall_ms())
        (stored,) = translate(entry.format, entry.data, AMQP091, options, entry.stored_ms)
        _, _, start, stop = split(stored)
        said = Properties(stored[start:stop])
        header = said.payload
        if said.user_id is not None:
            header = encode_header(said.body_bytes, said.as_dict() | {"user_id": None})
        return self._ready_made(header[HEADER_BYTES:]), stored[stop:]

    async def _publish(self, ready: list[tuple[int, Any, bytes]]) -> list[str]:
        """Of each why it was refused. One that reached nobody ends it: the queue is gone, or nothing is bound."""
        exceptions = self._link.aiormq.exceptions
        publish = self._link.channel.basic_publish
        found = await asyncio.gather(
            *[
                publish(
                    body,
                    exchange=self._exchange,
                    routing_key=self._link.place.name,
                    properties=properties,
                    mandatory=True,
                )
                for _, properties, body in ready
            ],
            return_exceptions=True,
        )
        for one in found:
            is_nack = isinstance(one, exceptions.DeliveryError)
            if isinstance(one, BaseException) and (
                not is_nack or isinstance(one, exceptions.PublishError)
            ):
                raise one
        return ["not taken (nack)" if isinstance(one, BaseException) else "" for one in found]

    def count(self) -> int | None:
        """What is ready in the queue; None where an exchange decides, or somebody is consuming. Raises CommandError."""
        if self._exchange:
            return None
        found = self._link.look()
        count: int = found.message_count
        return None if found.consumer_count else count

    def close(self) -> None:
        """Nothing is under way: `write` waits for every confirm."""
        self._link.close()


def _ready_made(aiormq: Any) -> Callable[[bytes], Any]:
    """Makes properties that are encoded already, types and widths included."""

    class ReadyMade(aiormq.spec.Basic.Properties):  # type: ignore[misc]
        """See `_ready_made`."""

        def __init__(self, raw: bytes) -> None:
            super().__init__()
            self._raw = raw

        def marshal(self) -> bytes:
            """What the client puts behind the size of the body."""
            return self._raw

    return ReadyMade
