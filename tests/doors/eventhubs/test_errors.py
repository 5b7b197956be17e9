from dragoman.doors.eventhubs.errors import error_of, status_of
from dragoman.model import errors


def test_every_error_of_the_kernel_has_a_condition_and_a_status() -> None:
    for known in vars(errors).values():
        if isinstance(known, type) and issubclass(known, errors.KernelError):
            if known in {errors.SettingsDiffer, errors.MemberIdRequired}:
                continue
            assert error_of(known("why")).condition
            assert 400 <= status_of(known("why")) <= 503


def test_its_own_words() -> None:
    assert error_of(errors.ReaderFenced()).condition == "amqp:link:stolen"
    assert error_of(errors.PartitionNotFound()).condition == "com.microsoft:argument-out-of-range"
    assert error_of(errors.StreamNotFound()).condition == "amqp:not-found"
    assert error_of(errors.QuotaExceeded()).condition == "amqp:resource-limit-exceeded"
