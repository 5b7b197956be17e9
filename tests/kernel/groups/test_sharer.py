"""Share groups, beat by beat: who is in, which epoch it is, who is fenced."""

from typing import Any

import pytest
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import AlterStream, DeleteStream
from dragoman.kernel.groups.sharebeats import DescribeShared, ShareBeat, ShareBeaten
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import FencedEpoch, InvalidArgument, UnknownMember


def beat(world: GroupWorld, member: str = "a", epoch: int = 0, **more: Any) -> ShareBeaten:
    terms = {"topics": ("t",)} if epoch == 0 else {}
    command = ShareBeat(
        group=GROUP,
        member_id=member,
        epoch=epoch,
        **{"session_timeout_ms": 10_000, "subscription": f"share:{GROUP}", **terms, **more},
    )
    beaten: ShareBeaten = world.submit(command)
    return beaten


def world(partitions: int = 2) -> GroupWorld:
    made = GroupWorld()
    made.stream("t", partitions)
    return made


def read_by(beaten: ShareBeaten) -> list[int]:
    assert beaten.places is not None
    return [at for _, indexes in beaten.places for at in indexes]


def test_what_changes_makes_an_epoch_and_each_hears_of_it_with_its_next_beat() -> None:
    made = world()
    first = beat(made)
    assert (first.epoch, read_by(first)) == (1, [0, 1])
    assert beat(made, "b").epoch == 2
    again = beat(made, "a", 1)
    assert (again.epoch, len(read_by(again))) == (2, 1)
    assert beat(made, "a", 2).places is None


def test_who_did_not_hear_the_last_answer_says_the_epoch_before() -> None:
    made = world()
    beat(made)
    beat(made, "b")
    beat(made, "a", 1)
    again = beat(made, "a", 1)
    assert (again.epoch, len(read_by(again))) == (2, 1)
    beat(made, "c")
    beat(made, "a", 2)
    with pytest.raises(FencedEpoch):
        beat(made, "a", 1)


def test_who_is_not_in_is_unknown() -> None:
    with pytest.raises(UnknownMember):
        beat(world(), "a", 1)


@pytest.mark.parametrize("terms", [{"topics": ()}, {"member": ""}])
def test_what_makes_no_sense_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        beat(world(), **terms)


def test_more_partitions_and_topics_that_go_are_changes() -> None:
    made = world()
    beat(made)
    made.submit(AlterStream(name="t", settings=StreamSettings(partitions=3)))
    grown = beat(made, "a", 1)
    assert read_by(grown) == [0, 1, 2]
    made.submit(DeleteStream(name="t"))
    assert read_by(beat(made, "a", grown.epoch)) == []


def test_a_silent_member_is_out_and_the_last_one_leaves_an_empty_group() -> None:
    made = world()
    beat(made)
    beat(made, "b")
    made.advance(9_999)
    beat(made, "b", 2)
    made.advance(1)
    info = made.submit(DescribeShared(group=GROUP))
    assert [member.id for member in info.members] == ["b"]
    assert beat(made, "b", -1).epoch == -1
    assert made.submit(DescribeShared(group=GROUP)).state == "empty"
