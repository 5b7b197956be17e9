"""Idempotent producers: what each has already written to a partition, so that a retry is recognised.

Per (partition, producer id) the epoch and the last five batches. A repeated batch is answered with its old offset; a
gap, an old epoch or a forgotten producer is refused. Sequences wrap from 2**31 - 1 to 0.
"""

from collections import deque
from typing import Final

from dragoman.kernel.commands import Producer
from dragoman.model.errors import OutOfOrderSequence, ProducerFenced, UnknownProducer

BATCHES_MAX: Final = 5  # as many as a client may have in flight
SEQUENCES: Final = 1 << 31
PRODUCERS_MAX: Final = 10_000  # per partition; the longest silent one is forgotten first


class ProducerState:
    """One producer's last batches in one partition: (first sequence, last sequence, base offset)."""

    __slots__ = ("batches", "epoch")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.batches: deque[tuple[int, int, int]] = deque(maxlen=BATCHES_MAX)


def last_sequence(producer: Producer) -> int:
    """The sequence of the batch's last message."""
    return (producer.sequence + producer.count - 1) % SEQUENCES


def duplicate_of(known: dict[int, ProducerState], producer: Producer) -> int:
    """The base offset of the earlier batch that this one repeats, or -1 when it is new and in order.

    Raises ProducerFenced, UnknownProducer, OutOfOrderSequence.
    """
    state = known.get(producer.id)
    if state is None:
        if producer.sequence != 0:
            raise UnknownProducer(str(producer.id))
        return -1
    if producer.epoch < state.epoch:
        raise ProducerFenced(str(producer.id))
    if producer.epoch > state.epoch:
        if producer.sequence != 0:
            raise OutOfOrderSequence(f"expected 0, got {producer.sequence}")
        return -1
    last = last_sequence(producer)
    for first_known, last_known, offset in state.batches:
        if first_known == producer.sequence and last_known == last:
            return offset
    if state.batches and producer.sequence != (state.batches[-1][1] + 1) % SEQUENCES:
        raise OutOfOrderSequence(
            f"expected {(state.batches[-1][1] + 1) % SEQUENCES}, got {producer.sequence}"
        )
    return -1


def remember(known: dict[int, ProducerState], producer: Producer, offset: int) -> None:
    """Note a batch that was appended at `offset`. One whose messages went into several records counts once, where it
    begins.
    """
    state = known.pop(producer.id, None)
    if state is None or state.epoch != producer.epoch:
        state = ProducerState(producer.epoch)
    known[producer.id] = state  # last in order of use
    first, last = producer.sequence, last_sequence(producer)
    if not state.batches or state.batches[-1][:2] != (first, last):  # the same: its next part
        state.batches.append((first, last, offset))
    if len(known) > PRODUCERS_MAX:
        del known[next(iter(known))]
