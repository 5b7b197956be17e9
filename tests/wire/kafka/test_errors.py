"""The table of error codes against kio's."""

import pytest

from dragoman.wire.kafka.errors import ErrorCode


def test_codes_names_and_retriability_are_those_of_the_protocol() -> None:
    theirs = pytest.importorskip("kio.schema.errors").ErrorCode
    assert {(one.value, one.name.upper(), one.retriable) for one in theirs} == {
        (one.value, one.name, one.is_retriable) for one in ErrorCode
    }


def test_every_code_has_a_message_for_people() -> None:
    assert ErrorCode.UNKNOWN_TOPIC_ID.message == "there is no topic of this id"
    assert ErrorCode.DUPLICATE_VOTER.message == "duplicate voter"
    assert all(code.message for code in ErrorCode)
