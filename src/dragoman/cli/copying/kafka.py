"""Kafka: `kafka://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/TOPIC[?group=GROUP][&librdkafka.property=VALUE...]`.

A reader has all partitions of the topic, from what its group has committed (`dragoman-copy` by default), else from the
start, to where each ended when the copy began. What was written is committed, so a second copy goes on where the first
one stopped. Offsets that hold no message (markers of transactions, compaction) are seen as gaps and not expected.
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.copying.needs import library
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import NOT_FOUND, UNREACHABLE, CommandError
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.kafka import one_record, rebuild
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import KAFKA
from dragoman.ports.clock import Clock
from dragoman.wire.kafka.records import Record

GROUP: Final = "dragoman-copy"
WAIT_S: Final = 30.0  # for an answer
CONFIRM_S: Final = 120.0  # for all of a batch
BUFFER_KB: Final = 8 * 1024  # of records read ahead, per partition
NO_TIME: Final = 0  # confluent_kafka.TIMESTAMP_NOT_AVAILABLE


def _settings(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {"bootstrap.servers": place.servers, "client.id": GROUP}
    if place.user is not None:
        found |= {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": place.user,
            "sasl.password": place.password or "",
        }
    return found | {name: value for name, value in place.options.items() if name != "group"}


def _failed(place: Place, error: object) -> CommandError:
    return CommandError(f"{place}: {error}", UNREACHABLE)


class _Partition:
    """How far one is read; `next` is the offset after the last one seen, gaps included."""

    def __init__(self, next_: int, end: int) -> None:
        self.next = next_
        self.end: Final = end
        self.missing = 0

    @property
    def is_done(self) -> bool:
        return self.next >= self.end

    def see(self, offset: int, *, is_message: bool) -> None:
        """A message there, or the end of what there is."""
        gap = min(offset, self.end) - self.next
        if gap > 0:
            self.missing += gap
        self.next = max(self.next, offset + is_message)


class KafkaReader:
    """See the module."""

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        kafka = library("confluent_kafka", "kafka")
        self._place = place
        self._looks = looks
        self._kafka = kafka
        self._eof: Final = kafka.KafkaError._PARTITION_EOF  # noqa: SLF001 - its name is public
        settings = _settings(place) | {
            "group.id": place.options.get("group", GROUP),
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "queued.max.messages.kbytes": BUFFER_KB,
        }
        try:
            self._consumer = kafka.Consumer(settings)
            self._partitions = self._positions()
        except kafka.KafkaException as error:
            raise _failed(place, error.args[0].str()) from error
        self._total: Final = sum(one.end - one.next for one in self._partitions.values())
        self._consumer.assign(
            [
                kafka.TopicPartition(place.name, number, one.next)
                for number, one in self._partitions.items()
            ]
        )

    def _positions(self) -> dict[int, _Partition]:
        """Where to go on in each partition, and where it ends."""
        known = self._consumer.list_topics(self._place.name, WAIT_S).topics[self._place.name]
        if known.error is not None or not known.partitions:
            raise _failed(self._place, known.error or "no such topic")
        asked = [self._kafka.TopicPartition(self._place.name, one) for one in known.partitions]
        found = {}
        for one in self._consumer.committed(asked, WAIT_S):
            low, high = self._consumer.get_watermark_offsets(one, WAIT_S)
            start = one.offset if low <= one.offset <= high else low
            found[one.partition] = _Partition(start, high)
        return found

    @property
    def expected(self) -> int | None:
        """Offsets to read, but for those that hold no message."""
        return self._total - sum(one.missing for one in self._partitions.values())

    @property
    def is_done(self) -> bool:
        """Whether every partition was read to where it ended."""
        return all(one.is_done for one in self._partitions.values())

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """Raises CommandError."""
        if not count_max:
            return []  # the client keeps its connections itself
        found = []
        for record in self._consumer.consume(count_max, wait_s):
            error = record.error()
            partition = self._partitions[record.partition()]
            if error is None:
                partition.see(record.offset(), is_message=True)
                found.append(Taken(_entry(record), (record.partition(), record.offset())))
            elif error.code() == self._eof:
                partition.see(record.offset(), is_message=False)
            elif error.fatal() or not error.retriable():
                raise _failed(self._place, error.str())
        return found

    def settle(self, taken: Sequence[Taken]) -> None:
        """Commit. Raises CommandError."""
        if self._looks:
            return
        ends: dict[int, int] = {}
        for partition, offset in (one.token for one in taken):
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        offsets = [
            self._kafka.TopicPartition(self._place.name, partition, offset)
            for partition, offset in ends.items()
        ]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except self._kafka.KafkaException as error:
            raise _failed(self._place, error.args[0].str()) from error

    def close(self) -> None:
        """Offsets that were not committed are read again."""
        self._consumer.close()


def _entry(record: Any) -> Entry:
    """A record as a batch of one."""
    kind, timestamp_ms = record.timestamp()
    headers = record.headers() or []
    known = Record(0, -1 if kind == NO_TIME else timestamp_ms, record.key(), record.value(), [])
    return Entry(KAFKA, rebuild(known, headers))


class KafkaWriter:
    """Idempotent: what is sent again within a copy is stored once, and in the order it was read."""

    def __init__(self, place: Place, clock: Clock) -> None:
        kafka = library("confluent_kafka", "kafka")
        self._place = place
        self._clock = clock
        self._kafka = kafka
        settings = {
            "enable.idempotence": True,
            "linger.ms": 5,
            "partitioner": "murmur2_random",  # a key goes where Java's client would send it
        }
        try:
            self._producer = kafka.Producer(settings | _settings(place))
            known = self._producer.list_topics(timeout=WAIT_S).topics  # of all: one alone is made
        except kafka.KafkaException as error:
            raise _failed(place, error.args[0].str()) from error
        if place.name not in known:
            raise CommandError(f"{place}: no such topic", NOT_FOUND)

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals: list[str | None] = [None] * len(entries)
        for index, entry in enumerate(entries):
            try:
                self._produce(entry, index, refusals)
            except (FormatError, self._kafka.KafkaException) as error:
                refusals[index] = str(error)
        left = self._producer.flush(CONFIRM_S)
        if left or None in refusals:
            raise _failed(self._place, f"{left} messages are not confirmed")
        return [refusal or "" for refusal in refusals]

    def _produce(self, entry: Entry, index: int, refusals: list[str | None]) -> None:
        """Raises FormatError, KafkaException."""

        def confirmed(error: Any, _: Any) -> None:
            refusals[index] = "" if error is None else error.str()

        options = RenderOptions(self._place.name, self._clock.wall_ms())
        (batch,) = translate(entry.format, entry.data, KAFKA, options, entry.stored_ms)
        record = one_record(batch)
        self._producer.produce(
            self._place.name,
            record.value,
            record.key,
            headers=record.headers,
            timestamp=max(record.timestamp_ms, 0),
            on_delivery=confirmed,
        )

    def count(self) -> int | None:
        """The ends of all partitions, together."""
        consumer = self._kafka.Consumer(_settings(self._place) | {"group.id": GROUP})
        try:
            known = consumer.list_topics(self._place.name, WAIT_S).topics[self._place.name]
            places = [self._kafka.TopicPartition(self._place.name, one) for one in known.partitions]
            ends: list[int] = [consumer.get_watermark_offsets(one, WAIT_S)[1] for one in places]
            return sum(ends)
        except self._kafka.KafkaException as error:
            raise _failed(self._place, error.args[0].str()) from error
        finally:
            consumer.close()

    def close(self) -> None:
        """All that was written is confirmed, or was told to be not."""
        self._producer.purge()
        self._producer.flush(WAIT_S)
        del self._producer  # and with it its threads
