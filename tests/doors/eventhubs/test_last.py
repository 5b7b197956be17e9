from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.eventhubs.last import NO_SEQUENCE, last_of
from dragoman.kernel.api import Block, PartitionInfo, Read


class Session:
    """Blocks of one partition."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks

    def submit(self, command: Read) -> Any:
        class Extract:
            blocks = [each for each in self.blocks if each.end > command.offset][:1]

        return Extract


def block(start: int, end: int, stored_ms: int, **more: Any) -> Block:
    made = Block(start, end, 0, [], stored_ms)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def last(blocks: list[Block], start: int = 0, stable: int | None = None) -> tuple[int, int]:
    end = blocks[-1].end if blocks else 0
    known = PartitionInfo(start, end, end, end if stable is None else stable, 0)
    found = last_of(Session(blocks), "n", "s", 0, known)  # type: ignore[arg-type]
    return found.sequence, found.stored_ms


def test_markers_and_what_is_aborted_or_compacted_away_is_no_event() -> None:
    blocks = [
        block(0, 3, 10),
        block(3, 5, 20, aborted=True),
        block(5, 6, 30, control=True),
        block(6, 9, 40, missing=[(6, 9)]),
    ]
    assert last(blocks) == (2, 10)
    assert last(blocks[1:], start=3) == (NO_SEQUENCE, 0)
    assert last([]) == (NO_SEQUENCE, 0)


def test_what_is_not_decided_yet_is_not_there() -> None:
    assert last([block(0, 3, 10), block(3, 5, 20)], stable=3) == (2, 10)


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 10))
def test_it_is_the_last_of_the_events(is_event: list[bool], start: int) -> None:
    blocks = [block(at, at + 1, at, control=not event) for at, event in enumerate(is_event)]
    events = [at for at, event in enumerate(is_event) if event and at >= start]
    assert last(blocks, start) == ((events[-1], events[-1]) if events else (NO_SEQUENCE, 0))
