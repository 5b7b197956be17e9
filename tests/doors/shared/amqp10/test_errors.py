from dragoman.doors.shared.amqp10.errors import (
    CONDITIONS,
    STATUSES,
    error_in,
    error_of,
    status_in,
)
from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import DESCRIPTION_CHARS_MAX


def test_every_refusal_has_a_condition() -> None:
    kinds = [kind for kind in vars(e).values() if isinstance(kind, type)]
    for kind in kinds:
        if kind not in {e.SettingsDiffer, e.MemberIdRequired}:
            assert error_of(kind("why")).condition.startswith("amqp:")


def test_the_nearest_parent_counts() -> None:
    assert error_of(e.StreamNotFound("q")).condition == "amqp:not-found"
    assert error_of(e.LeaseExpired("q")).condition == CONDITIONS[e.Conflict]
    assert error_of(e.MessageTooLarge("x" * 9_000)).description == "x" * 1_024


def test_a_service_has_words_and_statuses_of_its_own_and_else_the_standards() -> None:
    error = e.StorageFull("x" * 10_000)
    own = error_in(error, {e.StorageFull: "busy"})
    assert (own.condition, len(own.description or "")) == ("busy", DESCRIPTION_CHARS_MAX)
    assert error_in(error, {}) == error_of(error)
    assert status_in(e.StreamNotFound("q"), STATUSES) == 404
    assert status_in(e.StreamNotFound("q"), {**STATUSES, e.StreamNotFound: 410}) == 410
