import pytest

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
