from collections.abc import Iterator

import pytest

from dragoman.doors.amqp091.errors import CONNECTION_CODES, TABLE, Refused, refusal_of
from dragoman.model import errors as e
from dragoman.wire.amqp091.errors import CODE_NAMES


def all_errors(root: type[e.KernelError]) -> Iterator[type[e.KernelError]]:
    yield root
    for child in root.__subclasses__():
        yield from all_errors(child)


@pytest.mark.parametrize(
    "kind", [kind for kind in all_errors(e.KernelError) if kind.__module__ == e.__name__]
)
def test_every_kernel_error_has_a_code_and_a_text_with_no_gap(kind: type[e.KernelError]) -> None:
    error = kind("a", 1, 2) if kind is e.SettingsDiffer else kind("x")
    refusal = refusal_of(error, "/")
    assert refusal.code in CODE_NAMES
    assert refusal.text
    assert "{" not in refusal.text


@pytest.mark.parametrize("kind", TABLE)
def test_every_text_can_be_filled(kind: type[e.KernelError]) -> None:
    TABLE[kind].template.format("x", kind="queue", vhost="/")


def test_a_class_that_is_not_in_the_table_takes_its_parents_entry() -> None:
    assert e.ProducerFenced not in TABLE
    assert refusal_of(e.ProducerFenced("p"), "/").code == TABLE[e.ProducerError].code


def test_an_error_that_names_nothing_is_told_by_its_kind() -> None:
    assert refusal_of(e.InvalidArgument(), "/").text == "InvalidArgument"


def test_what_closes_the_connection_is_what_the_specification_says() -> None:
    assert not Refused(404, "").is_connection_error
    assert Refused(540, "").is_connection_error
    assert set(CODE_NAMES) > CONNECTION_CODES


def test_braces_in_a_name_are_taken_as_they_are() -> None:
    error = refusal_of(e.StreamNotFound("{0}{vhost}"), "/")
    assert error.text == "no queue '{0}{vhost}' in vhost '/'"
