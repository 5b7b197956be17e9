import pytest

from dragoman.kernel import api
from dragoman.runtime import killpoints
from dragoman.runtime.killpoints import KillPoint


def test_a_point_ends_the_process_at_the_asked_count_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append(number))
    point = KillPoint("sync:2")
    for name in ("append", "sync", "append", "append"):
        point.reached(name)
    assert killed == []
    point.reached("sync")
    assert killed == [9]


@pytest.mark.parametrize("asked", ["sync", "sync:0", "sync:x", "nowhere:1", ""])
def test_a_point_that_makes_no_sense_is_refused(asked: str) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        KillPoint(asked)


def test_nothing_is_armed_without_the_variable() -> None:
    assert killpoints._armed is None
    killpoints.reached("append")
    killpoints.decided(object())
    killpoints.handed()


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, number: numbers.append(number))
    return numbers


def test_a_decided_command_is_a_point_of_its_own(killed: list[int]) -> None:
    point = KillPoint("decided.JoinGroup:2")
    for name in ("JoinGroup", "SyncGroup"):
        point.decided(name)
    point.reached("append")
    assert killed == []
    point.decided("JoinGroup")
    assert killed == [9]


def test_a_written_command_is_one_whose_own_frame_was_written(killed: list[int]) -> None:
    point = KillPoint("written.EndTransaction:1")
    point.handed()
    point.reached("append")
    point.decided("EndTransaction")
    point.reached("append")  # of the frame before
    assert killed == []
    point.handed()
    point.reached("append")
    assert killed == [9]


def test_commands_are_those_of_the_kernel() -> None:
    assert set(killpoints.COMMANDS) <= set(api.__all__)
