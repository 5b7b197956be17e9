from dragoman.doors.shared.amqp10.errors import CONDITIONS, error_of
from dragoman.model import errors as e


def test_every_refusal_has_a_condition() -> None:
    kinds = [kind for kind in vars(e).values() if isinstance(kind, type)]
    for kind in kinds:
        if kind not in {e.SettingsDiffer, e.MemberIdRequired}:
            assert error_of(kind("why")).condition.startswith("amqp:")


def test_the_nearest_parent_counts() -> None:
    assert error_of(e.StreamNotFound("q")).condition == "amqp:not-found"
    assert error_of(e.LeaseExpired("q")).condition == CONDITIONS[e.Conflict]
    assert error_of(e.MessageTooLarge("x" * 9_000)).description == "x" * 1_024
