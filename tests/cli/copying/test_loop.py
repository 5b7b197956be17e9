"""The copy: what is confirmed is settled, what is not stays, and counts come out."""

from collections.abc import Callable

import pytest
from tests.fakes.ends import ListReader, ListWriter, entry

from dragoman.app.loop import SystemClock
from dragoman.cli.copying.ends import BATCH_MAX, Entry
from dragoman.cli.copying.feed import ROOM_BATCHES
from dragoman.cli.copying.loop import Copy, Plan
from dragoman.cli.copying.pace import Pace
from dragoman.cli.copying.rules import Rules, transform_of
from dragoman.cli.errors import CommandError

CLOCK = SystemClock()
MANY = [entry(b'{"n": %d}' % number) for number in range(3 * BATCH_MAX + 1)]


def copying(
    reader: ListReader,
    writer: ListWriter | None,
    condition: str = "",
    transform: tuple[str, ...] = (),
    limit: int | None = None,
    bad: str = "stop",
    show: Callable[[Entry], None] = lambda _: None,
    complain: Callable[[str], None] = lambda _: None,
) -> Copy:
    plan = Plan(
        rules=Rules(condition, transform_of(transform), CLOCK.wall_ms),
        pace=Pace(0, CLOCK, lambda _: None),
        limit=limit,
        idle_ms=0,
        bad=bad,
    )
    return Copy(
        reader, writer, plan, CLOCK, progressed=lambda _: None, show=show, complain=complain
    )


def test_everything_arrives_in_order_and_is_settled() -> None:
    reader, writer = ListReader(MANY), ListWriter()
    copy = copying(reader, writer)
    copy.run()
    assert writer.entries == MANY
    assert reader.settled == list(range(len(MANY)))
    assert reader.is_closed
    assert (copy.tally.read, copy.tally.written, copy.tally.arrived) == (len(MANY),) * 3
    assert copy.tally.problems(whole=True) == []


def test_no_more_is_under_way_than_there_is_room_for() -> None:
    reader = ListReader(MANY)
    copying(reader, ListWriter()).run()
    assert reader.under_way_max <= BATCH_MAX * ROOM_BATCHES


def test_what_a_filter_does_not_take_is_settled_and_counted() -> None:
    reader, writer = ListReader(MANY), ListWriter()
    copy = copying(reader, writer, "msg.n < 10")
    copy.run()
    assert writer.entries == MANY[:10]
    assert len(reader.settled) == len(MANY)
    assert (copy.tally.written, copy.tally.filtered) == (10, len(MANY) - 10)
    assert copy.tally.problems(whole=True) == []


def test_a_limit_ends_it() -> None:
    reader, writer = ListReader(MANY), ListWriter()
    copy = copying(reader, writer, limit=3)
    copy.run()
    assert writer.entries == MANY[:3]
    assert copy.tally.problems(whole=False) == []


def test_a_refused_message_ends_it_and_its_batch_stays_at_the_source() -> None:
    reader = ListReader(MANY)
    writer = ListWriter(lambda one: "too large" if one is MANY[BATCH_MAX + 1] else "")
    copy = copying(reader, writer)
    with pytest.raises(CommandError, match="refused: too large"):
        copy.run()
    assert reader.settled == list(range(BATCH_MAX))
    assert reader.is_closed
    assert copy.tally.problems(whole=True)


def test_bad_messages_are_dropped_where_that_is_asked_for() -> None:
    reader, said = ListReader(MANY[:20]), list[str]()
    writer = ListWriter(lambda one: "too large" if one is MANY[3] else "")
    copy = copying(reader, writer, bad="drop", complain=said.append)
    copy.run()
    assert writer.entries == [*MANY[:3], *MANY[4:20]]
    assert said == ["refused: too large"]
    assert copy.tally.dropped == 1
    assert copy.tally.problems(whole=True) == []


def test_a_transform_that_fails_makes_a_bad_message() -> None:
    said = list[str]()
    copy = copying(
        ListReader([entry(b"{}"), MANY[1]]),
        ListWriter(),
        transform=("body=msg.n",),
        bad="drop",
        complain=said.append,
    )
    copy.run()
    assert (copy.tally.written, copy.tally.dropped, len(said)) == (1, 1, 1)


@pytest.mark.parametrize("where", ["reader", "writer"])
def test_an_end_that_breaks_ends_it_and_nothing_unconfirmed_is_settled(where: str) -> None:
    reader = ListReader(MANY, breaks_after=BATCH_MAX if where == "reader" else None)
    writer = ListWriter(lambda _: "broken" if where == "writer" else "")
    with pytest.raises(CommandError, match=f"the {where} broke"):
        copying(reader, writer).run()
    assert reader.settled in ([], list(range(len(writer.entries))))
    assert reader.is_closed


def test_a_destination_that_did_not_grow_by_what_was_written_is_a_problem() -> None:
    copy = copying(ListReader(MANY[:5]), ListWriter(loses=2))
    copy.run()
    assert copy.tally.problems(whole=True) == ["5 written, but the destination grew by 3"]


def test_a_rehearsal_shows_what_would_be_written() -> None:
    shown = list[Entry]()
    copy = copying(ListReader(MANY[:5]), None, "msg.n < 2", show=shown.append)
    copy.run()
    assert shown == MANY[:2]
