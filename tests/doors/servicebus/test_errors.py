from dragoman.doors.servicebus.errors import error_of, status_of
from dragoman.model import errors as e


def test_every_refusal_has_a_condition_and_a_status() -> None:
    kinds = [kind for kind in vars(e).values() if isinstance(kind, type)]
    for kind in kinds:
        if kind not in {e.SettingsDiffer, e.MemberIdRequired}:
            error = kind("why")
            assert error_of(error).condition.startswith(("amqp:", "com.microsoft:"))
            assert 400 <= status_of(error) <= 503


def test_the_services_own_words_come_first() -> None:
    assert error_of(e.LeaseExpired("x")).condition == "com.microsoft:message-lock-lost"
    assert error_of(e.StreamNotFound("x")).condition == "amqp:not-found"
