"""Judges what clients saw against what they were promised. Every rule yields sentences; a clean history yields none.

AMQP, one publisher of ids 0, 1, 2 ... and one consumer:

1. lost           a confirmed id was never delivered, though the queue was drained
2. phantom        an id was delivered that was never sent, or that was refused
3. settled        an id was delivered after its ack was final. An AMQP ack has no answer, so an ack is final once a
                  message published behind it on the same connection was confirmed; acks that never got that far
                  are not judged, as the client cannot know their fate either
4. order          the first deliveries of ids are ascending, as they were published in that order

Kafka, one idempotent producer and one group member; `log` is the topic as read from its beginning at the end:

1. lost           a confirmed record is not in the log at its offset
2. twice          an id stands in the log twice
3. order          ids in a partition's log are not ascending
4. committed      a record was delivered again though a commit past it had been answered
5. skipped        the member stepped over a record of the log
6. changed        an offset held another record at another time
"""

import itertools
from collections.abc import Iterable, Sequence

Line = tuple[str, ...]
Log = dict[tuple[int, int], int]


def lines_of(text: str) -> list[Line]:
    """A history file's lines."""
    return [tuple(line.split(" ")) for line in text.splitlines()]


def judge_amqp(published: Sequence[Line], consumed: Sequence[Line]) -> list[str]:
    """Sentences about what is wrong, none if nothing is."""
    confirmed = {int(line[1]) for line in published if line[0] == "c"}
    refused = {int(line[1]) for line in published if line[0] == "n"}
    sent = {int(line[1]) for line in published if line[0] == "s"}
    wrong: list[str] = []
    seen: set[int] = set()
    acks: list[int] = []
    final: set[int] = set()
    final_count = 0
    last_first = -1
    for line in consumed:
        number = int(line[1])
        if line[0] == "a":
            acks.append(number)
        elif line[0] == "f":
            final.update(acks[final_count:number])
            final_count = max(final_count, number)
        else:
            if number not in sent or number in refused:
                wrong.append(f"phantom: {number} was delivered")
            if number in final:
                wrong.append(f"settled: {number} was delivered after its ack was final")
            if number not in seen:
                if number < last_first:
                    wrong.append(f"order: {number} came first after {last_first}")
                last_first = max(last_first, number)
            seen.add(number)
    return wrong + [f"lost: {number} was confirmed" for number in sorted(confirmed - seen)]


def judge_kafka(produced: Sequence[Line], consumed: Sequence[Line], log: Log) -> list[str]:
    """Sentences about what is wrong, none if nothing is."""
    wrong = [f"refused: {' '.join(line[1:])}" for line in produced if line[0] == "x"]
    for line in produced:
        if line[0] == "c":
            number, partition, offset = map(int, line[1:])
            if log.get((partition, offset)) != number:
                wrong.append(f"lost: {number} was confirmed at {partition}/{offset}")
    return [*wrong, *_judge_log(log), *_judge_group(consumed, log)]


def _judge_log(log: Log) -> Iterable[str]:
    last: dict[int, int] = {}
    seen: set[int] = set()
    for (partition, offset), number in sorted(log.items()):
        if number in seen:
            yield f"twice: {number}, at {partition}/{offset} again"
        elif number < last.get(partition, -1):
            yield f"order: {number} at {partition}/{offset} behind {last[partition]}"
        seen.add(number)
        last[partition] = number


def _judge_group(consumed: Sequence[Line], log: Log) -> Iterable[str]:
    after: dict[tuple[int, int], int] = {}  # the record that follows each in its partition
    places = sorted(log)
    for here, there in itertools.pairwise(places):
        if here[0] == there[0]:
            after[here] = there[1]
    committed: dict[int, int] = {}
    last: dict[int, int] = {}
    for line in consumed:
        partition, offset = int(line[1]), int(line[2])
        if line[0] == "c":
            committed[partition] = max(committed.get(partition, 0), offset)
            continue
        if log.get((partition, offset)) != int(line[3]):
            yield f"changed: {partition}/{offset} was {line[3]}, is {log.get((partition, offset))}"
        if offset < committed.get(partition, 0):
            yield f"committed: {partition}/{offset} came again, past {committed[partition]} was committed"
        before = last.get(partition)
        if before is not None and offset > after.get((partition, before), offset):
            yield f"skipped: {partition}/{offset} came behind {before}"
        last[partition] = offset
